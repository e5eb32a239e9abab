import type { CustomFetch } from 'openid-client'
import type { Milliseconds } from '../../core/time.ts'
import type { OutgoingClient } from '../../net/outgoing.ts'

/** For one call; a sign-in makes three or four. */
export const CALL_BUDGET: Milliseconds = 10_000

/** Lets openid-client call out through the guarded client, and in no other way. */
export const guardedFetch =
  (client: Pick<OutgoingClient, 'send'>): CustomFetch =>
  async (url, { method, headers, body, signal }) => {
    const text = body === undefined || body === null ? null : bodyText(body)
    const sent = await client.send(
      { method, url, headers, body: text },
      { budget: CALL_BUDGET, ...(signal ? { signal } : {}) },
    )
    if (sent.kind === 'failed') throw new TypeError(`${new URL(url).host}: ${sent.detail}`)
    const hasBody = ![204, 205, 304].includes(sent.status)
    return new Response(hasBody ? new Uint8Array(sent.body) : null, { status: sent.status, headers: sent.headers })
  }

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('a body of this kind is never sent')
}
