import { WireError } from '../core/errors.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Accepted, LoginRequest, LoginRequests } from '../core/login-requests.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import type { FlowDeps } from './authorize.ts'
import { textIn } from './client-metadata.ts'
import { OAuthFault } from './fault.ts'
import { acceptLogin, showLogin } from './request-admin.ts'

/** Signing in for the OAuth2 server of this process. */
export const ownLoginRequests = (deps: () => FlowDeps): LoginRequests => ({
  find: async (challenge) => requestOf(challenge, await orWireError(showLogin(deps(), challenge))),
  accept: async (challenge, accepted) =>
    (await orWireError(acceptLogin(deps(), challenge, bodyOf(accepted)))).redirect_to,
})

async function orWireError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof OAuthFault ? unavailable(error.status) : error
  }
}

type Elsewhere = {
  readonly client: Pick<OutgoingClient, 'send'>
  readonly provider: { readonly url: string; readonly headers: { readonly [name: string]: string } }
}

const BUDGET = 10_000

/** Signing in for an OAuth2 server that runs elsewhere, over its admin API. */
export function remoteLoginRequests({ client, provider }: Elsewhere): LoginRequests {
  const call = async (method: 'GET' | 'PUT', path: string, challenge: string, body: JsonObject | null) => {
    const base = provider.url.replace(/\/$/, '')
    const url = `${base}/admin/oauth2/auth/requests/login${path}?login_challenge=${encodeURIComponent(challenge)}`
    const headers = {
      ...provider.headers,
      accept: 'application/json',
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    }
    const sent = await client.send(
      { method, url, headers, body: body === null ? null : JSON.stringify(body) },
      { budget: BUDGET },
    )
    if (sent.kind === 'failed') throw unavailable(500, sent.detail)
    if (sent.status !== 200) throw unavailable(sent.status)
    const answer: unknown = JSON.parse(sent.body.toString())
    if (!isJsonObject(answer)) throw unavailable(500, 'the answer is not a JSON object')
    return answer
  }
  return {
    find: async (challenge) => requestOf(challenge, await call('GET', '', challenge, null)),
    accept: async (challenge, accepted) =>
      textIn(await call('PUT', '/accept', challenge, bodyOf(accepted)), 'redirect_to'),
  }
}

const requestOf = (challenge: string, document: JsonObject): LoginRequest => ({
  challenge,
  skip: document['skip'] === true,
  requestUrl: textIn(document, 'request_url'),
  document,
})

const bodyOf = ({ subject, sessionId, remember, rememberFor, amr, acr }: Accepted): JsonObject => ({
  subject,
  identity_provider_session_id: sessionId,
  remember,
  remember_for: rememberFor,
  amr,
  ...(acr === null ? {} : { acr }),
})

/** What the server elsewhere said only counts as the browser's fault where it knows no such challenge (any more). */
const unavailable = (status: number, cause = '') =>
  status === 404 || status === 410 || status === 401
    ? new WireError(400, null, {
        reason: 'Unable to get OAuth 2.0 Login Challenge.',
        details: { status_code: status },
      })
    : new WireError(500, null, {
        reason: 'Unable to get OAuth 2.0 Login Challenge.',
        cause: `answered ${status} ${cause}`,
      })
