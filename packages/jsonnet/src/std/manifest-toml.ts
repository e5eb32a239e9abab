import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { numberText } from '../runtime/numbers.ts'
import { fieldNames, index } from '../runtime/objects.ts'
import { asArray, asString } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { textOf, type Arr, type Obj, typeOf, type Value } from '../runtime/values.ts'
import { builtinRoutine, type Chapter, libraryRoutine } from './define.ts'

/** TOML. */
export const manifestToml: Chapter = {
  manifestToml: libraryRoutine(['value'], (m, [value], at) => toml(m, value, '  ', at)),
  manifestTomlEx: builtinRoutine(['value', 'indent'], (m, [value, indent], at) =>
    toml(m, value, asString(m, indent, at), at),
  ),
}

type Writing = {
  readonly step: string
  readonly indent: string
  /** The names of the tables around, and the same with the numbers of list elements. */
  readonly path: readonly string[]
  readonly fullPath: readonly string[]
  readonly at: Trace
}

function* toml(m: Machine, value: Value, step: string, at: Trace): Routine {
  if (typeof value !== 'object' || value.kind !== 'object')
    return fail(m, `TOML body must be an object. Got ${typeOf(value)}`, at)
  return yield* table(m, value, { step, indent: '', path: [], fullPath: [], at })
}

function* table(m: Machine, obj: Obj, writing: Writing): Routine<string> {
  const { indent, at } = writing
  const plain: string[] = []
  const sections: string[] = ['']
  for (const name of fieldNames(m, obj, false)) {
    const value = index(m, obj, name, at) ?? (yield)
    const inner = { ...writing, path: [...writing.path, name], fullPath: [...writing.fullPath, name] }
    if (yield* isSection(m, value, at)) sections.push(textOf(drive(m, section(m, value, inner)) ?? (yield)))
    else {
      const text = drive(m, render(m, value, { ...inner, indent: '' }, false)) ?? (yield)
      for (const line of `${key(name)} = ${textOf(text)}`.split('\n')) plain.push(line)
    }
  }
  const text = (plain.length > 0 ? indent : '') + plain.join(`\n${indent}`) + sections.join('\n\n')
  allocate(m, text.length)
  return text
}

/** Objects are sections, and lists of nothing but objects. */
function* isSection(m: Machine, value: Value, at: Trace): Routine<boolean> {
  if (typeof value !== 'object') return false
  if (value.kind === 'object') return true
  if (value.kind !== 'array' || value.items.length === 0) return false
  for (const item of value.items) {
    const element = force(m, item, at) ?? (yield)
    if (typeOf(element) !== 'object') return false
  }
  return true
}

function* section(m: Machine, value: Value, writing: Writing): Routine {
  const { indent, path, step, at } = writing
  const title = path.map(key).join('.')
  const inner = { ...writing, indent: indent + step }
  if (typeof value === 'object' && value.kind === 'object') return `${indent}[${title}]${yield* below(m, value, inner)}`
  const parts: string[] = []
  for (const [i, item] of asArray(m, value, at).items.entries()) {
    const element = force(m, item, at) ?? (yield)
    if (typeof element !== 'object' || element.kind !== 'object') continue
    const text = yield* below(m, element, { ...inner, fullPath: [...writing.fullPath, String(i)] })
    parts.push(`${indent}[[${title}]]${text}`)
  }
  return parts.join('\n\n')
}

function* below(m: Machine, obj: Obj, writing: Writing): Routine<string> {
  const text = yield* table(m, obj, writing)
  return fieldNames(m, obj, false).length > 0 ? `\n${text}` : text
}

function* render(m: Machine, value: Value, writing: Writing, inline: boolean): Routine {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return String(value)
  const where = `[${writing.fullPath.join(' ')}]`
  switch (value.kind) {
    case 'null':
      return fail(m, `Tried to manifest "null" at ${where}`, writing.at)
    case 'function':
      return fail(m, `Tried to manifest function at ${where}`, writing.at)
    case 'array':
      return yield* renderList(m, value, writing, inline)
    case 'object':
      return yield* renderInline(m, value, writing)
    default:
      return value satisfies never
  }
}

function* renderList(m: Machine, { items }: Arr, writing: Writing, inline: boolean): Routine<string> {
  if (items.length === 0) return '[]'
  const [indent, separator] = inline ? ['', ' '] : [writing.indent + writing.step, '\n']
  const parts: string[] = []
  for (const [i, item] of items.entries()) {
    const element = force(m, item, writing.at) ?? (yield)
    const inner = { ...writing, indent: '', fullPath: [...writing.fullPath, String(i)] }
    parts.push(indent + textOf(drive(m, render(m, element, inner, true)) ?? (yield)))
  }
  const text = `[${separator}${parts.join(`,${separator}`)}${separator}${inline ? writing.indent : ''}]`
  allocate(m, text.length)
  return text
}

function* renderInline(m: Machine, obj: Obj, writing: Writing): Routine<string> {
  const parts: string[] = []
  for (const name of fieldNames(m, obj, false)) {
    const value = index(m, obj, name, writing.at) ?? (yield)
    const inner = { ...writing, indent: '', fullPath: [...writing.fullPath, name] }
    parts.push(`${key(name)} = ${textOf(drive(m, render(m, value, inner, true)) ?? (yield))}`)
  }
  const text = `{ ${parts.join(', ')} }`
  allocate(m, text.length)
  return text
}

function key(name: string): string {
  if (name === '') return "''"
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : quote(name)
}
