import { type CryptoKey, CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { StoredKey } from '../core/oauth2.ts'
import type { Clock, Milliseconds, Random } from '../core/time.ts'
import type { Seal } from '../crypto/seal.ts'
import type { Store } from '../store/store.ts'

export const ID_TOKEN_KEYS = 'hydra.openid.id-token'
export const ACCESS_TOKEN_KEYS = 'hydra.jwt.access-token'

/** A key that is ready to sign. */
export type SigningKey = {
  readonly kid: string
  readonly alg: string
  readonly jwk: JsonObject
  readonly key: CryptoKey | Uint8Array
}

/** The server's key sets: the newest key of a set signs, every key of it verifies. */
export type SigningKeys = {
  /** The newest key, made if the set is empty. */
  current(set: string): Promise<SigningKey>
  /** Newest first, private parts included. */
  all(set: string): Promise<readonly JsonObject[]>
  sign(set: string, claims: JsonObject, header?: JsonObject): Promise<string>
  /** The claims of a JWT that one of the set's keys has signed; null for anything else. */
  verify(set: string, jwt: string): Promise<JsonObject | null>
  /** Forgets what it remembers of a set that was changed. */
  forget(set: string): void
  seal(set: string, jwk: JsonObject, at: number): StoredKey
}

export type KeyDeps = {
  readonly store: Pick<Store, 'oauth2' | 'commit'>
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
  readonly seal: Seal
}

/** How long another node's rotation may go unnoticed. */
const REMEMBERED: Milliseconds = 1_000

export function createSigningKeys({ store, clock, random, seal }: KeyDeps): SigningKeys {
  const remembered = new Map<string, { readonly keys: readonly JsonObject[]; readonly until: number }>()
  const imported = new WeakMap<JsonObject, SigningKey>()
  const verifying = new WeakMap<JsonObject, Promise<CryptoKey | Uint8Array>>()
  const opened = new Map<string, JsonObject>()
  const making = new Map<string, Promise<void>>()

  const open = (stored: StoredKey): readonly JsonObject[] => {
    const known = opened.get(stored.document)
    if (known !== undefined) return [known]
    const text = seal.open(stored.document)
    const jwk: unknown = text === null ? null : JSON.parse(text)
    if (!isJsonObject(jwk)) return []
    opened.set(stored.document, jwk)
    return [jwk]
  }
  const all = async (set: string) => {
    const known = remembered.get(set)
    if (known !== undefined && known.until > clock.now()) return known.keys
    const keys = (await store.oauth2.keys.ofSet(set)).flatMap(open)
    remembered.set(set, { keys, until: clock.now() + REMEMBERED })
    return keys
  }
  const sealed = (set: string, jwk: JsonObject, createdAt: number): StoredKey => ({
    set,
    kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : '',
    document: seal.seal(JSON.stringify(jwk)),
    createdAt,
  })
  const make = async (set: string) => {
    const jwk = await generateJwk('RS256', random.uuid(), 'sig')
    await store.commit([{ kind: 'oauth2', change: { write: 'insertKey', key: sealed(set, jwk, clock.now()) } }])
    remembered.delete(set)
  }
  const current = async (set: string): Promise<SigningKey> => {
    const newest = (await all(set)).find(isSigning)
    if (newest !== undefined) return importKey(imported, newest)
    const making_ = making.get(set) ?? make(set).finally(() => making.delete(set))
    making.set(set, making_)
    await making_
    const made = (await all(set)).find(isSigning)
    if (made === undefined) throw new Error(`no key of the set ${set} can be opened with secrets.system`)
    return importKey(imported, made)
  }
  return {
    current,
    all,
    seal: sealed,
    forget: (set) => remembered.delete(set),
    sign: async (set, claims, header = {}) => {
      const { key, kid, alg } = await current(set)
      return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ ...header, alg, kid }).sign(key)
    },
    verify: async (set, jwt) => {
      for (const jwk of (await all(set)).filter(isSigning)) {
        const alg = algorithmOf(jwk)
        const key = verifying.get(jwk) ?? importJWK(toJwk(publicPart(jwk)), alg)
        verifying.set(jwk, key)
        try {
          const { payload } = await compactVerify(jwt, await key, { algorithms: [alg] })
          const claims: unknown = JSON.parse(Buffer.from(payload).toString())
          return isJsonObject(claims) ? claims : null
        } catch {
          continue
        }
      }
      return null
    },
  }
}

const isSigning = (jwk: JsonObject) => jwk['use'] !== 'enc' && jwk['kty'] !== 'oct' && typeof jwk['d'] === 'string'

/** The members of a private key that nobody else may see (RFC 7518 §6). */
const PRIVATE = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/** A key as others may see it. */
export const publicPart = (jwk: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.has(name)))

const ALGORITHM: { readonly [curve: string]: string } = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
}

export const algorithmOf = (jwk: JsonObject): string => textOf(jwk, 'alg') || (ALGORITHM[textOf(jwk, 'crv')] ?? 'RS256')

const textOf = (jwk: JsonObject, name: string) => {
  const value = jwk[name]
  return typeof value === 'string' ? value : ''
}

async function importKey(imported: WeakMap<JsonObject, SigningKey>, jwk: JsonObject): Promise<SigningKey> {
  const known = imported.get(jwk)
  if (known !== undefined) return known
  const alg = algorithmOf(jwk)
  const key = { kid: textOf(jwk, 'kid'), alg, jwk, key: await importJWK(toJwk(jwk), alg) }
  imported.set(jwk, key)
  return key
}

/** Only the text members of a key; nothing else of it is needed to compute with it. */
export const toJwk = (jwk: JsonObject): JWK =>
  Object.fromEntries(Object.entries(jwk).filter(([, value]) => typeof value === 'string'))

/** A new key as a JSON Web Key with its private part. */
export async function generateJwk(alg: string, kid: string, use: string): Promise<JsonObject> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
  const members = Object.entries(await exportJWK(privateKey)).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return { use, kty: '', kid, alg, ...Object.fromEntries(members) }
}
