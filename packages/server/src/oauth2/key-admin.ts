import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { textIn } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { existsAlready, malformed, OAuthFault, requestNotFound } from './fault.ts'
import { generateJwk } from './signing-keys.ts'

type KeySet = { readonly keys: readonly JsonObject[] }

/** A key set, or one key of it; private parts are shown, as Hydra shows them. */
export async function keySet({ keys }: OAuth2Deps, set: string, kid: string | null): Promise<KeySet> {
  const found = (await keys.all(set)).filter((key) => kid === null || key['kid'] === kid)
  if (found.length === 0) throw requestNotFound()
  return { keys: found }
}

const ALGORITHMS = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])

/** Makes a key and adds it: from now on it is the newest, so it signs. */
export async function createKey(deps: OAuth2Deps, set: string, body: JsonObject): Promise<KeySet> {
  const alg = textIn(body, 'alg')
  if (!ALGORITHMS.has(alg)) throw new OAuthFault(400, 'Bad Request', `Generator for algorithm "${alg}" is unknown.`)
  const use = textIn(body, 'use') || 'sig'
  if (use !== 'sig' && use !== 'enc') throw new OAuthFault(400, 'Bad Request', 'The use of a key is "sig" or "enc".')
  const jwk = await generateJwk(alg, textIn(body, 'kid') || deps.random.uuid(), use)
  const key = deps.keys.seal(set, jwk, deps.clock.now())
  await commit(deps, set, { write: 'insertKey', key })
  return { keys: [jwk] }
}

export async function replaceKeySet(deps: OAuth2Deps, set: string, body: JsonObject): Promise<KeySet> {
  const given: Json = body['keys'] ?? null
  if (!Array.isArray(given)) throw malformed('keys must be a list of JSON Web Keys')
  const jwks = given.map((item: Json) => checkedKey(item))
  const at = deps.clock.now()
  await commit(deps, set, { write: 'replaceKeys', set, keys: jwks.map((jwk) => deps.keys.seal(set, jwk, at)) })
  return { keys: jwks }
}

export async function replaceKey(deps: OAuth2Deps, set: string, kid: string, body: JsonObject): Promise<JsonObject> {
  const jwk = checkedKey({ ...body, kid: textIn(body, 'kid') || kid })
  if (jwk['kid'] !== kid) throw malformed('the kid in the body is another than in the path')
  const key = deps.keys.seal(set, jwk, deps.clock.now())
  const isKnown = (await deps.keys.all(set)).some((each) => each['kid'] === kid)
  await commit(deps, set, { write: isKnown ? 'replaceKey' : 'insertKey', key })
  return jwk
}

function checkedKey(value: Json): JsonObject {
  if (!isJsonObject(value) || textIn(value, 'kty') === '' || textIn(value, 'kid') === '')
    throw malformed('a JSON Web Key has a kty and a kid')
  return value
}

export async function deleteKey(deps: OAuth2Deps, set: string, kid: string): Promise<void> {
  await commit(deps, set, { write: 'deleteKey', set, kid })
}

export async function deleteKeySet(deps: OAuth2Deps, set: string): Promise<void> {
  await commit(deps, set, { write: 'deleteKeys', set })
}

type KeyChange = Extract<Parameters<OAuth2Deps['store']['commit']>[0][number], { kind: 'oauth2' }>['change']

async function commit(deps: OAuth2Deps, set: string, change: KeyChange): Promise<void> {
  const done = await deps.store.commit([{ kind: 'oauth2', change }])
  deps.keys.forget(set)
  if (done.kind === 'conflict') throw existsAlready()
}
