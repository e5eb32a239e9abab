import type { Json } from '../../runtime/values.ts'
import { readNode } from './block.ts'
import { fail, isEnd, type Reader, skipBlank, YamlError } from './reader.ts'

const control = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

type Result = { readonly value: Json } | { readonly problem: string }

/** Reads YAML; a stream of documents, which a line of dashes announces, becomes a list. */
export function parseYaml(text: string, allocate: (bytes: number) => void): Result {
  const { documents, isStream } = splitDocuments(text)
  try {
    if (control.test(text)) throw new YamlError('yaml: control characters are not allowed')
    const values = documents.map((document) => readDocument(document, allocate))
    return { value: isStream ? values : (values[0] ?? null) }
  } catch (error) {
    if (error instanceof YamlError) return { problem: `error converting YAML to JSON: ${error.message}` }
    throw error
  }
}

function splitDocuments(text: string): { documents: string[]; isStream: boolean } {
  const documents: string[] = []
  let lines: string[] = []
  let isStream = false
  const close = (): void => {
    if (lines.length > 0) documents.push(`${lines.join('\n')}\n`)
    lines = []
  }
  const all = text.split('\n')
  if (all.at(-1) === '') all.pop()
  for (const line of all.map((each) => each.replace(/\r$/, ''))) {
    if (/^---\s*$/.test(line)) {
      isStream = true
      close()
    } else lines.push(line)
  }
  close()
  return { documents, isStream }
}

function readDocument(text: string, allocate: (bytes: number) => void): Json {
  const reader: Reader = { text: text.replace(/^\ufeff/, ''), at: 0, anchors: new Map(), allocate }
  skipMarkers(reader)
  const value = readNode(reader, { outside: -1, depth: 0, inline: false, inList: false })
  skipBlank(reader)
  if (!isEnd(reader) && !/^(?:\.\.\.|---)(?:\s|$)/.test(reader.text.slice(reader.at)))
    fail(reader, 'did not find expected <document start>')
  return value
}

/** Directives, and dashes that have something behind them. */
function skipMarkers(reader: Reader): void {
  for (let directives = 0; ; directives++) {
    skipBlank(reader)
    const rest = reader.text.slice(reader.at)
    const directive = /^%[A-Za-z]+[^\n]*/.exec(rest)?.[0]
    if (directive !== undefined && !/^%(?:YAML|TAG)\b/.test(directive)) fail(reader, 'found unknown directive name')
    if (directive !== undefined) reader.at += directive.length
    else if (rest.startsWith('%')) fail(reader, 'could not find expected directive name')
    else {
      if (/^---\s/.test(rest)) reader.at += 3
      else if (directives > 0) throw new YamlError('yaml: line 1: did not find expected <document start>')
      return
    }
  }
}
