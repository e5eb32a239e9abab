import type { Json } from '../../runtime/values.ts'

/** A document that is being read. */
export type Reader = {
  readonly text: string
  at: number
  readonly anchors: Map<string, Json>
  readonly allocate: (bytes: number) => void
}

/** What is wrong with a document; caught where the document began. */
export class YamlError extends Error {}

const deepest = 400
const perValue = 32

/** Fails with Go's words, which count lines from the first but do not name it. */
export function fail(reader: Reader, message: string): never {
  const isAtEnd = reader.at >= reader.text.length && message.includes("expected ','")
  const line = reader.text.slice(0, reader.at).split('\n').length - (isAtEnd ? 1 : 0)
  throw new YamlError(`yaml: ${line > 1 || isAtEnd ? `line ${line}: ` : ''}${message}`)
}

export function checkDepth(reader: Reader, depth: number): void {
  reader.allocate(perValue)
  if (depth > deepest) throw new YamlError(`yaml: exceeded max depth of ${deepest}`)
}

export function peek(reader: Reader, ahead = 0): string {
  return reader.text.charAt(reader.at + ahead)
}

export function isEnd(reader: Reader): boolean {
  return reader.at >= reader.text.length
}

/** Whether a character ends what stands before it: white space or the end. */
export function isBlank(char: string): boolean {
  return char === '' || char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

export function column(reader: Reader): number {
  return reader.at - (reader.text.lastIndexOf('\n', reader.at - 1) + 1)
}

/** Skips spaces, comments and line breaks; tells whether a line was left. */
export function skipBlank(reader: Reader): boolean {
  let left = false
  for (;;) {
    const char = peek(reader)
    if (char === ' ' || char === '\t' || char === '\r') reader.at++
    else if (char === '\n') {
      reader.at++
      left = true
    } else if (char === '#' && (reader.at === 0 || isBlank(peek(reader, -1)))) skipLine(reader)
    else return left || reader.at === 0
  }
}

export function skipSpaces(reader: Reader): void {
  while (peek(reader) === ' ' || peek(reader) === '\t') reader.at++
}

export function skipLine(reader: Reader): void {
  const end = reader.text.indexOf('\n', reader.at)
  reader.at = end < 0 ? reader.text.length : end
}
