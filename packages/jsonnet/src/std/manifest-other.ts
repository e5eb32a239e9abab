import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { numberText } from '../runtime/numbers.ts'
import { fieldNames, index, visibilityOf } from '../runtime/objects.ts'
import { asArray, asObject } from '../runtime/operators.ts'
import { quote } from '../runtime/quote.ts'
import { textOf, type Obj, typeOf, type Value } from '../runtime/values.ts'
import { type Chapter, libraryRoutine } from './define.ts'
import { deepJoin } from './join.ts'

/** INI files, Python and XML. */
export const manifestOther: Chapter = {
  manifestIni: libraryRoutine(['ini'], function* (m, [ini], at) {
    const file = asObject(m, ini, at)
    const lines: string[] = []
    const visibility = visibilityOf(m, file, 'main')
    if (visibility !== undefined && visibility !== 'hidden')
      yield* iniLines(m, asObject(m, index(m, file, 'main', at) ?? (yield), at), lines, at)
    const sections = asObject(m, index(m, file, 'sections', at) ?? (yield), at)
    for (const name of fieldNames(m, sections, false)) {
      lines.push(`[${name}]`)
      yield* iniLines(m, asObject(m, index(m, sections, name, at) ?? (yield), at), lines, at)
    }
    return joined(m, [...lines, ''], '\n')
  }),
  manifestPython: libraryRoutine(['v'], (m, [v], at) => python(m, v, at)),
  manifestPythonVars: libraryRoutine(['conf'], function* (m, [conf], at) {
    const obj = asObject(m, conf, at)
    const lines: string[] = []
    for (const name of fieldNames(m, obj, false)) {
      const value = index(m, obj, name, at) ?? (yield)
      lines.push(`${name} = ${textOf(drive(m, python(m, value, at)) ?? (yield))}`)
    }
    return joined(m, [...lines, ''], '\n')
  }),
  manifestXmlJsonml: libraryRoutine(['value'], function* (m, [value], at) {
    if (typeOf(value) !== 'array') fail(m, `Expected a JSONML value (an array), got ${typeOf(value)}`, at)
    return yield* xml(m, value, at)
  }),
}

function joined(m: Machine, parts: readonly string[], separator: string): string {
  const text = parts.join(separator)
  allocate(m, text.length)
  return text
}

function* iniLines(m: Machine, body: Obj, lines: string[], at: Trace): Routine<void> {
  for (const name of fieldNames(m, body, false)) {
    const value = index(m, body, name, at) ?? (yield)
    const values = typeof value === 'object' && value.kind === 'array' ? value.items : [value]
    for (const item of values) {
      const text = toText(m, force(m, item, at) ?? (yield), at) ?? (yield)
      lines.push(`${name} = ${textOf(text)}`)
    }
  }
}

function* python(m: Machine, value: Value, at: Trace): Routine {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const parts: string[] = []
  switch (value.kind) {
    case 'null':
      return 'None'
    case 'function':
      return fail(m, 'cannot manifest function', at)
    case 'array':
      for (const item of value.items) {
        const element = force(m, item, at) ?? (yield)
        parts.push(textOf(drive(m, python(m, element, at)) ?? (yield)))
      }
      return `[${joined(m, parts, ', ')}]`
    case 'object':
      for (const name of fieldNames(m, value, false)) {
        const field = index(m, value, name, at) ?? (yield)
        parts.push(`${quote(name)}: ${textOf(drive(m, python(m, field, at)) ?? (yield))}`)
      }
      return `{${joined(m, parts, ', ')}}`
    default:
      return value satisfies never
  }
}

/** JSONML: a tag, perhaps its attributes, and what is inside. */
function* xml(m: Machine, value: Value, at: Trace): Routine {
  if (typeof value === 'string') return value
  const [first, ...rest] = asArray(m, value, at).items
  if (first === undefined) return fail(m, 'Index 0 out of bounds, not within [0, 0)', at)
  const tag = force(m, first, at) ?? (yield)
  const [second] = rest
  const attributes = second === undefined ? tag : (force(m, second, at) ?? (yield))
  const name = yield* deepJoin(m, tag, at)
  const parts = [`<${name}`]
  const hasAttributes = typeof attributes === 'object' && attributes.kind === 'object'
  if (hasAttributes)
    for (const key of fieldNames(m, attributes, false)) {
      const attribute = toText(m, index(m, attributes, key, at) ?? (yield), at) ?? (yield)
      parts.push(` ${key}="${textOf(attribute)}"`)
    }
  parts.push('>')
  for (const child of hasAttributes ? rest.slice(1) : rest) {
    const element = force(m, child, at) ?? (yield)
    parts.push(textOf(drive(m, xml(m, element, at)) ?? (yield)))
  }
  return joined(m, [...parts, `</${name}>`], '')
}
