import { hash as argon2, verify as verifyArgon2 } from '@node-rs/argon2'
import { hash as bcrypt, verify as verifyBcrypt } from '@node-rs/bcrypt'
import type { HasherSettings } from '../core/settings.ts'
import { matchesImported } from './imported-hashes.ts'

/** Hashes passwords with today's settings and knows those hashed with earlier ones. */
export type Passwords = {
  hash(password: string): Promise<string>
  /** Takes as long for a missing hash as for a present one, so that nobody learns whether there is one. */
  matches(hash: string | null, password: string): Promise<boolean>
  /** Whether a stored hash was made by another algorithm, or with other costs than are configured now. */
  needsRehash(hash: string): boolean
  /** Whether today's algorithm reads all of a password: a hash of part of one must not be kept. */
  holds(password: string): boolean
}

/** Opens the hasher that the configuration names: argon2id, or bcrypt as Kratos' (ory-identity-api.md §7.1). */
export function createPasswords(settings: HasherSettings): Passwords {
  const own = settings.algorithm === 'bcrypt' ? bcryptHasher(settings.bcrypt) : argon2Hasher(settings.argon2)
  // Something to compare with where there is nothing: a hash of today's cost that no password has.
  let decoy: Promise<string> | null = null
  return {
    hash: (password) => own.hash(password),
    matches: async (hash, password) => {
      if (hash !== null) return verify(hash, password)
      decoy ??= own.hash('a password that nobody has')
      await verify(await decoy, password)
      return false
    },
    needsRehash: (hash) => !own.isCurrent(hash),
    holds: (password) => settings.algorithm !== 'bcrypt' || Buffer.byteLength(password) <= BCRYPT_LIMIT,
  }
}

/** bcrypt reads no further. */
const BCRYPT_LIMIT = 72

type Hasher = { hash(password: string): Promise<string>; isCurrent(hash: string): boolean }

const bcryptHasher = ({ cost }: HasherSettings['bcrypt']): Hasher => ({
  hash: (password) => bcrypt(password, cost),
  isCurrent: (hash) => new RegExp(`^\\$2[aby]\\$${String(cost).padStart(2, '0')}\\$`).test(hash),
})

/** `2` is argon2id in the library's enumeration, which TypeScript cannot inline. */
const ARGON2ID = 2

function argon2Hasher(settings: HasherSettings['argon2']): Hasher {
  const { memory, iterations, parallelism, keyLength } = settings
  const options = {
    algorithm: ARGON2ID,
    memoryCost: memory,
    timeCost: iterations,
    parallelism,
    outputLen: keyLength,
  } as const
  const prefix = `$argon2id$v=19$m=${memory},t=${iterations},p=${parallelism}$`
  return { hash: (password) => argon2(password, options), isCurrent: (hash) => hash.startsWith(prefix) }
}

/** What a hash starts with says how it was made. An unknown or broken one matches nothing. */
async function verify(hash: string, password: string): Promise<boolean> {
  try {
    if (/^\$2[aby]\$/.test(hash)) return await verifyBcrypt(password, hash)
    if (/^\$argon2(id|i|d)\$/.test(hash)) return await verifyArgon2(hash, password)
    return await matchesImported(hash, password)
  } catch {
    return false
  }
}
