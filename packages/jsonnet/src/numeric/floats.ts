/** `x = mantissa * 2 ** exponent`, the mantissa between a half and one. */
export function frexp(x: number): { readonly mantissa: number; readonly exponent: number } {
  if (x === 0 || !Number.isFinite(x)) return { mantissa: x, exponent: 0 }
  const isTiny = Math.abs(x) < 2 ** -1022
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, isTiny ? x * 2 ** 52 : x)
  const high = view.getUint32(0)
  const exponent = ((high >>> 20) & 0x7ff) - 1022 - (isTiny ? 52 : 0)
  view.setUint32(0, (high & 0x800fffff) | (1022 << 20))
  return { mantissa: view.getFloat64(0), exponent }
}

/** `x * 2 ** exponent`, in steps, because the power alone may not be a number. */
export function ldexp(x: number, exponent: number): number {
  const { mantissa, exponent: own } = frexp(x)
  const power = own + exponent
  if (power > 1024) return mantissa * Infinity
  if (power < -1080) return mantissa * 0
  if (power >= -1020) return mantissa * 2 ** (power - 1) * 2
  return mantissa * 2 ** (power + 60) * 2 ** -60
}

type Exact = { readonly digits: bigint; readonly exponent: number }

/** `x * y + z`, rounded once. */
export function fma(x: number, y: number, z: number): number {
  const [a, b, c] = [exact(x), exact(y), exact(z)]
  const product = { digits: a.digits * b.digits, exponent: a.exponent + b.exponent }
  const low = Math.min(product.exponent, c.exponent)
  return rounded(shifted(product, low) + shifted(c, low), low)
}

/** Digits beyond 200 decide nothing but a tie. */
function rounded(sum: bigint, exponent: number): number {
  const surplus = sum.toString(16).length * 4 - 200
  if (surplus <= 0) return ldexp(Number(sum), exponent)
  const kept = sum >> BigInt(surplus)
  const isExact = kept << BigInt(surplus) === sum
  return ldexp(Number(isExact ? kept : kept | 1n), exponent + surplus)
}

function exact(x: number): Exact {
  const { mantissa, exponent } = frexp(x)
  return { digits: BigInt(mantissa * 2 ** 53), exponent: exponent - 53 }
}

function shifted({ digits, exponent }: Exact, low: number): bigint {
  return digits << BigInt(exponent - low)
}
