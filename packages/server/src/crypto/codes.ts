import type { Random } from '../core/time.ts'
import { deriveKey, isSame, sign } from './keys.ts'

/** Short secrets that are sent to an address. What is kept of one is a hash that only the holder of the key can make. */
export type Codes = {
  /** Six digits, each number equally likely. */
  code(): string
  /** For a link: 32 letters and digits. */
  token(): string
  /** `purpose` keeps the hash of one flow from being any good in another. */
  hash(secret: string, purpose: string): string
  matches(secret: string, purpose: string, hash: string): boolean
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `secrets` newest first: the first makes hashes, all of them recognise theirs. */
export function createCodes(secrets: readonly string[], random: Pick<Random, 'bytes'>): Codes {
  const keys = secrets.map((secret) => deriveKey(secret, 'one-time codes'))
  const [first] = keys
  if (first === undefined) throw new Error('no secret is configured to hash codes with')
  const hashWith = (key: Buffer, secret: string, purpose: string) => sign(key, `${purpose}\n${secret}`).toString('hex')
  return {
    code: () => String(below(random, 1_000_000)).padStart(6, '0'),
    token: () => Array.from({ length: 32 }, () => ALPHABET[below(random, ALPHABET.length)] ?? '').join(''),
    hash: (secret, purpose) => hashWith(first, secret, purpose),
    matches: (secret, purpose, hash) => keys.some((key) => isSame(hashWith(key, secret, purpose), hash)),
  }
}

/** A number below the limit, each equally likely: what lies beyond the last whole multiple is passed over. */
function below(random: Pick<Random, 'bytes'>, limit: number): number {
  const most = Math.floor(2 ** 32 / limit) * limit
  for (;;) {
    const value = Buffer.from(random.bytes(4)).readUInt32BE()
    if (value < most) return value % limit
  }
}
