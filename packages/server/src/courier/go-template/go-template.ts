import { BUILTIN } from './builtin-functions.ts'
import { escapeNodes } from './escape-nodes.ts'
import { evaluate } from './evaluate.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { parse } from './parse.ts'
import type { SourceFile } from './problem.ts'
import { SPRIG } from './sprig-functions.ts'
import type { Dict } from './values.ts'

/** A template of Kratos, read and checked, ready to be rendered as often as needed. */
export type GoTemplate = { render(data: Dict): string }

type Options = {
  /** As html/template: values are escaped where they stand. Otherwise as text/template: they are shown as they are. */
  readonly html: boolean
  /** Other templates of the same folder, which this one may call by their file names. */
  readonly beside?: readonly SourceFile[]
  readonly limits?: Partial<Limits>
}

const FUNCTIONS = new Map(Object.entries({ ...SPRIG, ...BUILTIN }))

/**
 * Reads a template of Go's text/template or html/template with the functions of sprig that are of use in a mail.
 * Whatever it does not know is refused here and not when the mail is due: with file, line and column.
 */
export function loadGoTemplate(file: SourceFile, { html, beside = [], limits }: Options): GoTemplate {
  const { source, templates } = parse([file, ...beside], FUNCTIONS)
  const checked = html ? escapeNodes(source, templates) : { templates, escapes: null }
  const program = { source, functions: FUNCTIONS, ...checked }
  const bounds = { ...DEFAULT_LIMITS, ...limits }
  return { render: (data) => evaluate(program, data, bounds) }
}
