import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** A 32-byte key of its own for each purpose, derived from a configured secret (HKDF with SHA-256, RFC 5869). */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `cardea ${purpose}`, 32))

/** HMAC with SHA-256 (RFC 2104) of a text. */
export const sign = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Compares two texts in a time that says nothing about where they differ. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Names things by what only the holder of the secret can work out. */
export function keyedHash([secret = '']: readonly string[], purpose: string): (text: string) => string {
  const key = deriveKey(secret, purpose)
  return (text) => sign(key, text).subarray(0, 16).toString('base64url')
}
