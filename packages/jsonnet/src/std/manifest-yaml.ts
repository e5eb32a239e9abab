import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { plainNumber } from '../runtime/numbers.ts'
import { fieldNames, index } from '../runtime/objects.ts'
import { asArray, asBoolean } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { type Arr, NULL, type Obj, typeOf, type Value } from '../runtime/values.ts'
import { builtinRoutine, type Chapter, libraryRoutine, type Params } from './define.ts'

type Style = { readonly indentLists: boolean; readonly quoteKeys: boolean }
const step = '  '
const params: Params = ['value', ['indent_array_in_object', false], ['quote_keys', true]]
const streamParams: Params = [
  'value',
  ['indent_array_in_object', false],
  ['c_document_end', true],
  ['quote_keys', true],
]

/** YAML. */
export const manifestYaml: Chapter = {
  manifestYamlDoc: builtinRoutine(params, function* (m, [value, indent, keys], at) {
    return yield* document(m, value, styleOf(m, indent, keys, at), at)
  }),
  manifestYamlStream: libraryRoutine(streamParams, function* (m, [value, indent, end, keys], at) {
    if (typeOf(value) !== 'array') fail(m, `manifestYamlStream only takes arrays, got ${typeOf(value)}`, at)
    const documents: string[] = []
    for (const item of asArray(m, value, at).items) {
      const element = force(m, item, at) ?? (yield)
      documents.push(yield* document(m, element, styleOf(m, indent, keys, at), at))
    }
    return `---\n${documents.join('\n---\n')}${asBoolean(m, end, at) ? '\n...\n' : '\n'}`
  }),
}

function styleOf(m: Machine, indent: Value, keys: Value, at: Trace): Style {
  return { indentLists: asBoolean(m, indent, at), quoteKeys: asBoolean(m, keys, at) }
}

type Writing = { readonly style: Style; readonly out: string[]; readonly at: Trace }

function* document(m: Machine, value: Value, style: Style, at: Trace): Routine<string> {
  const out: string[] = []
  void (drive(m, write(m, value, '', { style, out, at })) ?? (yield))
  return out.join('')
}

function put(m: Machine, { out }: Writing, text: string): void {
  allocate(m, text.length)
  out.push(text)
}

function* write(m: Machine, value: Value, indent: string, writing: Writing): Routine {
  if (typeof value !== 'object') put(m, writing, scalar(value, indent))
  else if (value.kind === 'null') put(m, writing, 'null')
  else if (value.kind === 'array') yield* writeList(m, value, indent, writing)
  else if (value.kind === 'object') yield* writeObject(m, value, indent, writing)
  // go-jsonnet writes nothing for a function.
  return NULL
}

function scalar(value: string | number | boolean, indent: string): string {
  if (typeof value === 'number') return plainNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (value === '') return '""'
  if (!value.endsWith('\n')) return quote(value)
  const lines = value.slice(0, -1).split('\n')
  return `|${lines.map((line) => `\n${indent}${step}${line}`).join('')}`
}

function* writeList(m: Machine, { items }: Arr, indent: string, writing: Writing): Routine<void> {
  if (items.length === 0) put(m, writing, '[]')
  for (const [i, item] of items.entries()) {
    const value = force(m, item, writing.at) ?? (yield)
    const isList = typeof value === 'object' && value.kind === 'array' && value.items.length > 0
    const isNested = typeof value === 'object' && (value.kind === 'array' || value.kind === 'object')
    put(m, writing, `${i > 0 ? `\n${indent}` : ''}-${isList ? `\n${indent}${step}` : ' '}`)
    void (drive(m, write(m, value, isNested ? indent + step : indent, writing)) ?? (yield))
  }
}

function* writeObject(m: Machine, obj: Obj, indent: string, writing: Writing): Routine<void> {
  const names = fieldNames(m, obj, false)
  if (names.length === 0) put(m, writing, '{}')
  for (const [i, name] of names.entries()) {
    const value = index(m, obj, name, writing.at) ?? (yield)
    const key = writing.style.quoteKeys || !isBare(name) ? quote(name) : name
    const deeper = indentBehind(m, value, indent, writing.style)
    const gap = deeper === undefined ? ' ' : `\n${deeper}`
    put(m, writing, `${i > 0 ? `\n${indent}` : ''}${key}:${gap}`)
    void (drive(m, write(m, value, deeper ?? indent, writing)) ?? (yield))
  }
}

/** The indent of a value that starts on the line below its key. */
function indentBehind(m: Machine, value: Value, indent: string, { indentLists }: Style): string | undefined {
  if (typeof value !== 'object') return undefined
  if (value.kind === 'array' && value.items.length > 0) return indentLists ? indent + step : indent
  return value.kind === 'object' && fieldNames(m, value, false).length > 0 ? indent + step : undefined
}

const reserved = /^(?:true|false|yes|no|on|off|y|n|\.nan|[-+]?\.inf|null|-|---|'')$/i
const timestamp = /^(?:[0-9]*-){2}[0-9]*$/
const binary = /^[-+]?0b[01_]+$/
const hexadecimal = /[-+]?0x[0-9a-fA-F_]+/
/** What Go reads as a number. */
const number =
  /^[-+]?(?:(?:[0-9]+(?:_?[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|inf|infinity|nan|0x[0-9a-f]*\.?[0-9a-f]*p[-+]?[0-9]+)$/i

/** Whether a key needs no quotes. */
function isBare(name: string): boolean {
  if (!/^[A-Za-z0-9_\-/.]+$/.test(name) || reserved.test(name)) return false
  return ![timestamp, binary, hexadecimal].some((pattern) => pattern.test(name)) && !isNumber(name)
}

function isNumber(name: string): boolean {
  return !name.includes('_') && number.test(name)
}
