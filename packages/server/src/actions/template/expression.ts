import { compile, JsonnetError, type Program } from '@cardea/jsonnet'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { FUNCTIONS } from './functions.ts'

/** An expression could not be read or gives nothing that can be used. */
export class ExpressionError extends Error {}

/** A Jsonnet expression, read once. */
export type Expression = {
  readonly source: string
  readonly program: Program
  /** How much we put before it. */
  readonly indent: number
  /** What stands for which name; null: all that is given is `ctx`. */
  readonly names: readonly string[] | null
}

const LONGEST_EVALUATION: Milliseconds = 1_000
const LARGEST_RESULT = 16 * 1024

type Locals = { readonly [name: string]: string }

/**
 * Reads an expression over `ctx`, or over other names; what is wrong with it is told in one line, with its place.
 * `locals` are expressions over the same names that it may call by theirs.
 */
export function readExpression(
  source: string,
  names: readonly string[] | null = null,
  locals: Locals = {},
): Expression {
  const used = localsIn(source, locals).map(([name, own]) => `${name} = (${own.replace(/\s+/g, ' ')})`)
  const known = used.length === 0 ? '' : `local ${used.join(', ')}; `
  const before = `function(${(names ?? ['ctx']).join(', ')}) ${functionsIn(`${source} ${known}`)}${known}(`
  try {
    // The line break ends a comment at the end of the expression.
    const program = compile(`${before}${source}\n)`, { filename: 'expression' })
    return { source, program, indent: before.length, names }
  } catch (error) {
    if (error instanceof JsonnetError) throw new ExpressionError(described(error, before.length))
    throw error
  }
}

/** Makes those of our functions known that the expression may mean. */
const functionsIn = (source: string) =>
  Object.keys(FUNCTIONS)
    .filter((name) => mentions(source, name))
    .map((name) => `local ${name} = std.native('${name}'); `)
    .join('')

/** Those that a source mentions, and those that they mention. */
function localsIn(source: string, locals: Locals): readonly (readonly [string, string])[] {
  const used = new Map<string, string>()
  const add = (text: string) => {
    for (const [name, own] of Object.entries(locals)) {
      if (used.has(name) || !mentions(text, name)) continue
      used.set(name, own)
      add(own)
    }
  }
  add(source)
  return [...used]
}

const mentions = (source: string, name: string) => new RegExp(`\\b${name}\\b`).test(source)

/** What the expression gives at this moment; where it was read over names, each has to be given. */
export function evaluate(expression: Expression, given: JsonObject, largest = LARGEST_RESULT): Json {
  const { program, names, indent } = expression
  const values = names === null ? { ctx: given } : Object.fromEntries(names.map((name) => [name, given[name] ?? null]))
  const tla = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
  try {
    const limits = { milliseconds: LONGEST_EVALUATION, output: largest }
    return program.evaluateValue({ tla, natives: FUNCTIONS, limits })
  } catch (error) {
    if (error instanceof JsonnetError) throw new ExpressionError(described(error, indent))
    throw error
  }
}

const described = ({ message }: JsonnetError, indent: number) => {
  const [first = ''] = message.trim().split('\n', 1)
  return shifted(first, indent)
}

/** Columns are counted in what somebody wrote, not in what we made of it. */
const shifted = (line: string, indent: number) =>
  line.replace(/^expression:(\d+):(\d+)(?:-\d+)?/, (_, row: string, column: string) =>
    row === '1' ? `column ${Math.max(1, Number(column) - indent)}:` : `line ${row}, column ${column}:`,
  )
