import type { Attempt } from '../core/delivery.ts'
import { WireError } from '../core/errors.ts'
import { deliveryId, type DeliveryId, isUuid } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { type Clock, type Milliseconds, toTimestamp } from '../core/time.ts'
import type { RenderedMessage } from '../courier/message.ts'
import type { Seal } from '../crypto/seal.ts'
import type { MessageStatus, Store, StoredMessage } from '../store/store.ts'
import { errorObject } from './errors.ts'
import { type Answer, type Exchange, json, type Route, withHeaders } from './exchange.ts'

export type CourierDeps = {
  readonly store: Pick<Store, 'messages' | 'deliveries'>
  readonly clock: Clock
  /** Seals page tokens. */
  readonly pages: Seal
  /** Shows what messages say; without it nobody is shown it, as it holds codes and links. */
  readonly openMessage: ((sealed: string) => RenderedMessage | null) | null
}

const PATH = '/admin/courier/messages'

/** Messages as administrators see them (ory-identity-api.md §11). */
export const courierRoutes = (deps: CourierDeps): readonly Route[] => [
  { method: 'GET', path: PATH, csrf: 'ignored', handle: (exchange) => list(deps, exchange) },
  { method: 'GET', path: `${PATH}/:id`, csrf: 'ignored', handle: (exchange) => get(deps, exchange) },
]

const bad = (reason: string) => new WireError(400, null, { reason })

async function list(deps: CourierDeps, { query }: Exchange): Promise<Answer> {
  const size = sizeIn(query)
  const before = positionIn(deps, query.get('page_token') ?? '')
  const status = statusIn(query)
  const recipient = query.get('recipient') || undefined
  const found = await deps.store.messages.list({
    before,
    // One more than is shown tells whether there is another page.
    size: size + 1,
    ...(status === undefined ? {} : { status }),
    ...(recipient === undefined ? {} : { recipient }),
  })
  const shown = found.slice(0, size)
  const last = found.length > size ? shown.at(-1) : undefined
  const links = [
    linkTo(query, size, tokenOf(deps, FIRST), 'first'),
    ...(last === undefined ? [] : [linkTo(query, size, tokenOf(deps, last.id), 'next')]),
  ]
  const views = shown.map((message) => messageView(deps, message))
  return withHeaders(json(200, views), { link: links.join(',') })
}

const USUAL_SIZE = 10
const LARGEST_SIZE = 500

function sizeIn(query: URLSearchParams): number {
  const text = query.get('page_size') ?? query.get('per_page') ?? ''
  if (!/^-?\d*$/.test(text)) throw bad('The page size is not a number.')
  const size = Number(text)
  return size <= 0 ? USUAL_SIZE : Math.min(size, LARGEST_SIZE)
}

const STATUSES: readonly MessageStatus[] = ['queued', 'processing', 'sent', 'abandoned']

function statusIn(query: URLSearchParams): MessageStatus | undefined {
  const text = query.get('status') ?? ''
  const status = STATUSES.find((known) => known === text)
  if (text !== '' && status === undefined) throw bad('Message status is not valid')
  return status
}

/** Where the first page begins. */
const FIRST = ''
const TOKEN_LIVES: Milliseconds = 60 * 60 * 1000

/** A position that says nothing to anybody, and only for an hour. */
const tokenOf = ({ pages, clock }: CourierDeps, position: string) =>
  pages.seal(JSON.stringify([position, clock.now() + TOKEN_LIVES]))

function positionIn({ pages, clock }: CourierDeps, token: string): DeliveryId | null {
  if (token === '') return null
  const text = pages.open(token)
  const content: unknown = text === null ? null : JSON.parse(text)
  const [position, until]: readonly unknown[] = Array.isArray(content) ? content : []
  if (typeof position !== 'string' || typeof until !== 'number' || until < clock.now()) {
    throw bad('The page token is invalid or expired, do not craft your own page tokens')
  }
  return position === FIRST ? null : deliveryId(position)
}

/** A relative URL with the other parameters kept, sorted by name (ory-identity-api.md §9.4). */
function linkTo(query: URLSearchParams, size: number, token: string, rel: string): string {
  const target = new URLSearchParams(query)
  target.delete('per_page')
  target.set('page_size', String(size))
  target.set('page_token', token)
  target.sort()
  return `<${PATH}?${target.toString()}>; rel="${rel}"`
}

async function get(deps: CourierDeps, { params }: Exchange): Promise<Answer> {
  const { id = '' } = params
  if (!isUuid(id)) throw bad('The id of a message must be a UUID.')
  const message = await deps.store.messages.find(deliveryId(id.toLowerCase()))
  if (message === null) throw new WireError(404, null, { reason: 'Unable to locate the resource' })
  const attempts = await deps.store.deliveries.attemptsOf(message.id)
  const dispatches = attempts.map((attempt) => dispatchView(message, attempt))
  const view = messageView(deps, message)
  return json(200, dispatches.length === 0 ? view : { ...view, dispatches })
}

const REDACTED = '<redacted-unless-dev-mode>'

function messageView({ openMessage }: CourierDeps, message: StoredMessage): JsonObject {
  const opened = openMessage?.(message.sealed) ?? null
  return {
    id: message.id,
    status: message.status,
    type: message.channel,
    recipient: message.recipient,
    body: opened?.text ?? REDACTED,
    subject: opened?.subject ?? REDACTED,
    template_type: message.templateType,
    channel: message.channel,
    send_count: message.sendCount,
    created_at: toTimestamp(message.createdAt),
    updated_at: toTimestamp(message.updatedAt),
  }
}

const dispatchView = (message: StoredMessage, attempt: Attempt): JsonObject => ({
  id: attempt.requestId,
  message_id: message.id,
  status: attempt.outcome === 'delivered' ? 'success' : 'failed',
  error: attempt.outcome === 'delivered' ? null : errorObject(new WireError(500, null, { reason: attempt.reason })),
  created_at: toTimestamp(attempt.startedAt),
  updated_at: toTimestamp(attempt.endedAt),
})
