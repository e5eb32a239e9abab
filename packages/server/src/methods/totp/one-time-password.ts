import { createHmac, timingSafeEqual } from 'node:crypto'

export const ALGORITHMS = ['SHA1', 'SHA256', 'SHA512'] as const

/** What an authenticator app and we share. */
export type TotpKey = {
  readonly secret: Uint8Array
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly digits: number
  /** Seconds of a step. */
  readonly period: number
}

/** The code of a step (RFC 4226 §5.3 with the step as counter, RFC 6238 §4.2). */
export function codeAt({ secret, algorithm, digits }: Omit<TotpKey, 'period'>, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac(algorithm, secret).update(counter).digest()
  const offset = (hash.at(-1) ?? 0) & 0x0f
  return String((hash.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0')
}

/** Clocks of telephones may be wrong by one step in either direction (RFC 6238 §5.2). */
const DRIFT = [0, -1, 1]

/** The step whose code this is, of those that are valid now; null where it is none of them. */
export function stepOf(key: TotpKey, code: string, at: number): number | null {
  const now = Math.floor(at / 1000 / key.period)
  const given = Buffer.from(code)
  const steps = DRIFT.map((by) => now + by)
  const found = steps.find((step) => {
    const expected = Buffer.from(step < 0 ? '' : codeAt(key, step))
    return expected.length === given.length && timingSafeEqual(expected, given)
  })
  return found ?? null
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 without padding (RFC 4648 §6), as authenticator apps take it. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => ALPHABET[Number.parseInt(group.padEnd(5, '0'), 2)] ?? '').join('')
}

/** The bytes of a secret, however it was written; null where it is none. */
export function fromBase32(text: string): Buffer | null {
  const letters = text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase()
  if (!/^[A-Z2-7]{2,}$/.test(letters)) return null
  const bits = Array.from(letters, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
