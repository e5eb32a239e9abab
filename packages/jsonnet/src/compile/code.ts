import type { Site } from '../source.ts'
import { fail, force, hop, hopHeight, type Machine, type Run } from '../runtime/machine.ts'
import { type Env, type Lazy, thunk, type Value } from '../runtime/values.ts'

/** Makes the promise of a value; where that is as cheap as the value, the value itself. */
export type Delay = (m: Machine, env: Env) => Lazy

/** A compiled expression. */
export type Code = {
  readonly run: Run
  readonly delay: Delay
  /** How deep `run` goes on the host's stack before it looks whether there is room. */
  readonly height: number
  /** The value, if it needs no evaluation. */
  readonly constant: Value | undefined
}

/** Code that may be as high as its parts, plus one; a hop where that gets too much. */
export function codeOf(run: Run, parts: readonly Code[]): Code {
  const height = 1 + parts.reduce((most, part) => Math.max(most, part.height), 0)
  if (height < hopHeight) return { run, delay: delayed(run), height, constant: undefined }
  const hopping: Run = (m, env) => hop(m, run, env)
  return { run: hopping, delay: delayed(hopping), height: 1, constant: undefined }
}

function delayed(run: Run): Delay {
  return (_, env) => thunk(run, env)
}

export function constant(value: Value): Code {
  return { run: () => value, delay: () => value, height: 1, constant: value }
}

/** Code without a frame of its own that cannot fail: its promise is its value. */
export function immediate(make: (m: Machine, env: Env) => Value): Code {
  return { run: make, delay: make, height: 1, constant: undefined }
}

/** The value of a variable, so many scopes out. */
export function variable(hops: number, index: number, site: Site): Code {
  const run: Run = (m, env) => {
    const { vars } = outward(env, hops)
    const lazy = vars[index]
    if (typeof lazy !== 'object' || lazy.kind !== 'thunk') return lazy ?? uninitialised(m, site)
    if (lazy.value === undefined) return force(m, lazy, site)
    vars[index] = lazy.value
    return lazy.value
  }
  const delay: Delay = (_, env) => {
    const lazy = outward(env, hops).vars[index]
    if (lazy === undefined) return thunk(run, env)
    if (typeof lazy !== 'object' || lazy.kind !== 'thunk') return lazy
    return lazy.value ?? thunk(run, env)
  }
  return { run, delay, height: 1, constant: undefined }
}

function uninitialised(m: Machine, site: Site): never {
  return fail(m, 'INTERNAL ERROR: variable without a value', site)
}

export function outward(env: Env, hops: number): Env {
  let found = env
  for (let i = hops; i > 0; i--) found = found.up ?? found
  return found
}
