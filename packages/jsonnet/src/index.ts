import { JsonnetError } from './errors.ts'
import { type Limits, machine } from './machine.ts'
import { parse } from './parser.ts'
import { standardLibrary } from './std.ts'
import { fromJson, type Json, type Scope, typeOf, type Value } from './values.ts'

export { JsonnetError } from './errors.ts'
export type { LimitName } from './errors.ts'
export type { Limits } from './machine.ts'
export type { Json } from './values.ts'

/** A plain value, or Jsonnet code. */
export type Binding = { value: Json } | { code: string }
export type Options = {
  tla?: Readonly<Record<string, Binding>>
  extVars?: Readonly<Record<string, Binding>>
  limits?: Partial<Limits>
}
export type Program = { evaluate(options?: Options): string; evaluateValue(options?: Options): Json }

/** What an evaluation may spend unless the caller says otherwise. */
export const defaultLimits: Limits = {
  steps: 10_000_000,
  depth: 500,
  allocation: 64_000_000,
  output: 262_144,
  input: 1_048_576,
  milliseconds: 1000,
}

/** Reads a program once, to be evaluated many times. Imports are refused. */
export function compile(source: string, options: { filename?: string } = {}): Program {
  const file = options.filename ?? 'snippet'
  if (source.length > defaultLimits.input) throw new JsonnetError('limit', 'source too large', 'input')
  const root = parse(source, file)
  const evaluate = (given: Options = {}): string => {
    const m = machine({ ...defaultLimits, ...given.limits }, () => performance.now())
    const scope = (name: string): Scope => {
      const top: Scope = { vars: new Map(), up: undefined, self: undefined, level: 0 }
      top.vars.set('std', standardLibrary(m, extVar, name))
      return top
    }
    const bound = (b: Binding, name: string): Value =>
      'value' in b ? fromJson(b.value) : m.evaluate(parse(b.code, name), scope(name))
    const extVar = (name: string): Value => {
      const b = given.extVars !== undefined && Object.hasOwn(given.extVars, name) ? given.extVars[name] : undefined
      return b === undefined ? m.fail(`Undefined external variable: ${name}`) : bound(b, `<extvar:${name}>`)
    }
    try {
      let value = m.evaluate(root, scope(file))
      if (typeOf(value) === 'function')
        value = m.call(
          m.fn(value),
          [],
          new Map(Object.entries(given.tla ?? {}).map(([k, b]) => [k, bound(b, `<top-level-arg:${k}>`)])),
        )
      return `${m.manifest(value, true, '')}\n`
    } catch (error) {
      // The last net: whatever the host's stack is, a deep program ends in a limit error.
      if (error instanceof RangeError)
        throw new JsonnetError('limit', 'RUNTIME ERROR: max stack frames exceeded.\n', 'depth')
      throw error
    }
  }
  return { evaluate, evaluateValue: (given) => JSON.parse(evaluate(given)) }
}
