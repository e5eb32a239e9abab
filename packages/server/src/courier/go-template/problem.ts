/** A template that can't be read or can't be carried out: what is wrong, and where. The only error this folder throws. */
export class GoTemplateError extends Error {
  readonly file: string
  readonly line: number
  readonly column: number

  constructor({ file, line, column }: Place, problem: string) {
    super(`${file}:${line}:${column}: ${problem}`)
    this.name = 'GoTemplateError'
    this.file = file
    this.line = line
    this.column = column
  }
}

type Place = { readonly file: string; readonly line: number; readonly column: number }

/** A template's text under the name of its file. */
export type SourceFile = { readonly file: string; readonly text: string }

/** Several files as one text, so that one offset names a file, a line and a column. */
export type Source = {
  readonly text: string
  readonly starts: readonly { readonly file: string; readonly at: number }[]
}

export function joinFiles(files: readonly SourceFile[]): Source {
  let at = 0
  const starts = files.map(({ file, text }) => {
    const start = { file, at }
    at += text.length + 1
    return start
  })
  return { text: files.map(({ text }) => text).join('\n'), starts }
}

/** Line and column of an offset, both counted from 1. */
function placeOf({ text, starts }: Source, at: number): Place {
  const start = starts.findLast((each) => each.at <= at) ?? { file: '', at: 0 }
  const before = text.slice(start.at, at)
  const lineStart = before.lastIndexOf('\n') + 1
  return { file: start.file, line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 }
}

export const problemAt = (source: Source, at: number, problem: string) =>
  new GoTemplateError(placeOf(source, at), problem)
