import { frexp } from './floats.ts'

/** The binary digits of four divided by pi: one before the point, 1216 behind it. */
const fourByPi = BigInt(
  '0x145f306dc9c882a53f84eafa3ea69bb81b6c52b3278872083fca2c757bd778ac36e48dc74849ba5c00c925dd413a32439fc3bd63962534e7d' +
    'd1046bea5d768909d338e04d68befc827323ac7306a673e93908bf177bf250763ff12fffbc0b301fde5e2316b414da3eda6cfd9e4f96136e' +
    '9e8c7ecd3cbfd45aea4f758fd7cbe2f67a0e73ef14a525d4d7f6bf623f1aba10ac06608df8f6d757',
)
const digitsBehind = 19 * 64
const word = 64n
const mask = (1n << word) - 1n

/** For large x: the eighth of the circle, made even, and what is left (the method of Payne and Hanek). */
export function reduceLarge(x: number): { octant: number; rest: number } {
  const { mantissa, exponent } = frexp(x)
  const digits = BigInt(mantissa * 2 ** 53)
  // Only the digits that decide the fraction are multiplied; the first of the product stands for a quarter turn.
  const start = exponent - 53 + 61
  const window = (fourByPi >> BigInt(digitsBehind + 64 - start - 192)) & ((1n << 192n) - 1n)
  const [z0, z1, z2] = [window >> 128n, (window >> word) & mask, window & mask]
  const sum = ((z0 * digits) << word) + z1 * digits + ((z2 * digits) >> word)
  const product = sum & ((1n << 128n) - 1n)
  const octant = Number(product >> 125n)
  const low = product & mask
  const rest = fractionNumber((product >> 61n) & mask, low)
  const isOdd = octant % 2 === 1
  return { octant: (octant + (isOdd ? 1 : 0)) % 8, rest: (isOdd ? rest - 1 : rest) * (Math.PI / 4) }
}

/** A fraction of 64 bits as a number; its digits are cut, and those it lacks taken from where Go takes them. */
function fractionNumber(fraction: bigint, low: bigint): number {
  if (fraction === 0n) return 0
  const leading = BigInt(64 - fraction.toString(2).length) + 1n
  const digits = ((fraction << leading) & mask) | (low >> (64n - leading))
  return Number((digits >> 12n) | (1n << 52n)) * 2 ** (-Number(leading) - 52)
}
