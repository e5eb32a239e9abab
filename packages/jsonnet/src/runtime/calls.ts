import {
  allocate,
  deeper,
  enter,
  fail,
  force,
  type Machine,
  type Routine,
  type TailCall,
  drive,
  hop,
  leave,
  save,
  type Trace,
} from './machine.ts'
import { type Env, type Fn, type FnCode, type Lazy, type Null, thunk, type Value } from './values.ts'

/** Stands for the value of a call that is left to the caller of the whole function: the proper tail call. */
export const TAIL: Null = Object.freeze({ kind: 'null' })
const envCost = 24

/** Calls a function with arguments in the order of its parameters. */
export function call(m: Machine, fn: Fn, args: readonly Lazy[], site: Trace): Value | undefined {
  const { code } = fn
  if (args.length !== code.params.length) bind(m, code, { args, named: [], site })
  return invoke(m, fn, args, site)
}

/** Calls a function whose arguments have been checked. */
export function invoke(m: Machine, fn: Fn, args: readonly (Lazy | undefined)[], site: Trace): Value | undefined {
  const { native, body } = fn.code
  if (native !== undefined) return native(m, args, site)
  if (body === undefined) return fail(m, 'INTERNAL ERROR: function without a body', site)
  enter(m, site)
  const value = hop(m, body, environment(m, fn, args))
  if (value === undefined) return save(m, (late) => done(m, late))
  leave(m)
  return value
}

function done(m: Machine, value: Value): Value {
  leave(m)
  return value
}

function environment(m: Machine, { code, env }: Fn, args: readonly (Lazy | undefined)[]): Env {
  allocate(m, envCost + 8 * code.params.length)
  const vars: Lazy[] = []
  const inner: Env = { vars, up: env, self: env.self, level: env.level }
  for (let i = 0; i < code.params.length; i++) {
    const given = args[i]
    const fallback = code.params[i]?.fallback
    if (given !== undefined) vars.push(given)
    // Defaults see the other parameters.
    else if (fallback !== undefined) vars.push(thunk(fallback, inner))
  }
  return inner
}

export type Given = {
  readonly args: readonly Lazy[]
  readonly named: readonly { readonly name: string; readonly value: Lazy }[]
  readonly site: Trace
}

/** Puts arguments in the order of the parameters, or says which does not fit. */
export function bind(m: Machine, code: FnCode, { args, named, site }: Given): (Lazy | undefined)[] {
  const { params } = code
  if (args.length > params.length)
    fail(m, `function expected ${params.length} positional argument(s), but got ${args.length}`, site)
  const bound: (Lazy | undefined)[] = [...args]
  const received = new Set(params.slice(0, args.length).map((param) => param.name))
  for (const { name, value } of named) {
    if (received.has(name)) fail(m, `Argument ${name} already provided`, site)
    const at = params.findIndex((param) => param.name === name)
    if (at < 0) fail(m, `function has no parameter ${name}`, site)
    received.add(name)
    while (bound.length <= at) bound.push(undefined)
    bound[at] = value
  }
  for (const { name, optional } of params)
    if (!optional && !received.has(name)) fail(m, `Missing argument: ${name}`, site)
  return bound
}

/** Calls tail-strictly: arguments first, and in a frame that a call in tail position replaces. */
export function callStrictly(m: Machine, fn: Fn, args: readonly (Lazy | undefined)[], site: Trace): Value | undefined {
  return drive(m, strictly(m, fn, args, site))
}

function* strictly(m: Machine, fn: Fn, args: readonly (Lazy | undefined)[], site: Trace): Routine {
  let current: TailCall = { fn, args, site, tailstrict: true }
  for (;;) {
    const { body, native } = current.fn.code
    const env = environment(m, current.fn, current.args)
    // Defaults are arguments too.
    const arguments_ = native === undefined ? env.vars : current.args
    if (current.tailstrict)
      for (const arg of arguments_) if (arg !== undefined) void (force(m, arg, current.site) ?? (yield))
    if (!current.tailstrict || body === undefined) return invoke(m, current.fn, current.args, current.site) ?? (yield)
    const height = m.frames.length + 1
    enter(m, current.site)
    m.trimmable.push(height)
    const value = deeper(m, () => body(m, env)) ?? (yield)
    if (m.trimmable.at(-1) === height && m.frames.length === height) trim(m)
    const { tail } = m
    if (value !== TAIL || tail === undefined) return value
    m.tail = undefined
    current = tail
  }
}

/** Whether the innermost frame is that of a tail-strict call. */
export function isTrimmable(m: Machine): boolean {
  return m.trimmable.length > 0 && m.trimmable.at(-1) === m.frames.length
}

/** Drops the innermost frame, which its function does not need any more. */
export function trim(m: Machine): void {
  m.trimmable.length--
  leave(m)
}
