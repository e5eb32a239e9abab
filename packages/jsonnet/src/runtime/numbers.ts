/** A number as go-jsonnet prints it: integers in full, everything else with up to 17 digits (`%.17g`). */
export function numberText(n: number): string {
  if (Number.isInteger(n)) return integerText(n)
  const [mantissa = '', exponent = '0'] = seventeen(n).split('e')
  const e = Number(exponent)
  const digits = mantissa.replace('-', '').replace('.', '').replace(/0+$/, '')
  const sign = n < 0 ? '-' : ''
  if (e < -4 || e >= 17) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${sign}${digits.charAt(0)}${fraction}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
  }
  if (e < 0) return `${sign}0.${'0'.repeat(-e - 1)}${digits}`
  return `${sign}${digits.slice(0, e + 1)}.${digits.slice(e + 1)}`
}

function integerText(n: number): string {
  if (Object.is(n, -0)) return '-0'
  return Number.isSafeInteger(n) ? String(n) : BigInt(n).toString()
}

/** 17 significant digits; a tie goes to the even digit, where JavaScript rounds up. */
function seventeen(n: number): string {
  const rounded = n.toExponential(16)
  const longer = n.toExponential(17)
  if (!/5e/.test(longer)) return rounded
  const exact = n.toExponential(40)
  if (!/^-?\d\.\d{17}0*e/.test(exact)) return rounded
  const kept = longer.replace(/5e/, 'e')
  return Number(kept.charAt(kept.indexOf('e') - 1)) % 2 === 0 ? kept : rounded
}

/** A number with the fewest digits that mean it, without an exponent. */
export function plainNumber(n: number): string {
  if (Object.is(n, -0)) return '-0'
  const text = String(n)
  const [mantissa = '', exponent] = text.split('e')
  if (exponent === undefined) return text
  const sign = n < 0 ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const e = Number(exponent)
  if (e < 0) return `${sign}0.${'0'.repeat(-e - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction.padEnd(e, '0')}`
}

/** A number as Go's `%v` shows it in messages. */
export function goNumber(n: number): string {
  if (Object.is(n, -0)) return '-0'
  const [mantissa = '', exponent = '0'] = n.toExponential().split('e')
  const e = Number(exponent)
  if (e >= -4 && e < 6) return plainNumber(n)
  return `${mantissa}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
}
