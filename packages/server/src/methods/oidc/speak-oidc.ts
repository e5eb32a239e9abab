import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  skipSubjectCheck,
} from 'openid-client'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { Clock, Milliseconds } from '../../core/time.ts'
import { appleSecret } from './apple-secret.ts'
import { textClaim, tidyClaims, valueAt } from './claims.ts'
import { CALL_BUDGET, guardedFetch } from './guarded-fetch.ts'
import {
  type Arrival,
  challengeOf,
  type Departed,
  type Departure,
  type Protocol,
  type ProtocolDeps,
  scopesOf,
  secretText,
  type Told,
} from './protocol.ts'
import { chain, ProviderError, refusalOf, unable } from './provider-error.ts'
import type { OidcRow } from './providers.ts'
import { verifyNative } from './verify-native.ts'

/** How long what a provider says of itself is believed. */
const KNOWN_FOR: Milliseconds = 60 * 60 * 1000

/** A provider that speaks OpenID Connect: it describes itself, and says who somebody is in a signed token. */
export function speakOidc(deps: ProtocolDeps, provider: OidcProvider, row: OidcRow): Protocol {
  const configuration = remembered(deps.clock, () => discover(deps, provider, row))
  return {
    depart: async (departure) => depart(deps, provider, row, await configuration(), departure),
    redeem: async (arrival) => redeem(deps, provider, row, await configuration(), arrival),
    verify:
      row.nativeTokens === true
        ? async (token, nonce) => verifyNative(deps, provider, (await configuration()).serverMetadata(), token, nonce)
        : null,
  }
}

/** Asks once in a while; what went wrong is asked again at once. */
function remembered<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  const known: { value: Promise<T> | null; until: number } = { value: null, until: 0 }
  return () => {
    if (known.value !== null && known.until > clock.now()) return known.value
    const asked = ask()
    known.value = asked
    known.until = clock.now() + KNOWN_FOR
    asked.catch(() => {
      if (known.value === asked) known.value = null
    })
    return asked
  }
}

export const issuerOf = (provider: OidcProvider, row: OidcRow) =>
  provider.issuerUrl ?? (row.issuer ?? '').replace('{tenant}', encodeURIComponent(provider.microsoftTenant ?? 'common'))

async function discover(deps: ProtocolDeps, provider: OidcProvider, row: OidcRow): Promise<Configuration> {
  const issuer = new URL(issuerOf(provider, row))
  const metadata = row.algorithm === undefined ? {} : { id_token_signed_response_alg: row.algorithm }
  try {
    return await discovery(issuer, provider.clientId, metadata, authenticate(deps, provider, row, issuer), {
      [customFetch]: guardedFetch(deps.client),
      timeout: CALL_BUDGET / 1000,
      execute: [
        // Whoever configures an http issuer wants it, and the guard decides whether it is reached.
        ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []),
        // Signed with the client's secret, a token needs no key of the provider's (LINE).
        ...(row.algorithm === undefined ? [enableNonRepudiationChecks] : []),
      ],
    })
  } catch (error) {
    throw new ProviderError(
      unable('the provider can not be reached at the moment. Please try again later.'),
      `what ${issuer.href} says of itself could not be read: ${chain(error)}`,
      error,
    )
  }
}

/** How we say who we are at the token endpoint: as the provider wants it, in the header if it takes that. */
function authenticate(deps: ProtocolDeps, provider: OidcProvider, row: OidcRow, issuer: URL): ClientAuth {
  const { apple } = provider
  if (row.secret === 'signed' && apple !== null) {
    return (_server, _client, body) => {
      body.set('client_id', provider.clientId)
      body.set('client_secret', appleSecret(apple, provider.clientId, issuer.origin, deps.clock.now()))
    }
  }
  if (provider.clientSecret === null) return None()
  const [basic, post] = [ClientSecretBasic(provider.clientSecret), ClientSecretPost(provider.clientSecret)]
  return (server, client, body, headers) => {
    const accepted = server.token_endpoint_auth_methods_supported
    const isPost = accepted !== undefined && !accepted.includes('client_secret_basic')
    ;(isPost ? post : basic)(server, client, body, headers)
  }
}

