import type { Sending } from '../core/action.ts'
import { attemptHeaders } from '../core/attempt-headers.ts'
import type { Delivery, RenderedCall } from '../core/delivery.ts'
import type { ActionId } from '../core/ids.ts'
import type { Milliseconds, Random } from '../core/time.ts'
import type { OutgoingClient, Sent } from '../net/outgoing.ts'

export type SendDeps = {
  readonly client: Pick<OutgoingClient, 'send'>
  readonly random: Pick<Random, 'uuid'>
  /** What the plan in force knows about an action; null if it is not in it any more. */
  readonly sendingOf: (action: ActionId) => Sending | null
}

export type Sendable = Extract<Delivery['content'], { kind: 'rendered' }>

/** One attempt of one delivery: the same bytes and id as ever, with today's secrets. */
export async function sendDelivery(
  deps: SendDeps,
  delivery: Pick<Delivery, 'id' | 'actionId'>,
  { call, emitHeaders }: Sendable,
  { budget, signal }: { readonly budget: Milliseconds; readonly signal?: AbortSignal },
): Promise<{ readonly requestId: string; readonly sent: Sent }> {
  const requestId = deps.random.uuid()
  const secrets = secretsFor(call, deps.sendingOf(delivery.actionId))
  if (secrets === null) {
    const detail = 'the credentials of this call are not configured any more'
    return { requestId, sent: { kind: 'failed', reason: 'connect', detail } }
  }
  const headers = { ...call.headers, ...secrets, ...attemptHeaders(delivery.id, requestId, emitHeaders) }
  const outgoing = { method: call.method, url: call.url, headers, body: call.body }
  const sent = await deps.client.send(outgoing, { budget, ...(signal === undefined ? {} : { signal }) })
  return { requestId, sent }
}

/** A call that needs credentials is never made without them; it waits until they are back. */
function secretsFor({ secretHeaders }: RenderedCall, sending: Sending | null): Sending['secretHeaders'] | null {
  const known = sending?.secretHeaders ?? {}
  return secretHeaders.every((name) => Object.hasOwn(known, name)) ? known : null
}
