import { drive, enter, force, leave, type Machine, type Routine, save, type Trace } from '../runtime/machine.ts'
import { type Fn, type FnCode, type Lazy, type Native, noEnv, NULL, type Value } from '../runtime/values.ts'

/** The arguments of a library function; those it does not have are null. */
export type Args = readonly [Value, Value, Value, Value, Value]
export type Strict = (m: Machine, args: Args, at: Trace) => Value | undefined
export type StrictRoutine = (m: Machine, args: Args, at: Trace) => Routine
export type LazyArgs = readonly (Lazy | undefined)[]

/** The members of one chapter of the library. */
export type Chapter = Readonly<Record<string, Value>>

/** Names of parameters; one with a value is optional. */
export type Params = readonly (string | readonly [name: string, fallback: Value])[]

/** A function that go-jsonnet has built in: it computes all its arguments first, and has no frame. */
export function builtin(params: Params, body: Strict): Fn {
  return define(params, (m, args, at) => strict(m, args, at, { params, body }))
}

/** Like `builtin`, for a body that waits. */
export function builtinRoutine(params: Params, body: StrictRoutine): Fn {
  return builtin(params, (m, args, at) => drive(m, body(m, args, at)))
}

/** A function that go-jsonnet wrote in Jsonnet: it has a frame of its own. */
export function library(params: Params, body: Strict): Fn {
  return define(
    params,
    framed((m, args, at) => strict(m, args, at, { params, body })),
  )
}

/** Like `library`, for a body that waits. */
export function libraryRoutine(params: Params, body: StrictRoutine): Fn {
  return library(params, (m, args, at) => drive(m, body(m, args, at)))
}

/** Like `libraryRoutine`, for a body that computes its arguments itself. */
export function lazyRoutine(params: Params, body: (m: Machine, args: LazyArgs, at: Trace) => Routine): Fn {
  return define(
    params,
    framed((m, args, at) => drive(m, body(m, args, at))),
  )
}

export function define(params: Params, native: Native): Fn {
  const parameters = params.map((param) =>
    typeof param === 'string'
      ? { name: param, fallback: undefined, optional: false }
      : { name: param[0], fallback: undefined, optional: true },
  )
  const required = parameters.filter((param) => !param.optional).length
  const code: FnCode = { params: parameters, required, body: undefined, native }
  return { kind: 'function', code, env: noEnv }
}

/** Where things happen in functions that go-jsonnet wrote in Jsonnet. */
export const inLibrary: Trace = { note: '<std>', context: 'function <anonymous>' }

function framed(native: Native): Native {
  return (m, args, at) => {
    enter(m, at)
    const value = native(m, args, inLibrary)
    if (value === undefined) return save(m, (late) => closed(m, late))
    return closed(m, value)
  }
}

function closed(m: Machine, value: Value): Value {
  leave(m)
  return value
}

type Body = { readonly params: Params; readonly body: Strict }

function strict(m: Machine, args: LazyArgs, at: Trace, { params, body }: Body): Value | undefined {
  const values: Value[] = []
  for (const [i, param] of params.entries()) {
    const lazy = args[i]
    const value = lazy === undefined ? fallback(param) : force(m, lazy, at)
    if (value === undefined) return drive(m, strictLater(m, args, at, { params, body, values }))
    values.push(value)
  }
  return body(m, tuple(values), at)
}

function* strictLater(m: Machine, args: LazyArgs, at: Trace, known: Body & { values: Value[] }): Routine {
  const { params, body, values } = known
  // The argument that was being computed comes first.
  values.push(yield)
  for (let i = values.length; i < params.length; i++) {
    const lazy = args[i]
    values.push(lazy === undefined ? fallback(params[i]) : (force(m, lazy, at) ?? (yield)))
  }
  return body(m, tuple(values), at) ?? (yield)
}

function fallback(param: Params[number] | undefined): Value {
  return typeof param === 'object' ? param[1] : NULL
}

function tuple([a = NULL, b = NULL, c = NULL, d = NULL, e = NULL]: readonly Value[]): Args {
  return [a, b, c, d, e]
}
