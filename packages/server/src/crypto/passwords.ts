import { hash as argon2, verify as verifyArgon2 } from '@node-rs/argon2'
import { hash as bcrypt, verify as verifyBcrypt } from '@node-rs/bcrypt'
import type { HasherSettings } from '../core/settings.ts'
import type { HashQueue } from './hash-queue.ts'
import { matchesImported } from './imported-hashes.ts'

/** Hashes passwords with today's settings and knows those hashed with earlier ones. `from`: who waits for it; absent: an administrator. */
export type Passwords = {
  hash(password: string, from?: string): Promise<string>
  /** Takes as long for a missing hash as for a present one, so that nobody learns whether there is one. */
  matches(hash: string | null, password: string, from?: string): Promise<boolean>
  /** Whether a stored hash was made by another algorithm, or with other costs than are configured now. */
  needsRehash(hash: string): boolean
  /** Whether today's algorithm reads all of a password: a hash of part of one must not be kept. */
  holds(password: string): boolean
}

/** Nobody's password is longer than that (reliability.md T67). */
const LONGEST_PASSWORD = 4_096
/** bcrypt reads no further, so the rest would not protect anybody. */
const BCRYPT_LIMIT = 72

const isTooLong = (password: string) => Buffer.byteLength(password) > LONGEST_PASSWORD

/** Opens the hasher that the configuration names: argon2id, or bcrypt as Kratos' (ory-identity-api.md §7.1). */
export function createPasswords(settings: Omit<HasherSettings, 'queue'>, queue: HashQueue = AT_ONCE): Passwords {
  const own = settings.algorithm === 'bcrypt' ? bcryptHasher(settings.bcrypt) : argon2Hasher(settings.argon2)
  // Something to compare with where there is nothing: a hash of today's cost that no password has.
  let decoy: Promise<string> | null = null
  const resist = async (password: string) => {
    decoy ??= own.hash('a password that nobody has')
    await verify(await decoy, password)
    return false
  }
  return {
    hash: (password, from) => queue.run(from ?? null, () => own.hash(password)),
    matches: (hash, password, from) =>
      queue.run(from ?? null, () => {
        if (isTooLong(password)) return resist('')
        return hash === null ? resist(password) : verify(hash, password)
      }),
    needsRehash: (hash) => !own.isCurrent(hash),
    holds: (password) => settings.algorithm !== 'bcrypt' || Buffer.byteLength(password) <= BCRYPT_LIMIT,
  }
}

/** Where nobody else waits for anything. */
const AT_ONCE: HashQueue = { run: (_from, work) => work() }

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
