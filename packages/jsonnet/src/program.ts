import { JsonnetError } from './errors.ts'
import { bind, invoke } from './runtime/calls.ts'
import {
  fail,
  type Limits,
  type Machine,
  machine,
  type Run,
  settle,
  enter,
  leave,
  save,
  hop,
} from './runtime/machine.ts'
import { manifest } from './runtime/manifest.ts'
import { textOf, type Json, noEnv, typeOf, type Value } from './runtime/values.ts'
import type { Note } from './source.ts'
import { type Binding, bound, compileText, openWorld, type Surroundings } from './world.ts'

export type { HostFunction } from './std/host-function.ts'
export type { Binding, Importer } from './world.ts'

export type Options = Surroundings & {
  /** Arguments for a program that is a function. */
  readonly tla?: Readonly<Record<string, Binding>> | undefined
  readonly limits?: Partial<Limits> | undefined
}
export type CompileOptions = { readonly filename?: string; readonly limits?: Partial<Pick<Limits, 'input'>> }

/** A compiled program; it never changes, and evaluations know nothing of each other. */
export type Program = {
  /** The result as go-jsonnet prints it. */
  evaluate(options?: Options): string
  /** The result as data. */
  evaluateValue(options?: Options): Json
  /** The result, which must be a text, as it is. */
  evaluateString(options?: Options): string
}

/** What an evaluation may spend unless the caller says otherwise. */
export const defaultLimits: Limits = Object.freeze({
  steps: 10_000_000,
  depth: 500,
  allocation: 64_000_000,
  output: 262_144,
  input: 1_048_576,
  milliseconds: 1000,
})

const evaluation: Note = { note: 'During evaluation' }
const topLevelCall: Note = { note: 'Top-level function call' }
const manifestation: Note = { note: 'During manifestation' }

/** Reads a program once, to be evaluated many times. */
export function compile(source: string, options: CompileOptions = {}): Program {
  const file = options.filename ?? 'snippet'
  const root = compileText({ file, text: source }, options.limits?.input ?? defaultLimits.input)
  const evaluate = (given: Options = {}): string =>
    evaluateWith(root, given, (m, value) => {
      const text = manifest(m, value, manifestation)
      return text === undefined ? save(m, (late) => `${textOf(late)}\n`) : `${text}\n`
    })
  return {
    evaluate,
    evaluateValue: (given) => JSON.parse(evaluate(given)),
    evaluateString: (given = {}) =>
      evaluateWith(root, given, (m, value) =>
        typeof value === 'string' ? value : fail(m, `expected string result, got: ${typeOf(value)}`, manifestation),
      ),
  }
}

type Finish = (m: Machine, value: Value) => Value | undefined

function evaluateWith(root: Run, given: Options, finish: Finish): string {
  const limits = given.limits === undefined ? defaultLimits : { ...defaultLimits, ...given.limits }
  const start = performance.now()
  const m = machine(
    limits,
    openWorld(given, limits.input, () => performance.now() - start),
  )
  try {
    const value = settle(m, () => evaluateRoot(m, root))
    const result = typeOf(value) === 'function' ? settle(m, () => callRoot(m, value, given)) : value
    return textOf(settle(m, () => finish(m, result)))
  } catch (error) {
    // The last net: the host's stack is kept shallow, but it is not ours alone.
    if (error instanceof RangeError)
      throw new JsonnetError('limit', 'RUNTIME ERROR: max stack frames exceeded.\n', 'depth')
    throw error
  }
}

function evaluateRoot(m: Machine, root: Run): Value | undefined {
  enter(m, evaluation)
  const value = hop(m, root, noEnv)
  if (value === undefined) return save(m, (late) => closed(m, late))
  return closed(m, value)
}

function closed(m: Machine, value: Value): Value {
  leave(m)
  return value
}

/** A program that is a function gets the top-level arguments; any other ignores them. */
function callRoot(m: Machine, value: Value, { tla = {} }: Options): Value | undefined {
  if (typeof value !== 'object' || value.kind !== 'function') return value
  const named = Object.entries(tla).map(([name, binding]) => ({
    name,
    value: bound(binding, `<top-level-arg:${name}>`, m.limits.input),
  }))
  return invoke(m, value, bind(m, value.code, { args: [], named, site: topLevelCall }), topLevelCall)
}
