import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { mergeObjects, type Path, printPath } from './path.ts'

/** Where something is written. */
export type Location = { readonly file: string; readonly line?: number; readonly column?: number }

/** One source of configuration: a file, the environment, the command line. */
export type Source = {
  readonly name: string
  /** What this source says, over what those before it said. */
  over(tree: JsonObject): JsonObject
  /** Where the key or the value of a path is written; null where this source says nothing about it. */
  locate(path: Path, part: 'key' | 'value'): Location | null
}

/** Aliases are expanded, so a short text can be a huge document (reliability.md §10, B12). */
const MOST_BYTES = 1024 * 1024
const MOST_LEVELS = 64

/** Reads a file in YAML 1.2 or JSON (which is YAML), with the place of everything in it. */
export function readDocument(file: string, text: string): Source {
  const fail = (problem: Omit<ConfigProblem, 'file'>) => new ConfigError([{ file, ...problem }])
  if (text.length > MOST_BYTES) throw fail({ key: '(the file)', need: 'at most 1 MiB' })
  if (file.endsWith('.toml')) {
    throw fail({
      key: '(the file)',
      got: 'TOML',
      need: 'YAML or JSON',
      fix: 'convert it: every TOML document has a JSON form',
    })
  }

  const lines = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const document = parse(text, lines)
  if (document === null) throw fail({ key: '(the file)', need: `at most ${MOST_LEVELS} levels of nesting` })
  const [fault] = [...document.errors, ...document.warnings]
  // The first one only: those after it are mostly its consequences.
  if (fault !== undefined)
    throw fail({ ...at(fault.pos[0]), key: '(syntax)', got: fault.message, need: 'valid YAML or JSON' })

  const reader = createReader(document, (node) => ({ file, ...at(node?.range?.[0] ?? 0) }))
  const value = document.contents === null ? {} : reader.read(document.contents, [])
  if (reader.problems.length > 0) throw new ConfigError(reader.problems)
  if (value === null) return { name: file, over: (tree) => tree, locate: () => null }
  if (!isJsonObject(value))
    throw fail({ line: 1, column: 1, key: '(the file)', need: 'keys and values at the top level' })
  return {
    name: file,
    over: (tree) => mergeObjects(tree, value),
    locate: (path, part) => {
      const offset = locate(document, path, part)
      return offset === null ? null : { file, ...at(offset) }
    },
  }
}

/** Null if it nests so deep that the parser gives up. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    const document = parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false })
    return document.errors.some(({ message }) => message.includes('call stack')) ? null : document
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Turns nodes into values within bounds, and collects what has no value. */
function createReader(document: Document.Parsed, at: (node: Node | null) => Location) {
  const problems: ConfigProblem[] = []
  const size = { bytes: 0, isTooLarge: false }
  const report = (node: Node | null, path: Path, need: string, got?: string): null => {
    problems.push({ ...at(node), key: printPath(path) || '(the file)', need, ...(got === undefined ? {} : { got }) })
    return null
  }
  const count = (node: Node, path: Path, bytes: number): boolean => {
    size.bytes += bytes
    if (size.bytes <= MOST_BYTES) return true
    if (!size.isTooLarge) report(node, path, 'a smaller document', 'the document expands beyond 1 MiB')
    size.isTooLarge = true
    return false
  }

  /** Looking an anchor up takes as long as the document is, and the same alias may be met very often. */
  const targets = new Map<Node, Node>()
  const read = (node: unknown, path: Path): Json => {
    if (size.isTooLarge) return null
    if (isAlias(node)) {
      const target = targets.get(node) ?? node.resolve(document)
      if (target !== undefined) targets.set(node, target)
      if (target === undefined) return report(node, path, 'an anchor that is defined above', `*${node.source}`)
      return read(target, path)
    }
    if (isScalar(node)) return readScalar(node.value, node, path)
    if (isSeq(node)) {
      if (!mayEnter(node, path)) return null
      return node.items.map((item, index) => read(item, [...path, index]))
    }
    if (isMap(node)) return mayEnter(node, path) ? readMap(node.items, path) : null
    return null
  }
  const mayEnter = (node: Node, path: Path): boolean => {
    if (path.length < MOST_LEVELS) return count(node, path, 2)
    report(node, path.slice(0, 4), `at most ${MOST_LEVELS} levels of nesting`)
    return false
  }
  const readScalar = (value: unknown, node: Node, path: Path): Json => {
    if (!count(node, path, typeof value === 'string' ? value.length + 2 : 4)) return null
    if (typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : report(node, path, 'a number', String(value))
    return value === null ? null : report(node, path, 'text, a number, true, false or null')
  }
  const readMap = (pairs: readonly Pair[], path: Path): Json => {
    const members = new Map<string, Json>()
    const firsts = new Map<string, Location>()
    for (const { key, value } of pairs) {
      const name = keyOf(key)
      if (name === null) {
        report(isNode(key) ? key : null, path, 'a plain key')
        continue
      }
      if (name === '<<') {
        const merged = read(value, path)
        for (const part of Array.isArray(merged) ? merged : [merged]) {
          if (isJsonObject(part))
            for (const [inner, json] of Object.entries(part)) if (!members.has(inner)) members.set(inner, json)
        }
        continue
      }
      const first = firsts.get(name)
      const here = at(isNode(key) ? key : null)
      if (first !== undefined) {
        problems.push({
          ...here,
          key: printPath([...path, name]),
          got: `duplicate key '${name}' (first at line ${first.line})`,
          need: 'each key once',
        })
        continue
      }
      firsts.set(name, here)
      members.set(name, read(value, [...path, name]))
    }
    return Object.fromEntries(members)
  }
  return { problems, read }
}

const isNode = (value: unknown): value is Node => isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)

const keyOf = (key: unknown): string | null =>
  isScalar(key) && (typeof key.value === 'string' || typeof key.value === 'number') ? String(key.value) : null

/** The offset of a path in a document, through aliases and merged maps. */
function locate(document: Document.Parsed, path: Path, part: 'key' | 'value'): number | null {
  let node: unknown = document.contents
  let offset: number | null = 0
  for (const step of path) {
    const inner = resolve(document, node)
    if (isSeq(inner)) {
      node = typeof step === 'number' ? inner.items[step] : undefined
      offset = isNode(node) ? (node.range?.[0] ?? null) : null
    } else {
      const pair = isMap(inner) ? findPair(document, inner.items, String(step)) : null
      if (pair === null) return null
      node = pair.value
      const named = part === 'key' || !isNode(node) || node.range === undefined ? pair.key : node
      offset = isNode(named) ? (named.range?.[0] ?? null) : null
    }
    if (offset === null) return null
  }
  return offset
}

const resolve = (document: Document.Parsed, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)

function findPair(document: Document.Parsed, pairs: readonly Pair[], name: string): Pair | null {
  const own = pairs.find(({ key }) => keyOf(key) === name)
  if (own !== undefined) return own
  for (const { key, value } of pairs) {
    if (keyOf(key) !== '<<') continue
    const merged = resolve(document, value)
    for (const part of isSeq(merged) ? merged.items : [merged]) {
      const inner = resolve(document, part)
      const found = isMap(inner) ? findPair(document, inner.items, name) : null
      if (found !== null) return found
    }
  }
  return null
}
