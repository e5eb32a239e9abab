import type { Machine, Trace } from '../runtime/machine.ts'
import { numberText } from '../runtime/numbers.ts'
import { finite } from '../runtime/operators.ts'
import type { Flags } from './format-codes.ts'
import { log, pow } from '../numeric/exponential.ts'

export type Style = Flags & {
  /** How wide the number is made with zeros. */
  readonly zeros: number
  readonly digits: number
  readonly capitals: boolean
  /** Whether zeros at the end stay. */
  readonly trailing: boolean
}

type IntegerStyle = Pick<Flags, 'blank' | 'plus'> & {
  readonly zeros: number
  readonly digits: number
  readonly radix: number
  readonly prefix: string
}

const powersOfTen: readonly number[] = Array.from({ length: 20 }, (_, power) => pow(10, power))

/** An integer of any radix up to ten, with the arithmetic of go-jsonnet's library on large numbers. */
export function renderInteger(isNegative: boolean, magnitude: number, style: IntegerStyle): string {
  const { zeros, digits, radix, prefix } = style
  let text = magnitude === 0 ? '0' : ''
  for (let n = magnitude; n !== 0; n = Math.floor(n / radix)) text = numberText(n % radix) + text
  if (magnitude !== 0) text = prefix + text
  const sign = signOf(isNegative, style)
  return sign + text.padStart(Math.max(zeros - sign.length, digits), '0')
}

function signOf(isNegative: boolean, { plus, blank }: Pick<Flags, 'blank' | 'plus'>): string {
  if (isNegative) return '-'
  return plus ? '+' : blank ? ' ' : ''
}

/** A hexadecimal integer. */
export function renderHex(value: number, { zeros, digits, alternate, capitals, ...flags }: Style): string {
  const numerals = capitals ? '0123456789ABCDEF' : '0123456789abcdef'
  const magnitude = Math.floor(Math.abs(value))
  let text = magnitude === 0 ? '0' : ''
  for (let n = magnitude; n !== 0; n = Math.floor(n / 16)) text = numerals.charAt(n % 16) + text
  const sign = signOf(value < 0, flags)
  const prefix = alternate ? (capitals ? '0X' : '0x') : ''
  return sign + prefix + text.padStart(Math.max(zeros - sign.length - prefix.length, digits), '0')
}

/** `%f`, rounded as go-jsonnet's library does it: in floating point. */
export function renderDecimal(m: Machine, value: number, style: Style, at: Trace): string {
  const { digits, alternate, trailing, blank, plus } = style
  const magnitude = Math.abs(value)
  const denominator = powersOfTen[digits] ?? finite(m, pow(10, digits), at)
  const numerator = finite(m, finite(m, magnitude * denominator, at) + 0.5, at)
  const whole = Math.sign(magnitude) * Math.floor(numerator / denominator)
  const fraction = Math.floor(numerator) % denominator
  const point = digits === 0 && !alternate ? 0 : 1
  const text = renderInteger(value < 0, whole, {
    blank,
    plus,
    zeros: style.zeros - digits - point,
    digits: 0,
    radix: 10,
    prefix: '',
  })
  if (digits === 0) return alternate ? `${text}.` : text
  if (!trailing && !(fraction > 0)) return text
  const decimals = renderInteger(false, fraction, {
    blank: false,
    plus: false,
    zeros: digits,
    digits: 0,
    radix: 10,
    prefix: '',
  })
  return `${text}.${trailing ? decimals : decimals.replace(/0+$/, '')}`
}

const leastExponent = -324

/** `%e`. */
export function renderScientific(m: Machine, value: number, style: Style, at: Trace): string {
  const exponent = shortExponent(value)
  const power = renderInteger(exponent < 0, Math.abs(exponent), {
    blank: false,
    plus: true,
    zeros: 3,
    digits: 0,
    radix: 10,
    prefix: '',
  })
  const suffix = (style.capitals ? 'E' : 'e') + power
  // The least power of ten is no number, so the step is split.
  const mantissa = exponent === leastExponent ? (value * 10) / pow(10, exponent + 1) : value / pow(10, exponent)
  return renderDecimal(m, finite(m, mantissa, at), { ...style, zeros: style.zeros - suffix.length }, at) + suffix
}

/** The power of ten below a number. */
export function shortExponent(value: number): number {
  return value === 0 ? 0 : Math.floor(log(Math.abs(value)) / log(10))
}
