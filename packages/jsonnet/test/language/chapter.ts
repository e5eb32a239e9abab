import { describe, expect, test } from 'vitest'
import { compile, JsonnetError } from '../../src/index.ts'

/** A program, and what go-jsonnet 0.21 prints for it: its output or its error. */
export type Row = readonly [program: string, printed: string]

/** One chapter of the specification; every row is a test of its own. */
export function chapter(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    test.each(rows)('%s', (program, printed) => {
      expect(withoutLibrary(print(program))).toBe(withoutLibrary(printed))
    })
  })
}

function print(program: string): string {
  try {
    return compile(program, { filename: 'row' }).evaluate()
  } catch (error) {
    if (error instanceof JsonnetError) return error.message
    throw error
  }
}

/** go-jsonnet's library is partly written in Jsonnet; ours is not, so its lines in stack traces are its own affair. */
function withoutLibrary(text: string): string {
  return text.replace(/^\t<std>.*\n/gm, '')
}
