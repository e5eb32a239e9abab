import type { Json } from '../../runtime/values.ts'
import { checkDepth, fail, isBlank, isEnd, peek, type Reader, skipBlank, skipSpaces, YamlError } from './reader.ts'
import { foldLines, keyText, readEscape, resolvePlain, resolveTagged } from './scalars.ts'

/** Properties in front of a node: a name to refer to it by, and what it is. */
export type Properties = { readonly anchor: string | undefined; readonly tag: string | undefined }

const name = /[^\s,[\]{}]+/y

function word(reader: Reader): string {
  name.lastIndex = reader.at
  const found = name.exec(reader.text)?.[0] ?? ''
  reader.at += found.length
  return found
}

export function readProperties(reader: Reader): Properties {
  let [anchor, tag]: (string | undefined)[] = [undefined, undefined]
  for (;;) {
    skipSpaces(reader)
    if (peek(reader) === '&') {
      reader.at++
      anchor = word(reader)
    } else if (peek(reader) === '!') tag = word(reader)
    else return { anchor, tag }
  }
}

export function readAlias(reader: Reader): Json {
  reader.at++
  const wanted = word(reader)
  const value = reader.anchors.get(wanted)
  if (value === undefined) throw new YamlError(`yaml: unknown anchor '${wanted}' referenced`)
  return value
}

/** Remembers a node under its anchor. */
export function withAnchor(reader: Reader, { anchor }: Properties, value: Json): Json {
  if (anchor !== undefined) reader.anchors.set(anchor, value)
  return value
}

/** The value of a scalar without quotes. */
export function scalar(text: string, { tag }: Properties): Json {
  const read = tag === undefined ? resolvePlain(text) : resolveTagged(tag, text)
  if ('problem' in read) throw new YamlError(read.problem)
  return read.value
}

/** `[…]` and `{…}`, and what may stand in them. */
export function readFlow(reader: Reader, depth: number): Json {
  checkDepth(reader, depth)
  skipBlank(reader)
  const properties = readProperties(reader)
  skipBlank(reader)
  const char = peek(reader)
  if (char === '*') return readAlias(reader)
  if (char === '[') return withAnchor(reader, properties, readFlowList(reader, depth))
  if (char === '{') return withAnchor(reader, properties, readFlowMap(reader, depth))
  if (char === '"' || char === "'") {
    const text = readQuoted(reader)
    return withAnchor(reader, properties, properties.tag === undefined ? text : scalar(text, properties))
  }
  return withAnchor(reader, properties, scalar(readPlainInFlow(reader), properties))
}

function readFlowList(reader: Reader, depth: number): Json {
  const items: Json[] = []
  reader.at++
  for (;;) {
    skipBlank(reader)
    if (peek(reader) === ']') break
    const item = readFlow(reader, depth + 1)
    skipBlank(reader)
    if (isColon(reader)) {
      reader.at++
      items.push(pair(item, isEntryEnd(reader) ? null : readFlow(reader, depth + 1)))
      skipBlank(reader)
    } else items.push(item)
    endEntry(reader, ']')
  }
  reader.at++
  return items
}

function readFlowMap(reader: Reader, depth: number): Json {
  const fields = new Map<string, Json>()
  reader.at++
  for (;;) {
    skipBlank(reader)
    if (peek(reader) === '}') break
    if (peek(reader) === '?' && isBlank(peek(reader, 1))) reader.at++
    const key = readFlow(reader, depth + 1)
    skipBlank(reader)
    let value: Json = null
    if (isColon(reader)) {
      reader.at++
      value = isEntryEnd(reader) ? null : readFlow(reader, depth + 1)
      skipBlank(reader)
    }
    fields.set(keyOf(key, value), value)
    endEntry(reader, '}')
  }
  reader.at++
  return mapOf(fields)
}

function isColon(reader: Reader): boolean {
  const next = peek(reader, 1)
  return peek(reader) === ':' && (isBlank(next) || /[,[\]{}"']/.test(next) || /["'}\]]/.test(peek(reader, -1)))
}

function isEntryEnd(reader: Reader): boolean {
  skipBlank(reader)
  return /[,\]}]/.test(peek(reader))
}

function endEntry(reader: Reader, close: ']' | '}'): void {
  if (peek(reader) === ',') reader.at++
  else if (peek(reader) !== close) fail(reader, `did not find expected ',' or '${close}'`)
}

function pair(key: Json, value: Json): Json {
  return mapOf(new Map([[keyOf(key, value), value]]))
}

/** A key as JSON must have it. */
export function keyOf(key: Json, value: Json): string {
  const text = keyText(key)
  if (text !== undefined) return text
  const [type, shown] = key === null ? ['%!s(<nil>)', '<nil>'] : ['map[interface {}]interface {}', JSON.stringify(key)]
  throw new YamlError(`unsupported map key of type: ${type}, key: ${shown}, value: ${JSON.stringify(value)}`)
}

/** An object of the fields, with what `<<` merges in behind them. */
export function mapOf(fields: ReadonlyMap<string, Json>): Json {
  const merged = fields.get('<<')
  const own = [...fields].filter(([key]) => key !== '<<' || !isMergeable(merged))
  const bases = isMergeable(merged) ? (isList(merged) ? merged.toReversed() : [merged]) : []
  return Object.fromEntries([...bases.flatMap((base) => Object.entries(base ?? {})), ...own])
}

function isMergeable(value: Json | undefined): value is Json {
  return typeof value === 'object' && value !== null
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

const plainInFlow = /(?:[^\s,[\]{}:#]|:(?![\s,[\]{}]|$)|(?<=\S)#|[ \t]+(?![\s#:,[\]{}]|$)|[ \t]+:(?![\s,[\]{}]))*/y

function readPlainInFlow(reader: Reader): string {
  const lines: string[] = []
  for (;;) {
    checkStart(reader)
    plainInFlow.lastIndex = reader.at
    const line = plainInFlow.exec(reader.text)?.[0] ?? ''
    reader.at += line.length
    lines.push(line.trim())
    const before = reader.at
    if (!skipBlank(reader) || isEnd(reader) || /[,[\]{}:#]/.test(peek(reader))) {
      reader.at = before
      return foldLines(lines)
    }
  }
}

/** Some characters begin nothing. */
export function checkStart(reader: Reader): void {
  const char = peek(reader)
  if (/[@`%\t]/.test(char)) fail(reader, 'found character that cannot start any token')
  if (/[,\]}]/.test(char)) fail(reader, 'did not find expected node content')
}

/** A text in quotes of either kind. */
export function readQuoted(reader: Reader): string {
  const quote = peek(reader)
  reader.at++
  let line = ''
  const lines: string[] = []
  for (;;) {
    if (isEnd(reader)) fail(reader, 'found unexpected end of stream')
    const char = peek(reader)
    reader.at++
    if (char === quote && quote === "'" && peek(reader) === "'") {
      line += "'"
      reader.at++
    } else if (char === quote) return foldLines([...lines, line])
    else if (char === '\\' && quote === '"') line += readEscaped(reader)
    else if (char === '\n') {
      lines.push(lines.length === 0 ? line.trimEnd() : line.trim())
      line = ''
      skipSpaces(reader)
    } else line += char
  }
}

function readEscaped(reader: Reader): string {
  if (peek(reader) === '\n') {
    // The line goes on as if there were no break.
    reader.at++
    skipSpaces(reader)
    return ''
  }
  const escape = readEscape(reader.text, reader.at)
  if (escape === undefined) return fail(reader, 'found unknown escape character')
  reader.at += escape.length
  return escape.text
}
