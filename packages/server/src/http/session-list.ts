import { WireError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { identityView, sessionView } from '../core/views.ts'
import { type Answer, json, withHeaders } from './exchange.ts'

type Page = { readonly page: number; readonly size: number | null }

const USUAL = 250
/** No list of sessions is longer than this (ory-identity-api.md §9.4). */
export const MOST_SESSIONS = 1000

/** Reads `page` and `per_page`, or `page_size` and `page_token`, which is the page's number in disguise. */
export function readPage(query: URLSearchParams): Page {
  const token = query.get('page_token')
  const page = token === null || token === '' ? number(query, 'page') : pageOf(token)
  const size = number(query, 'page_size') ?? number(query, 'per_page')
  return { page: page ?? 0, size: size === null || size === 0 ? null : Math.min(size, MOST_SESSIONS) }
}

function number(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  if (!/^\d{1,9}$/.test(text)) throw new WireError(400, null, { reason: `${name} must be a number.` })
  return Number(text)
}

const tokenOf = (page: number) => Buffer.from(JSON.stringify({ page })).toString('base64url')

function pageOf(token: string): number {
  const page = /^\{"page":(\d{1,9})\}$/.exec(Buffer.from(token, 'base64url').toString())?.[1]
  if (page === undefined) throw new WireError(400, null, { reason: 'The page token is invalid.' })
  return Number(page)
}

/** A page of sessions with Ory's headers. Pages 0 and 1 are the same first page, although the links count from 0 (§9.4). */
export function answerSessions(path: string, { page, size }: Page, views: readonly JsonObject[]): Answer {
  const perPage = size ?? USUAL
  const from = Math.max(page - 1, 0) * perPage
  const shown = views.slice(from, from + perPage)
  const shownSize = size ?? (shown.length || USUAL)
  const link = (to: number, rel: string) =>
    `<${path}?page=${to}&page_size=${shownSize}&page_token=${tokenOf(to)}&per_page=${shownSize}>; rel="${rel}"`
  const isEmpty = views.length === 0
  const links = [
    link(0, 'first'),
    ...(isEmpty || (page + 1) * shownSize < views.length ? [link(page + 1, 'next')] : []),
    ...(isEmpty || page > 0 ? [link(page - 1, 'prev')] : []),
  ]
  return withHeaders(json(200, shown), { link: links.join(','), 'x-total-count': String(views.length) })
}

/** A session as lists show it: its identity without addresses, and without the URL of its schema (§8.1). */
export function listedSessionView(session: Session, at: Time): JsonObject {
  const withoutAddresses = { ...session.identity, verifiableAddresses: [], recoveryAddresses: [] }
  const view = sessionView({ ...session, identity: withoutAddresses }, NOWHERE, at)
  return { ...view, identity: { ...identityView(withoutAddresses, NOWHERE), schema_url: '' } }
}

const NOWHERE = 'http://localhost/'
