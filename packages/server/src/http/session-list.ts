import { WireError } from '../core/errors.ts'
import { isUuid, type SessionId, sessionId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { identityView, sessionView } from '../core/views.ts'
import type { SessionKey, SessionPage, Sessions } from '../store/store.ts'
import { type Answer, json, withHeaders } from './exchange.ts'

/** A page of one person's sessions: what follows a certain one, else the n-th from 0. `page` is what its links count from. */
type Page = {
  readonly page: number
  readonly index: number
  readonly before: SessionKey | null
  readonly size: number | null
}

export const USUAL = 250
/** No list of one person's sessions is longer than this (ory-identity-api.md §9.4). */
const MOST_SESSIONS = 1000

/** Reads `page` and `per_page`, or `page_size` and `page_token`, which says after which session to go on. */
export function readPage(query: URLSearchParams): Page {
  const token = query.get('page_token')
  const size = number(query, 'page_size') ?? number(query, 'per_page')
  const known = size === null || size === 0 ? null : Math.min(size, MOST_SESSIONS)
  if (token !== null && token !== '') return { ...openToken(token), size: known }
  const page = number(query, 'page') ?? 0
  // Pages 0 and 1 are the same first page, although the links count from 0 (§9.4).
  return { page, index: Math.max(page - 1, 0), before: null, size: known }
}

function number(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  if (!/^\d{1,9}$/.test(text)) throw new WireError(400, null, { reason: `${name} must be a number.` })
  return Number(text)
}

/** Where a list goes on: a time and an id, which tell nobody anything that the page itself does not. */
export const keyToken = (key: SessionKey | null) =>
  Buffer.from(key === null ? START : `${key.issuedAt}.${key.id}`).toString('base64url')

const START = 'start'

/** The key a token of `keyToken` stands for; null at the start of the list. */
export function openKeyToken(token: string): SessionKey | null {
  const text = Buffer.from(token, 'base64url').toString()
  if (text === START) return null
  const [, issuedAt = '', id = ''] = /^(\d{1,15})\.(.*)$/.exec(text) ?? []
  if (!isUuid(id)) throw wrongToken()
  return { issuedAt: Number(issuedAt), id: sessionId(id) }
}

const wrongToken = () => new WireError(400, null, { reason: 'The page token is invalid.' })

export const pageToken = (index: number, key: SessionKey | null) => `${Math.max(index, 0)}.${keyToken(key)}`

function openToken(token: string): Omit<Page, 'size'> {
  const [, page = '', key] = /^(\d{1,9})\.([\w-]+)$/.exec(token) ?? []
  if (key === undefined) throw wrongToken()
  return { page: Number(page), index: Number(page), before: openKeyToken(key) }
}

type Links = {
  readonly page: number
  readonly size: number
  readonly next: string | null
  readonly prev: string | null
}

/** Where other pages are, with all four parameters that Ory's clients of different ages look at. */
export function pageLinks(path: string, query: URLSearchParams, { page, size, next, prev }: Links): string {
  const link = (to: number, token: string, rel: string) => {
    const target = new URLSearchParams(query)
    const all = { page: to, page_size: size, page_token: token, per_page: size }
    for (const [name, value] of Object.entries(all)) target.set(name, String(value))
    target.sort()
    return `<${path}?${target.toString()}>; rel="${rel}"`
  }
  return [
    link(0, pageToken(0, null), 'first'),
    ...(next === null ? [] : [link(page + 1, next, 'next')]),
    ...(prev === null ? [] : [link(page - 1, prev, 'prev')]),
  ].join(',')
}

type List = {
  readonly path: string
  readonly query: URLSearchParams
  readonly of: Session['identity']['id']
  readonly which: SessionPage['which']
  readonly at: Time
  /** The caller's own, which is not among them. */
  readonly except?: SessionId
  readonly view: (session: Session) => JsonObject
}

/** A page of one person's sessions with Ory's headers (§9.4). */
export async function answerSessions(
  sessions: Pick<Sessions, 'ofIdentity' | 'countOfIdentity'>,
  { path, query, of, view, ...meant }: List,
): Promise<Answer> {
  const { page, index, size, before } = readPage(query)
  const perPage = size ?? USUAL
  const skip = before === null ? Math.min(index * perPage, MOST_SESSIONS) : 0
  const [total, found] = await Promise.all([
    sessions.countOfIdentity(of, { ...meant, most: MOST_SESSIONS }),
    sessions.ofIdentity(of, { ...meant, before, skip, size: perPage + 1 }),
  ])
  const shown = found.slice(0, perPage)
  const shownSize = size ?? (shown.length || USUAL)
  const isEmpty = total === 0
  const link = pageLinks(path, query, {
    page,
    size: shownSize,
    next: isEmpty || found.length > perPage ? pageToken(index + 1, shown.at(-1) ?? null) : null,
    // Back goes by number: the key of a page in front of this one is not known.
    prev: isEmpty || page > 0 ? pageToken(index - 1, null) : null,
  })
  return withHeaders(json(200, shown.map(view)), { link, 'x-total-count': String(total) })
}

type Shown = { readonly at: Time; readonly admin?: true }

/** A session as lists of one person show it: its identity without addresses, and without the URL of its schema (§8.1). */
export function listedSessionView(session: Session, { at, ...options }: Shown): JsonObject {
  const identity = withoutAddresses(session)
  const view = sessionView({ ...session, identity }, NOWHERE, at)
  return { ...view, identity: { ...identityView(identity, NOWHERE, options), schema_url: '' } }
}

/** Lists never show addresses. */
export const withoutAddresses = ({ identity }: Session) => ({
  ...identity,
  verifiableAddresses: [],
  recoveryAddresses: [],
})

const NOWHERE = 'http://localhost/'
