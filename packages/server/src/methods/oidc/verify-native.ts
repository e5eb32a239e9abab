import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import type { ServerMetadata } from 'openid-client'
import { WireError } from '../../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import { tidyClaims } from './claims.ts'
import { CALL_BUDGET } from './guarded-fetch.ts'
import type { ProtocolDeps } from './protocol.ts'

/** Nothing that is signed with a secret, and nothing that is not signed. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/**
 * An ID token a native app was given by the provider's own library (ory-identity-api.md §7.3): signed by the provider,
 * for us, in time, and for this very sign-in.
 */
export async function verifyNative(
  deps: ProtocolDeps,
  provider: OidcProvider,
  server: ServerMetadata,
  token: string,
  nonce: string | null,
): Promise<JsonObject> {
  const keys = await keysOf(deps, server)
  const claims = await verified(deps, provider, server, keys, token)
  checkNonce(claims, nonce)
  return tidyClaims(claims, claims)
}

async function keysOf({ client }: ProtocolDeps, server: ServerMetadata): Promise<JSONWebKeySet> {
  const url = server.jwks_uri
  const call = { method: 'GET', url: url ?? '', headers: { accept: 'application/json' }, body: null }
  const sent = await client.send(call, { budget: CALL_BUDGET })
  const document = sent.kind === 'answered' && sent.status === 200 ? parsed(sent.body.toString()) : null
  if (document !== null) return document
  throw new WireError(502, 'The upstream provider could not be asked', {
    id: 'upstream_error',
    reason: 'The keys of the provider could not be read. Please try again later.',
  })
}

function parsed(text: string): JSONWebKeySet | null {
  try {
    const document: unknown = JSON.parse(text)
    return isKeySet(document) ? document : null
  } catch {
    return null
  }
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)

async function verified(
  { clock }: ProtocolDeps,
  provider: OidcProvider,
  server: ServerMetadata,
  keys: JSONWebKeySet,
  token: string,
): Promise<JsonObject> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: issuersOf(server.issuer, token),
      audience: [provider.clientId, ...provider.additionalIdTokenAudiences],
      algorithms: ALGORITHMS,
      currentDate: new Date(clock.now()),
      clockTolerance: 30,
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    const claims: Json = JSON.parse(JSON.stringify(payload))
    return isJsonObject(claims) ? claims : {}
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    throw new WireError(403, null, { reason: 'Could not verify id_token', cause: error })
  }
}

/** Microsoft has one document for all its tenants; a token names its own. Google writes its issuer in two ways. */
function issuersOf(issuer: string, token: string): string[] {
  if (issuer === 'https://accounts.google.com') return [issuer, 'accounts.google.com']
  if (!issuer.includes('{tenantid}')) return [issuer]
  const { tid } = decodeJwt(token)
  return typeof tid === 'string' && /^[0-9a-f-]{36}$/i.test(tid) ? [issuer.replace('{tenantid}', tid)] : []
}

/** A token that was made for another sign-in is nobody's proof here. Only devices that say so can do without one. */
function checkNonce(claims: JsonObject, nonce: string | null): void {
  if (typeof claims.nonce === 'string' && claims.nonce !== '') {
    if (claims.nonce === nonce) return
    throw nonceProblem(
      nonce === null
        ? 'The id_token has a nonce, but no id_token_nonce was sent with it.'
        : 'The nonce of the id_token is not the id_token_nonce.',
    )
  }
  if (nonce === null && (claims.nonce_supported === false || claims.nonce_supported === 'false')) return
  throw nonceProblem('The id_token has no nonce: ask the provider for one with a nonce, and send it as id_token_nonce.')
}

const nonceProblem = (reason: string) =>
  new WireError(502, 'The upstream provider could not be believed', { id: 'upstream_error', reason })
