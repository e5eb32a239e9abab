import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { OAuth2Write, TrustedIssuer } from '../core/oauth2.ts'
import { checkRequested } from './check-requested.ts'
import type { OAuth2Deps } from './deps.ts'
import { hashOf } from './hash.ts'
import { type GrantHandler, oauthError } from './provider-types.ts'
import { type Scopes, scopeOf } from './request-scope.ts'
import { algorithmOf, toJwk } from './signing-keys.ts'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Exchanges the assertion of a trusted issuer for a token (RFC 7523 §2.1, §3). */
export function jwtBearerGrant(deps: OAuth2Deps, scopes: Scopes): GrantHandler {
  return async (ctx) => {
    const scope = scopeOf(scopes)
    const { client, form } = scope
    if (client === null) throw new Error('a token request without a client')
    const requested = checkRequested(deps.settings, client, form)
    const { issuer, claims } = await verifyAssertion(deps, form.get('assertion') ?? '')
    const beyond = requested.scope.find((each) => issuer.scope !== null && !issuer.scope.includes(each))
    if (beyond !== undefined)
      throw oauthError(400, 'invalid_scope', `The public key registration does not allow to request scope '${beyond}'.`)
    if (claims.jti !== null)
      scope.always.push({
        write: 'noteOnce',
        token: {
          kind: 'ReplayDetection',
          hash: hashOf(JSON.stringify(['assertion', issuer.issuer, claims.jti])),
          chain: null,
          pair: null,
          clientId: null,
          userCodeHash: null,
          document: '{}',
          consumedAt: null,
          uses: 0,
          expiresAt: claims.expiresAt,
        },
      })
    await noteNow(deps, scope.always)
    scope.session = {
      subject: claims.subject,
      clientId: client.id,
      consentId: '',
      requestedScope: form.has('scope') ? requested.scope : null,
      scope: requested.scope,
      audience: requested.audience,
      accessToken: {},
      idToken: null,
      sid: null,
      claims: {
        sub: '',
        nonce: '',
        acr: '',
        amr: null,
        issuedAt: deps.clock.now(),
        requestedAt: null,
        authenticatedAt: null,
      },
      expiresAt: {},
    }
    const { ClientCredentials } = ctx.oidc.provider
    const token = new ClientCredentials({ client: ctx.oidc.client, scope: requested.scope.join(' ') || undefined })
    ctx.oidc.entity('ClientCredentials', token)
    const value = await token.save()
    ctx.body = {
      access_token: value,
      expires_in: token.expiration,
      token_type: 'Bearer',
    }
  }
}

/** An assertion counts as used before the actions are asked, so a denied one can't be tried again (ory-oauth2.md §1.3). */
async function noteNow({ store }: OAuth2Deps, always: OAuth2Write[]): Promise<void> {
  const commit = await store.commit(always.map((change) => ({ kind: 'oauth2', change })))
  always.length = 0
  if (commit.kind === 'conflict') throw jtiKnown()
}

const jtiKnown = () => oauthError(400, 'jti_known', 'The jti was already used.')

const invalidGrant = (why: string) =>
  oauthError(
    400,
    'invalid_grant',
    `The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client. ${why}`,
  )

type Assertion = { readonly subject: string; readonly jti: string | null; readonly expiresAt: number }

const ALGORITHMS = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])
/** Clocks differ a little. */
const SKEW = 10_000

async function verifyAssertion(
  deps: OAuth2Deps,
  assertion: string,
): Promise<{ readonly issuer: TrustedIssuer; readonly claims: Assertion }> {
  if (assertion === '')
    throw oauthError(
      400,
      'invalid_request',
      "The assertion request parameter must be set when using grant_type of 'urn:ietf:params:oauth:grant-type:jwt-bearer'.",
    )
  const read = readAssertion(assertion)
  if (read === null) throw invalidGrant('Unable to parse JSON Web Token passed in "assertion" request parameter.')
  const { claims, kid, alg } = read
  const [issuer, subject] = [textOf(claims, 'iss'), textOf(claims, 'sub')]
  if (issuer === '')
    throw invalidGrant('The JWT in "assertion" request parameter MUST contain an "iss" (issuer) claim.')
  if (subject === '')
    throw invalidGrant('The JWT in "assertion" request parameter MUST contain a "sub" (subject) claim.')
  const trusted = (await deps.store.oauth2.issuers.trusted(issuer, subject, deps.clock.now())).filter(
    (each) => kid === null || each.kid === kid,
  )
  for (const each of trusted) {
    if (algorithmOf(each.jwk) !== alg || !ALGORITHMS.has(alg)) continue
    if (!(await isSignedBy(assertion, each.jwk, alg))) continue
    return { issuer: each, claims: checkClaims(deps, claims, subject) }
  }
  throw invalidGrant(
    `No public JWK was registered for issuer "${issuer}" and subject "${subject}" that verifies this assertion.`,
  )
}

function readAssertion(assertion: string) {
  try {
    const header = decodeProtectedHeader(assertion)
    const claims: unknown = JSON.parse(JSON.stringify(decodeJwt(assertion)))
    return isJsonObject(claims) ? { claims, kid: header.kid ?? null, alg: header.alg ?? '' } : null
  } catch {
    return null
  }
}

async function isSignedBy(assertion: string, jwk: JsonObject, alg: string): Promise<boolean> {
  try {
    await compactVerify(assertion, await importJWK(toJwk(jwk), alg), { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

/** RFC 7523 §3, with Hydra's rules for `iat`, `jti` and the longest life (ory-oauth2.md §2.4). */
function checkClaims({ settings, clock }: OAuth2Deps, claims: JsonObject, subject: string): Assertion {
  const { assertions, publicUrl, discovery } = settings
  const at = clock.now()
  const audience = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']]
  const tokenUrls = [`${publicUrl}oauth2/token`, ...(discovery.tokenUrl === null ? [] : [discovery.tokenUrl])]
  if (!audience.some((each) => tokenUrls.some((url) => url === each)))
    throw invalidGrant(
      `The JWT in "assertion" request parameter MUST contain an "aud" (audience) claim containing the value "${tokenUrls[0]}".`,
    )
  const [expires, issued, notBefore] = [timeIn(claims, 'exp'), timeIn(claims, 'iat'), timeIn(claims, 'nbf')]
  if (expires === null)
    throw invalidGrant('The JWT in "assertion" request parameter MUST contain an "exp" (expiration time) claim.')
  if (expires < at) throw invalidGrant('The JWT in "assertion" request parameter expired.')
  if (notBefore !== null && notBefore > at + SKEW)
    throw invalidGrant('The JWT in "assertion" request parameter is not valid yet.')
  if (issued === null && !assertions.iatOptional)
    throw invalidGrant('The JWT in "assertion" request parameter MUST contain an "iat" (issued at) claim.')
  if (issued !== null && issued > at + SKEW)
    throw invalidGrant('The JWT in "assertion" request parameter was issued in the future.')
  if (expires - (issued ?? at) > assertions.maxTtl)
    throw invalidGrant('The JWT in "assertion" request parameter lives longer than allowed.')
  const jti = textOf(claims, 'jti')
  if (jti === '' && !assertions.jtiOptional)
    throw invalidGrant('The JWT in "assertion" request parameter MUST contain an "jti" (JWT ID) claim.')
  return { subject, jti: jti === '' ? null : jti, expiresAt: expires }
}

const textOf = (claims: JsonObject, name: string) => {
  const value = claims[name]
  return typeof value === 'string' ? value : ''
}
const timeIn = (claims: JsonObject, name: string) => {
  const value = claims[name]
  return typeof value === 'number' ? value * 1000 : null
}
