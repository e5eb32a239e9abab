import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { plainNumber } from '../runtime/numbers.ts'
import { fieldNames, index } from '../runtime/objects.ts'
import { asString } from '../runtime/operators.ts'
import { textOf, type Value } from '../runtime/values.ts'
import { builtinRoutine, type Chapter, libraryRoutine } from './define.ts'

type Layout = { readonly indent: string; readonly newline: string; readonly colon: string }
/** Where in the value something is; a chain, because a list for each place would cost the square of the depth. */
type Path = { readonly step: string; readonly outer: Path } | undefined

/** JSON in layouts of the program's choosing. */
export const manifestJson: Chapter = {
  manifestJson: libraryRoutine(['value'], (m, [value], at) =>
    json(m, value, { indent: '    ', newline: '\n', colon: ': ' }, at),
  ),
  manifestJsonMinified: libraryRoutine(['value'], (m, [value], at) =>
    json(m, value, { indent: '', newline: '', colon: ':' }, at),
  ),
  manifestJsonEx: builtinRoutine(
    ['value', 'indent', ['newline', '\n'], ['key_val_sep', ': ']],
    (m, [value, indent, newline, colon], at) =>
      json(
        m,
        value,
        { indent: asString(m, indent, at), newline: asString(m, newline, at), colon: asString(m, colon, at) },
        at,
      ),
  ),
}

function json(m: Machine, value: Value, layout: Layout, at: Trace): Routine {
  return write(m, value, { layout, path: undefined, depth: 1, at })
}

type Writing = { readonly layout: Layout; readonly path: Path; readonly depth: number; readonly at: Trace }

function* write(m: Machine, value: Value, writing: Writing): Routine {
  const { layout, path, depth, at } = writing
  const scalar = scalarText(m, value, path, at)
  if (scalar !== undefined) return scalar
  if (typeof value !== 'object' || (value.kind !== 'array' && value.kind !== 'object')) return ''
  const isArray = value.kind === 'array'
  const inner = (step: string): Writing => ({ layout, path: { step, outer: path }, depth: depth + 1, at })
  const margin = layout.indent.repeat(depth)
  const lines: string[] = []
  if (isArray)
    for (const [i, item] of value.items.entries()) {
      const element = force(m, item, at) ?? (yield)
      lines.push(margin + textOf(drive(m, write(m, element, inner(String(i)))) ?? (yield)))
    }
  else
    for (const name of fieldNames(m, value, false)) {
      const field = index(m, value, name, at) ?? (yield)
      const text = textOf(drive(m, write(m, field, inner(name))) ?? (yield))
      lines.push(margin + goJsonString(name) + layout.colon + text)
    }
  const body = lines.join(`,${layout.newline}`)
  const end = layout.newline + layout.indent.repeat(depth - 1)
  allocate(m, body.length + end.length)
  return (isArray ? '[' : '{') + layout.newline + body + end + (isArray ? ']' : '}')
}

function scalarText(m: Machine, value: Value, path: Path, at: Trace): string | undefined {
  if (typeof value === 'string') return goJsonString(value)
  if (typeof value === 'number') return plainNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (value.kind === 'null') return 'null'
  return value.kind === 'function' ? fail(m, `tried to manifest function at ${pathText(path)}`, at) : undefined
}

function pathText(path: Path): string {
  const steps: string[] = []
  for (let at = path; at !== undefined; at = at.outer) steps.unshift(at.step)
  return `[${steps.join(' ')}]`
}

/** A JSON text as Go's own encoder writes it: it escapes two line separators besides. */
function goJsonString(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (char) => (char === '\u2028' ? '\\u2028' : '\\u2029'))
}
