import { fromHost } from '../runtime/host-data.ts'
import { allocate, fail, type Machine, save, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { array, type Fn, type Json, textOf, type Value } from '../runtime/values.ts'
import { builtin } from './define.ts'

/** A function of the caller's: it gets plain data and gives plain data. What it throws is an error of the program. */
export type HostFunction = {
  /** The names of its parameters, at most five. */
  readonly params: readonly string[]
  readonly call: (args: readonly Json[]) => Json
}

/** Makes a host's function one of the program's. */
export function hostFunction({ params, call }: HostFunction): Fn {
  return builtin(params, (m, args, at) => {
    const text = toText(m, array(args.slice(0, params.length)), at)
    const apply = (given: string) => result(m, call, given, at)
    return text === undefined ? save(m, (late) => apply(textOf(late))) : apply(text)
  })
}

function result(m: Machine, call: HostFunction['call'], given: string, at: Trace): Value {
  const args: readonly Json[] = JSON.parse(given)
  const json = called(m, call, args, at)
  allocate(m, JSON.stringify(json).length)
  return fromHost(json)
}

function called(m: Machine, call: HostFunction['call'], args: readonly Json[], at: Trace): Json {
  try {
    return call(args)
  } catch (error) {
    return fail(m, error instanceof Error ? error.message : String(error), at)
  }
}
