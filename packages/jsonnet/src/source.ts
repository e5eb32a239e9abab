import { JsonnetError } from './errors.ts'

/** A program's text and the name that errors give it. */
export type Source = { readonly file: string; readonly text: string }

/** What surrounds a stretch of code; kept as a chain, because deep nesting would make the texts quadratic. */
export type Context = { readonly label: string; readonly outer?: Context }

/** A stretch of source text; line and column are worked out only when an error needs them. */
export type Site = {
  readonly source: Source
  readonly from: number
  readonly to: number
  readonly context?: Context | undefined
}

/** A line of a stack trace that is no place in a program. */
export type Note = { readonly note: string; readonly context?: string }

export const topContext: Context = { label: '$' }

/** `file:1:2-3`, or `file:(1:2)-(3:4)` over several lines; columns count bytes, as in go-jsonnet. */
export function place({ source, from, to }: Site): string {
  if (from < 0) return ''
  const begin = position(source.text, from)
  const end = position(source.text, to)
  const prefix = source.file === '' ? '' : `${source.file}:`
  if (begin.line !== end.line) return `${prefix}(${begin.line}:${begin.column})-(${end.line}:${end.column})`
  const last = begin.column === end.column ? '' : `-${end.column}`
  return `${prefix}${begin.line}:${begin.column}${last}`
}

/** `thunk <x> from <function <f>>`, written from the chain. */
export function contextText(context: Context | undefined): string {
  let text = ''
  let depth = 0
  for (let at = context; at !== undefined; at = at.outer) {
    text += at.label
    if (at.outer !== undefined) depth++
  }
  return text + '>'.repeat(depth)
}

/** The first line of the place, for `std.trace`. */
export function lineOf(site: Site): number {
  return position(site.source.text, site.from).line
}

/** An error found before evaluation, with the lines it is about. */
export function staticError(message: string, site: Site): JsonnetError {
  const { text } = site.source
  const start = text.lastIndexOf('\n', site.from - 1) + 1
  const stop = text.indexOf('\n', Math.max(site.to, start))
  const lines = text.slice(start, stop < 0 ? text.length : stop)
  return new JsonnetError('static', `${place(site)} ${message}\n\n${lines}\n\n`)
}

function position(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    start = at + 1
  }
  return { line, column: Buffer.byteLength(text.slice(start, offset)) + 1 }
}
