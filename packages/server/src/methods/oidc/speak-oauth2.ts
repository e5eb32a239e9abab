import { createHmac } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { OutgoingCall } from '../../net/outgoing.ts'
import { claimsAt, textClaim, tidyClaims, valueAt } from './claims.ts'
import { CALL_BUDGET } from './guarded-fetch.ts'
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
import { ProviderError, providerSaid, unable } from './provider-error.ts'
import type { OAuth2Row } from './providers.ts'

/** A provider that speaks OAuth 2 (RFC 6749) and tells who somebody is at an endpoint of its own. */
export const speakOAuth2 = (deps: ProtocolDeps, provider: OidcProvider, row: OAuth2Row): Protocol => ({
  depart: async (departure) => depart(deps, provider, row, departure),
  redeem: (arrival) => redeem(deps, provider, row, arrival),
  verify: null,
})

/** Endpoints of a server of one's own (GitLab, Salesforce) lie under its address. */
const placed = ({ issuerUrl }: OidcProvider, { issuer }: OAuth2Row, url: string) =>
  url.replace('{issuer}', (issuerUrl ?? issuer).replace(/\/$/, ''))

function depart(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OAuth2Row,
  { redirectUri, state, parameters }: Departure,
): Departed {
  // Nothing says whether such a provider knows PKCE, and some refuse what they do not know.
  const verifier = provider.pkce === 'force' ? secretText(deps) : null
  const url = new URL(provider.authUrl ?? placed(provider, row, row.authorize))
  const all = {
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scopesOf(provider, false).join(row.scopeSeparator ?? ' '),
    state,
    ...(verifier === null ? {} : { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    ...row.parameters,
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  url.searchParams.sort()
  return { url: url.href, verifier, nonce: null }
}

async function redeem(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OAuth2Row,
  { answer, redirectUri, verifier }: Arrival,
): Promise<Told> {
  const refusal = answer.get('error')
  if (refusal !== null) {
    const said = providerSaid(refusal, answer.get('error_description'))
    throw new ProviderError(said, `the provider refused: ${refusal}`)
  }
  const code = answer.get('code')
  if (code === null) throw new ProviderError(unable('the provider sent no code.'), 'the answer holds no code')
  const token = await exchange(deps, provider, row, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    client_id: provider.clientId,
    client_secret: provider.clientSecret ?? '',
    ...(verifier === null ? {} : { code_verifier: verifier }),
  })
  const access = textClaim(token, row.accessToken ?? 'access_token')
  if (access === null) throw unusable('the token endpoint gave no access token')
  const profile = await askProfile(deps, provider, row, access)
  const claims = {
    iss: provider.issuerUrl ?? row.issuer,
    ...claimsAt(row.profile.claims, profile, token),
    ...(await askAddresses(deps, provider, row, access)),
  }
  return {
    claims: tidyClaims(claims, profile),
    tokens: { id: textClaim(token, 'id_token') ?? '', access, refresh: textClaim(token, 'refresh_token') ?? '' },
  }
}

type Fields = { readonly [name: string]: string }

async function exchange(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OAuth2Row,
  fields: Fields,
): Promise<JsonObject> {
  const url = provider.tokenUrl ?? placed(provider, row, row.token)
  const token = await ask(deps, { method: 'POST', url, ...bodyOf(row, fields) })
  const refusal = textClaim(token, 'error')
  if (refusal === null) return token
  // GitHub refuses with status 200.
  const said = providerSaid(refusal, textClaim(token, 'error_description'))
  throw new ProviderError(said, `the token endpoint refused: ${refusal}`)
}

function bodyOf({ tokenFields }: OAuth2Row, fields: Fields): Pick<OutgoingCall, 'headers' | 'body'> {
  if (tokenFields === undefined) {
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
    return { headers, body: new URLSearchParams(fields).toString() }
  }
  const named = Object.entries(tokenFields).map(([name, theirs]) => [theirs, fields[name] ?? ''])
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  return { headers, body: JSON.stringify(Object.fromEntries(named)) }
}

async function askProfile(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OAuth2Row,
  access: string,
): Promise<JsonObject> {
  const { url, proof, refusedUnless } = row.profile
  const place = new URL(placed(provider, row, url))
  if (proof !== undefined) {
    place.searchParams.set(
      proof,
      createHmac('sha256', provider.clientSecret ?? '')
        .update(access)
        .digest('hex'),
    )
  }
  const profile = await ask(deps, bearing(row, place, access))
  if (refusedUnless !== undefined && valueAt(profile, refusedUnless) !== true) {
    throw unusable(`${place.host} refused: ${textClaim(profile, 'error') ?? 'without words'}`)
  }
  return profile
}

function bearing({ profile: { tokenIn } }: OAuth2Row, url: URL, access: string): OutgoingCall {
  const call = { method: 'GET', body: null, headers: { accept: 'application/json' } }
  if (tokenIn !== undefined && 'query' in tokenIn) {
    url.searchParams.set(tokenIn.query, access)
    return { ...call, url: url.href }
  }
  const header =
    tokenIn === undefined
      ? { authorization: `Bearer ${access}` }
      : 'scheme' in tokenIn
        ? { authorization: `${tokenIn.scheme} ${access}` }
        : { [tokenIn.header]: access }
  return { ...call, url: url.href, headers: { ...call.headers, ...header } }
}

/** Of several addresses the primary one counts, with what the provider says of it. */
async function askAddresses(
  deps: ProtocolDeps,
  provider: OidcProvider,
  row: OAuth2Row,
  access: string,
): Promise<JsonObject> {
  const { addresses } = row.profile
  if (addresses === undefined || !addresses.scopes.some((scope) => provider.scope.includes(scope))) return {}
  const answer = await askAny(deps, bearing(row, new URL(addresses.url), access))
  if (addresses.at !== undefined) {
    const email = valueAt(answer, addresses.at)
    return typeof email === 'string' ? { email } : {}
  }
  const primary = (isList(answer) ? answer : []).find((each) => isJsonObject(each) && each.primary === true)
  const email = valueAt(primary, 'email')
  return typeof email === 'string' ? { email, email_verified: valueAt(primary, 'verified') === true } : {}
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

async function ask(deps: ProtocolDeps, call: OutgoingCall): Promise<JsonObject> {
  const answer = await askAny(deps, call)
  if (isJsonObject(answer)) return answer
  throw unusable(`${new URL(call.url).host} answered with something else than an object`)
}

async function askAny({ client }: ProtocolDeps, call: OutgoingCall): Promise<Json> {
  const { host } = new URL(call.url)
  const sent = await client.send(call, { budget: CALL_BUDGET })
  if (sent.kind === 'failed') {
    const told = unable('the provider can not be reached at the moment. Please try again later.')
    throw new ProviderError(told, `${host}: ${sent.detail}`)
  }
  const answer = read(sent.body.toString(), sent.headers['content-type'] ?? '')
  // A refusal at the token endpoint has a status of its own and says why (RFC 6749 §5.2).
  if (sent.status < 300 || (isJsonObject(answer) && typeof answer.error === 'string')) {
    if (answer !== undefined) return answer
  }
  throw unusable(`${host} answered ${sent.status}`)
}

/** Some answer with a form where JSON was asked for. */
function read(text: string, contentType: string): Json | undefined {
  if (contentType.includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const unusable = (detail: string) =>
  new ProviderError(unable('the answer of the provider could not be used. Please try again.'), detail)
