import { fail, type Machine, type Trace } from '../runtime/machine.ts'
import { goNumber } from '../runtime/numbers.ts'

const greatestCodePoint = 0x10ffff

/** The character of a code point; surrogates have none. */
export function charOf(m: Machine, n: number, at: Trace): string {
  if (n > greatestCodePoint) fail(m, `Invalid unicode codepoint, got ${goNumber(n)}`, at)
  if (n < 0) fail(m, `Codepoints must be >= 0, got ${goNumber(n)}`, at)
  return String.fromCodePoint(Math.trunc(n)).toWellFormed()
}
