import { createHmac, createSecretKey, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { hash as bcrypt, verify as verifyBcrypt } from '@node-rs/bcrypt'
import type { Random } from '../core/time.ts'
import { isSame } from './keys.ts'

/** Hashes the secrets of OAuth2 clients and compares with them. */
export type ClientSecrets = {
  hash(secret: string): Promise<string>
  /** Whether a secret belongs to one of several hashes. */
  matches(hashes: readonly string[], secret: string): Promise<boolean>
}

export type SecretHasher = {
  readonly algorithm: 'pbkdf2' | 'bcrypt'
  readonly iterations: number
  readonly cost: number
}

const derive = promisify(pbkdf2)
const LENGTH = 32
const MOST_KNOWN = 10_000

/**
 * Opens the hasher a configuration names (Hydra's `oauth2.hashers`). A client asks for tokens again and again with the
 * same secret, so what was right once is remembered by a keyed hash for the life of the process: the slow comparison is
 * for guesses.
 */
export function createClientSecrets(
  { algorithm, iterations, cost }: SecretHasher,
  random: Pick<Random, 'bytes'>,
): ClientSecrets {
  const key = createSecretKey(random.bytes(LENGTH))
  const known = new Map<string, string>()
  const mark = (secret: string) => createHmac('sha256', key).update(secret).digest('base64')

  const isRight = async (hash: string, secret: string) => {
    const remembered = known.get(hash)
    if (remembered !== undefined && isSame(remembered, mark(secret))) return true
    if (!(await verify(hash, secret))) return false
    const [oldest] = known.size >= MOST_KNOWN ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    known.set(hash, mark(secret))
    return true
  }
  return {
    hash: (secret) =>
      algorithm === 'bcrypt' ? bcrypt(fitting(secret), cost) : hashWith(secret, iterations, random.bytes(16)),
    matches: async (hashes, secret) => {
      for (const hash of hashes) if (await isRight(hash, secret)) return true
      return false
    },
  }
}

async function hashWith(secret: string, iterations: number, salt: Uint8Array): Promise<string> {
  const hash = await derive(secret, salt, iterations, LENGTH, 'sha256')
  return `$pbkdf2-sha256$i=${iterations},l=${LENGTH}$${plain(salt)}$${plain(hash)}`
}

async function verify(hash: string, secret: string): Promise<boolean> {
  if (/^\$2[aby]\$/.test(hash)) return verifyBcrypt(fitting(secret), hash)
  const [, digest = '', iterations = '', length = '', salt = '', expected = ''] =
    /^\$pbkdf2-(sha256|sha512)\$i=(\d+),l=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash) ?? []
  if (digest === '') return false
  const got = await derive(secret, Buffer.from(salt, 'base64'), Number(iterations), Number(length), digest)
  return isSame(plain(got), expected)
}

const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')

/** bcrypt looks at 72 bytes and no more (ory-identity-api.md §7.1). */
const fitting = (secret: string) => secret.slice(0, 72)
