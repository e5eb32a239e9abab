import type { Json } from '../../runtime/values.ts'
import { readBlockScalar } from './block-scalar.ts'
import {
  checkStart,
  keyOf,
  mapOf,
  readAlias,
  readFlow,
  readProperties,
  readQuoted,
  scalar,
  withAnchor,
} from './flow.ts'
import { checkDepth, column, fail, isBlank, isEnd, peek, type Reader, skipBlank, skipSpaces } from './reader.ts'
import { foldLines } from './scalars.ts'

type Where = {
  /** The column that what belongs to the node must lie behind. */
  readonly outside: number
  readonly depth: number
  /** Whether the node begins on the line of its key, where no mapping may begin. */
  readonly inline: boolean
  readonly inList: boolean
}

/** Reads the node at the cursor, or nothing where none belongs to the parent. */
export function readNode(reader: Reader, where: Where): Json {
  checkDepth(reader, where.depth)
  const left = skipBlank(reader)
  const inline = where.inline && !left
  if (isEnd(reader) || (left && column(reader) <= where.outside && !isNestedList(reader, where))) return null
  const start = reader.at
  const properties = readProperties(reader)
  const had = reader.at > start
  if (had && skipBlank(reader)) {
    if (isEnd(reader) || column(reader) <= where.outside) return withAnchor(reader, properties, scalar('', properties))
    return withAnchor(reader, properties, readContent(reader, { ...where, inline: false }, column(reader)))
  }
  const char = peek(reader)
  if (char === '|' || char === '>') return withAnchor(reader, properties, readBlockScalar(reader, where.outside))
  // With a key behind them, the properties are the key's.
  if (had && !inline && isKey(reader)) {
    reader.at = start
    return readMap(reader, where, column(reader))
  }
  if (properties.tag !== undefined && !/[[{*]/.test(char)) {
    const text = char === '"' || char === "'" ? readQuoted(reader) : readPlain(reader, where.outside)
    return withAnchor(reader, properties, scalar(text, properties))
  }
  return withAnchor(reader, properties, readContent(reader, { ...where, inline }, column(reader)))
}

/** A list may begin in the column of the key it belongs to. */
function isNestedList(reader: Reader, { outside, inList }: Where): boolean {
  return !inList && column(reader) === outside && isDash(reader)
}

function isDash(reader: Reader): boolean {
  return peek(reader) === '-' && isBlank(peek(reader, 1))
}

function readContent(reader: Reader, where: Where, at: number): Json {
  const char = peek(reader)
  if (isDash(reader)) {
    if (where.inline) fail(reader, 'block sequence entries are not allowed in this context')
    return readList(reader, where, at)
  }
  if ((char === '?' && isBlank(peek(reader, 1))) || isKey(reader)) {
    if (where.inline) fail(reader, 'mapping values are not allowed in this context')
    return readMap(reader, where, at)
  }
  if (char === '|' || char === '>') return readBlockScalar(reader, where.outside)
  if (char === '*') return readAlias(reader)
  if (char === '[' || char === '{') return readFlow(reader, where.depth)
  if (char === '"' || char === "'") return readQuoted(reader)
  return scalar(readPlain(reader, where.outside), { anchor: undefined, tag: undefined })
}

/** Whether the line has a key here: a node that ends before a colon. */
function isKey(reader: Reader): boolean {
  const start = reader.at
  try {
    skipKey(reader)
    skipSpaces(reader)
    const ends = peek(reader) === ':' && isBlank(peek(reader, 1))
    return ends && !reader.text.slice(start, reader.at).includes('\n')
  } catch {
    return false
  } finally {
    reader.at = start
  }
}

const plainKey = /(?:[^\s:#]|:(?!\s|$)|(?<=\S)#|[ \t]+(?![\s#:]|$)|[ \t]+:(?!\s|$))*/y

function skipKey(reader: Reader): Json {
  const properties = readProperties(reader)
  const char = peek(reader)
  if (char === '*') return readAlias(reader)
  if (char === '[' || char === '{') return readFlow({ ...reader, allocate: () => undefined }, 1)
  if (char === '"' || char === "'") return withAnchor(reader, properties, readQuoted(reader))
  plainKey.lastIndex = reader.at
  const text = plainKey.exec(reader.text)?.[0] ?? ''
  reader.at += text.length
  return withAnchor(reader, properties, scalar(text.trim(), properties))
}

function readList(reader: Reader, { depth }: Where, at: number): Json {
  const items: Json[] = []
  while (!isEnd(reader) && column(reader) === at && isDash(reader)) {
    reader.at++
    items.push(readNode(reader, { outside: at, depth: depth + 1, inline: false, inList: true }))
    skipBlank(reader)
  }
  if (!isEnd(reader) && column(reader) > at) fail(reader, "did not find expected '-' indicator")
  return items
}

function readMap(reader: Reader, { depth }: Where, at: number): Json {
  const fields = new Map<string, Json>()
  while (!isEnd(reader) && column(reader) === at && !isDocumentEnd(reader)) {
    const { key, value } = readEntry(reader, { outside: at, depth: depth + 1, inline: true, inList: false })
    fields.set(keyOf(key, value), value)
    skipBlank(reader)
  }
  if (!isEnd(reader) && column(reader) > at) fail(reader, 'did not find expected key')
  return mapOf(fields)
}

function isDocumentEnd(reader: Reader): boolean {
  return column(reader) === 0 && reader.text.startsWith('...', reader.at) && isBlank(peek(reader, 3))
}

function readEntry(reader: Reader, where: Where): { key: Json; value: Json } {
  if (peek(reader) === '?' && isBlank(peek(reader, 1))) {
    reader.at++
    const key = readNode(reader, { ...where, inline: false })
    skipBlank(reader)
    if (column(reader) !== where.outside || peek(reader) !== ':') return { key, value: null }
    reader.at++
    return { key, value: readNode(reader, { ...where, inline: false }) }
  }
  if (isDash(reader) || !isKey(reader)) fail(reader, "could not find expected ':'")
  const key = skipKey(reader)
  skipSpaces(reader)
  reader.at++
  return { key, value: readNode(reader, where) }
}

const plainLine = /(?:[^\s:#]|:(?!\s|$)|(?<=\S)#|[ \t]+(?![\s#]|$))*/y

/** A scalar without quotes, which may go on over lines that lie deep enough. */
function readPlain(reader: Reader, outside: number): string {
  checkStart(reader)
  const lines: string[] = []
  for (;;) {
    plainLine.lastIndex = reader.at
    const line = plainLine.exec(reader.text)?.[0] ?? ''
    reader.at += line.length
    lines.push(line.trim())
    if (peek(reader) === ':') fail(reader, 'mapping values are not allowed in this context')
    const before = reader.at
    const breaks = skipBreaks(reader)
    if (breaks === 0 || isEnd(reader) || column(reader) <= outside || peek(reader) === '#') {
      reader.at = before
      return foldLines(lines)
    }
    for (let i = 1; i < breaks; i++) lines.push('')
  }
}

function skipBreaks(reader: Reader): number {
  let breaks = 0
  for (;;) {
    skipSpaces(reader)
    if (peek(reader) === '\r') reader.at++
    if (peek(reader) !== '\n') return breaks
    reader.at++
    breaks++
  }
}
