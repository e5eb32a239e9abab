import { createHash } from 'node:crypto'
import type { ClientCredentials } from '../core/credentials.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { Milliseconds } from '../core/time.ts'
import type { OutgoingCall, Sent } from './outgoing.ts'

/** A token could not be had; why, without any secret. */
export class NoTokenError extends Error {}

/** Access tokens of clients, each got once and used until it is about to end. */
export type Tokens = {
  /** The same token for everybody who asks with the same credentials. */
  get(credentials: ClientCredentials): Promise<string>
  /** It was refused: whoever asks next gets another one. */
  forget(credentials: ClientCredentials, token: string): void
}

type Deps = {
  readonly send: (call: OutgoingCall) => Promise<Sent>
  readonly now: () => Milliseconds
}

type Kept = { readonly token: string; readonly until: Milliseconds }

const MOST_KEPT = 1_000
/** How long a token counts whose server does not say (RFC 6749 §5.1 leaves it open). */
const UNSAID: Milliseconds = 5 * 60_000
/** A token that ends while its call is under way is no use: it is renewed that long before, or a tenth of its life. */
const MARGIN: Milliseconds = 60_000

/** Gets tokens by the client credentials grant (RFC 6749 §4.4). */
export function keepTokens({ send, now }: Deps): Tokens {
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<string>>()
  const fetchOnce = (key: string, credentials: ClientCredentials) => {
    const known = underWay.get(key)
    if (known !== undefined) return known
    const fetching = fetchToken(send, credentials)
      .then(({ token, lifespan }) => {
        const [oldest] = kept.size >= MOST_KEPT ? kept.keys() : []
        if (oldest !== undefined) kept.delete(oldest)
        kept.set(key, { token, until: now() + lifespan - Math.min(MARGIN, lifespan / 10) })
        return token
      })
      .finally(() => underWay.delete(key))
    underWay.set(key, fetching)
    return fetching
  }
  return {
    get: async (credentials) => {
      const key = keyOf(credentials)
      const known = kept.get(key)
      return known !== undefined && known.until > now() ? known.token : fetchOnce(key, credentials)
    },
    forget: (credentials, token) => {
      const key = keyOf(credentials)
      if (kept.get(key)?.token === token) kept.delete(key)
    },
  }
}

/** The secret counts too, and does not lie about in a map. */
const keyOf = (credentials: ClientCredentials) =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(credentials).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('base64')

async function fetchToken(
  send: Deps['send'],
  { tokenUrl, clientId, clientSecret, scope, audience, sends }: ClientCredentials,
): Promise<{ readonly token: string; readonly lifespan: Milliseconds }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== null) form.set('scope', scope)
  if (audience !== null) form.set('audience', audience)
  if (sends === 'body') {
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
  }
  // RFC 6749 §2.3.1: both parts are encoded as in a form first.
  const basic = Buffer.from(`${formText(clientId)}:${formText(clientSecret)}`).toString('base64')
  const sent = await send({
    method: 'POST',
    url: tokenUrl,
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(sends === 'basic' ? { authorization: `Basic ${basic}` } : {}),
    },
    body: form.toString(),
  })
  if (sent.kind === 'failed') throw new NoTokenError(`the token endpoint: ${sent.detail}`)
  const answer = parse(sent.body)
  if (sent.status !== 200) throw new NoTokenError(`the token endpoint answered ${sent.status}${errorIn(answer)}`)
  const token = isJsonObject(answer) ? answer.access_token : null
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new NoTokenError('the token endpoint answered without an access_token that can be sent')
  }
  const type = isJsonObject(answer) && typeof answer.token_type === 'string' ? answer.token_type : 'bearer'
  if (type.toLowerCase() !== 'bearer')
    throw new NoTokenError('the token endpoint answered with a token that is no bearer token')
  const seconds = isJsonObject(answer) ? Number(answer.expires_in) : Number.NaN
  return { token, lifespan: seconds > 0 ? seconds * 1000 : UNSAID }
}

const formText = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)

function parse(body: Buffer): Json {
  try {
    return JSON.parse(body.toString())
  } catch {
    return null
  }
}

/** The code of RFC 6749 §5.2; whatever else is said may repeat what we sent. */
const errorIn = (answer: Json) =>
  isJsonObject(answer) && typeof answer.error === 'string' && /^[a-z_]{1,40}$/.test(answer.error)
    ? ` (${answer.error})`
    : ''
