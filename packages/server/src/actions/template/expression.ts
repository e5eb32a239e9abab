import { compile, JsonnetError, type Program } from '@cardea/jsonnet'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'

/** An expression could not be read or gives nothing that can be used. */
export class ExpressionError extends Error {}

/** A Jsonnet expression over `ctx`, read once. */
export type Expression = { readonly source: string; readonly program: Program }

const LONGEST_EVALUATION: Milliseconds = 1_000
const LARGEST_RESULT = 16 * 1024

/** What stands before the expression in the program that is made of it. */
const PREFIX = 'function(ctx) ('

/** Reads an expression; what is wrong with it is told in one line, with its place. */
export function readExpression(source: string): Expression {
  try {
    // The line break ends a comment at the end of the expression.
    return { source, program: compile(`${PREFIX}${source}\n)`, { filename: 'expression' }) }
  } catch (error) {
    if (error instanceof JsonnetError) throw new ExpressionError(described(error))
    throw error
  }
}

/** What the expression gives at this moment. */
export function evaluate({ program }: Expression, context: JsonObject): Json {
  try {
    const limits = { milliseconds: LONGEST_EVALUATION, output: LARGEST_RESULT }
    return program.evaluateValue({ tla: { ctx: { value: context } }, limits })
  } catch (error) {
    if (error instanceof JsonnetError) throw new ExpressionError(described(error))
    throw error
  }
}

const described = ({ message }: JsonnetError) => {
  const [first = ''] = message.trim().split('\n', 1)
  return shifted(first)
}

/** Columns are counted in what somebody wrote, not in what we made of it. */
const shifted = (line: string) =>
  line.replace(/^expression:(\d+):(\d+)(?:-\d+)?/, (_, row: string, column: string) =>
    row === '1' ? `column ${Math.max(1, Number(column) - PREFIX.length)}:` : `line ${row}, column ${column}:`,
  )