function depart(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OidcRow,
  configuration: Configuration,
  { redirectUri, state, parameters }: Departure,
): Departed {
  const takesS256 = configuration.serverMetadata().supportsPKCE('S256')
  const verifier = provider.pkce === 'force' || (provider.pkce === 'auto' && takesS256) ? secretText(deps) : null
  // A code that is bound to its departure by PKCE needs no nonce for that (RFC 9700 §2.1.1).
  const nonce = verifier === null ? secretText(deps) : null
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: scopesOf(provider, true).join(' '),
    state,
    ...(verifier === null ? {} : { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    ...(nonce === null ? {} : { nonce }),
    ...(provider.requestedClaims === null ? {} : { claims: JSON.stringify(provider.requestedClaims) }),
    ...row.parameters,
    ...parameters,
  })
  return { url: withEndpoint(url, provider.authUrl), verifier, nonce }
}

/** An endpoint that is configured stands for the one that was found. */
function withEndpoint(url: URL, endpoint: string | null): string {
  const target = endpoint === null ? url : new URL(endpoint)
  for (const [name, value] of new URLSearchParams(url.search)) target.searchParams.set(name, value)
  // In the order of their names, as Ory sends them.
  target.searchParams.sort()
  return target.href
}

async function redeem(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OidcRow,
  configuration: Configuration,
  arrival: Arrival,
): Promise<Told> {
  const { redirectUri, state, verifier, nonce, answer } = arrival
  const url = new URL(redirectUri)
  for (const [name, value] of answer) url.searchParams.set(name, value)
  try {
    const given = await authorizationCodeGrant(configuration, url, {
      expectedState: state,
      ...(verifier === null ? {} : { pkceCodeVerifier: verifier }),
      ...(nonce === null ? {} : { expectedNonce: nonce }),
    })
    const token = objectOf(given.claims())
    const asksUserInfo = provider.claimsSource === 'userinfo' || row.claims === 'userinfo' || token === null
    const info = asksUserInfo
      ? objectOf(
          await fetchUserInfo(configuration, given.access_token, textClaim(token ?? {}, 'sub') ?? skipSubjectCheck),
        )
      : null
    const said = { ...token, ...info, ...nameInAnswer(answer) }
    const claims = { ...said, ...(await subjectElsewhere(deps, provider, row, said, given.access_token)) }
    return {
      claims: tidyClaims(claims, said),
      tokens: { id: given.id_token ?? '', access: given.access_token, refresh: given.refresh_token ?? '' },
    }
  } catch (error) {
    throw refusalOf(error)
  }
}

/** Data of a library as JSON. */
function objectOf(value: unknown): JsonObject | null {
  if (value === undefined) return null
  const json: Json = JSON.parse(JSON.stringify(value))
  return isJsonObject(json) ? json : null
}

/** Apple tells somebody's name once, beside its first code, and in no token. */
function nameInAnswer(answer: URLSearchParams): JsonObject {
  const user = answer.get('user')
  if (user === null) return {}
  const told = parsed(user)
  const [given, family] = [valueAt(told, 'name.firstName'), valueAt(told, 'name.lastName')]
  return {
    ...(typeof given === 'string' ? { given_name: given } : {}),
    ...(typeof family === 'string' ? { family_name: family } : {}),
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Microsoft's `sub` differs from app to app; some want the one of the directory (ory-identity-api.md §10.2). */
async function subjectElsewhere(
  { client }: ProtocolDeps,
  { subjectSource }: OidcProvider,
  { subjects }: OidcRow,
  claims: JsonObject,
  accessToken: string,
): Promise<JsonObject> {
  if (subjects === undefined || subjectSource === 'userinfo') return {}
  if (subjectSource === 'oid') return { sub: textClaim(claims, 'oid') ?? '' }
  const { url, path } = subjects.me
  const answer = await guardedFetch(client)(url, {
    method: 'GET',
    headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
    body: undefined,
    redirect: 'manual',
  })
  const me = parsed(await answer.text())
  if (answer.status !== 200) throw new TypeError(`${url} answered ${answer.status}`)
  const sub = valueAt(me, path)
  return { sub: typeof sub === 'string' ? sub : '' }
}
