import { fail, type Reader, skipLine } from './reader.ts'

const header = /[|>](?:([-+]?)([1-9]?)|([1-9])([-+]))[ \t]*(?:#[^\n]*)?\r?(?=\n|$)/y

/** A text that keeps (`|`) or folds (`>`) its lines. */
export function readBlockScalar(reader: Reader, outside: number): string {
  header.lastIndex = reader.at
  const found = header.exec(reader.text)
  if (found === null) fail(reader, 'did not find expected comment or line break')
  const [whole = '', chomp = '', digit = '', first = '', second = ''] = found ?? []
  const folds = whole.startsWith('>')
  reader.at += whole.length
  if (reader.text.charAt(reader.at) === '\n') reader.at++
  const given = Number(digit || first)
  const lines = readLines(reader, given === 0 ? undefined : Math.max(0, outside) + given, outside)
  let kept = lines.length
  while (kept > 0 && lines[kept - 1] === '') kept--
  const text = folds ? fold(lines.slice(0, kept)) : lines.slice(0, kept).join('\n')
  const end = chomp || second
  if (end === '-') return text
  if (end === '+') return kept === 0 ? '\n'.repeat(lines.length) : text + '\n'.repeat(lines.length - kept + 1)
  return kept === 0 ? '' : `${text}\n`
}

/** The lines of the text without their indent, which the first that is not empty decides. */
function readLines(reader: Reader, given: number | undefined, outside: number): string[] {
  const lines: string[] = []
  let indent = given
  while (reader.at < reader.text.length) {
    const start = reader.at
    skipLine(reader)
    const line = reader.text.slice(start, reader.at).replace(/\r$/, '')
    const own = line.length - line.trimStart().length
    const isEmpty = line.trim() === '' && (indent === undefined || line.length <= indent)
    if (!isEmpty) {
      indent ??= Math.max(own, outside + 1)
      if (own < indent) {
        reader.at = start
        return lines
      }
    }
    lines.push(isEmpty ? '' : line.slice(indent ?? 0))
    reader.at++
  }
  return lines
}

/** Single breaks become spaces, except around lines that are indented further. */
function fold(lines: readonly string[]): string {
  let text = lines[0] ?? ''
  let breaks = 0
  let before = text
  for (const line of lines.slice(1)) {
    breaks++
    if (line === '') continue
    const isPlain = !/^[ \t]/.test(line) && !/^[ \t]/.test(before)
    text += (isPlain ? (breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)) : '\n'.repeat(breaks)) + line
    breaks = 0
    before = line
  }
  return text
}
