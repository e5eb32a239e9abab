import { allocate, drive, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { has, index } from '../runtime/objects.ts'
import { asNumber } from '../runtime/operators.ts'
import { lengthOf } from '../runtime/text.ts'
import { textOf, array, type Arr, type Obj, typeOf, type Value } from '../runtime/values.ts'
import { type Code, parseFormat } from './format-codes.ts'
import { charOf } from './char.ts'
import { renderDecimal, renderHex, renderInteger, renderScientific, shortExponent } from './format-numbers.ts'

/** Fills values into a text with `%` codes. */
export function format(m: Machine, text: string, values: Value, at: Trace): Value | undefined {
  const codes = parseFormat(m, text, at)
  if (typeof values === 'object' && values.kind === 'object') return drive(m, fromObject(m, codes, values, at))
  const list = typeof values === 'object' && values.kind === 'array' ? values : array([values])
  return drive(m, fromList(m, codes, list, at))
}

type Codes = readonly (string | Code)[]

function* fromList(m: Machine, codes: Codes, { items }: Arr, at: Trace): Routine {
  let out = ''
  let next = 0
  const missing = (than: string): never =>
    fail(m, `Not enough values to format: ${items.length}, expected ${than} ${next}`, at)
  for (const code of codes) {
    if (typeof code === 'string') {
      out += code
      continue
    }
    let { width, precision } = code
    if (width === '*') width = asNumber(m, force(m, items[next] ?? missing('at least'), at) ?? (yield), at)
    if (code.width === '*') next++
    if (precision === '*') precision = asNumber(m, force(m, items[next] ?? missing('at least'), at) ?? (yield), at)
    if (code.precision === '*') next++
    let piece = '%'
    if (code.conversion !== '%') {
      const value = force(m, items[next] ?? missing('more than'), at) ?? (yield)
      piece = textOf(convert(m, value, { code, width, precision, label: next }, at) ?? (yield))
      next++
    }
    out += pad(m, piece, width, code.flags.left)
  }
  if (next < items.length) fail(m, `Too many values to format: ${items.length}, expected ${next}`, at)
  allocate(m, out.length)
  return out
}

function* fromObject(m: Machine, codes: Codes, obj: Obj, at: Trace): Routine {
  let out = ''
  for (const code of codes) {
    if (typeof code === 'string') {
      out += code
      continue
    }
    const { width, precision, conversion, key } = code
    if (width === '*') return fail(m, 'Cannot use * field width with object.', at)
    let piece = '%'
    if (conversion !== '%') {
      if (key === undefined) return fail(m, 'Mapping keys required.', at)
      if (!has(m, obj, key)) fail(m, `No such field: ${key}`, at)
      const value = index(m, obj, key, at) ?? (yield)
      if (precision === '*') return fail(m, 'Cannot use * precision with object.', at)
      piece = textOf(convert(m, value, { code, width, precision, label: key }, at) ?? (yield))
    }
    out += pad(m, piece, width, code.flags.left)
  }
  allocate(m, out.length)
  return out
}

function pad(m: Machine, text: string, width: number, left: boolean): string {
  const missing = Math.ceil(width - lengthOf(text))
  if (missing <= 0) return text
  allocate(m, missing)
  return left ? text + ' '.repeat(missing) : ' '.repeat(missing) + text
}

type Conversion = {
  readonly code: Code
  readonly width: number
  readonly precision: number | undefined
  /** The key or number of the value, for errors. */
  readonly label: string | number
}

function convert(m: Machine, value: Value, how: Conversion, at: Trace): Value | undefined {
  const { conversion } = how.code
  if (conversion === 's') return toText(m, value, at)
  if (conversion === 'c') return character(m, value, at)
  if (typeof value === 'number') return number(m, value, how, at)
  return fail(m, `Format required number at ${how.label}, got ${typeOf(value)}`, at)
}

function character(m: Machine, value: Value, at: Trace): string {
  if (typeof value === 'number') return charOf(m, value, at)
  if (typeof value !== 'string') return fail(m, `%c expected number / string, got: ${typeOf(value)}`, at)
  const length = lengthOf(value)
  return length === 1 ? value : fail(m, `%c expected 1-sized string got: ${length}`, at)
}

function number(m: Machine, value: number, { code, width, precision }: Conversion, at: Trace): string {
  const { flags, conversion, capitals } = code
  const zeros = flags.zero && !flags.left ? width : 0
  const digits = precision ?? 0
  allocate(m, Math.max(0, width) + Math.max(0, digits))
  const style = { ...flags, zeros, capitals, digits, trailing: true }
  switch (conversion) {
    case 'd':
      return renderInteger(value <= -1, Math.floor(Math.abs(value)), { ...style, radix: 10, prefix: '' })
    case 'o':
      return renderInteger(value <= -1, Math.floor(Math.abs(value)), {
        ...style,
        radix: 8,
        prefix: flags.alternate ? '0' : '',
      })
    case 'x':
      return renderHex(Math.floor(value), style)
    case 'f':
      return renderDecimal(m, value, { ...style, digits: precision ?? 6 }, at)
    case 'e':
      return renderScientific(m, value, { ...style, digits: precision ?? 6 }, at)
    default:
      return general(m, value, { ...style, digits: precision ?? 6, trailing: flags.alternate }, at)
  }
}

/** `%g`: the shorter of `%f` and `%e`. */
function general(m: Machine, value: number, style: Parameters<typeof renderDecimal>[2], at: Trace): string {
  const exponent = shortExponent(value)
  if (exponent < -4 || exponent >= style.digits)
    return renderScientific(m, value, { ...style, digits: style.digits - 1 }, at)
  return renderDecimal(m, value, { ...style, digits: style.digits - Math.max(1, exponent + 1) }, at)
}
