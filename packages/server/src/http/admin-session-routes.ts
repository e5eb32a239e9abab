import { WireError } from '../core/errors.ts'
import { identityId, isUuid, type SessionId, sessionId } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Time } from '../core/time.ts'
import { identityView, sessionView } from '../core/views.ts'
import type { ManySessions, SessionPage, Store } from '../store/store.ts'
import { parseJson } from './body.ts'
import { type Answer, type Exchange, json, noContent, type Route, withHeaders } from './exchange.ts'
import { answerSessions, keyToken, listedSessionView, openKeyToken, withoutAddresses } from './session-list.ts'

export type AdminSessionDeps = {
  readonly store: Pick<Store, 'commit' | 'sessions'>
  readonly clock: Clock
  readonly settings: Pick<Settings, 'session'> & {
    readonly serve: { readonly public: Pick<Settings['serve']['public'], 'baseUrl'> }
    readonly featureFlags: Pick<Settings['featureFlags'], 'fasterSessionExtend'>
  }
}

/** Sessions as administrators manage them (ory-identity-api.md §2.2, §8). */
export const adminSessionRoutes = (deps: AdminSessionDeps): readonly Route[] =>
  (
    [
      ['GET', '/admin/sessions', list],
      ['POST', '/admin/sessions', endMany],
      ['GET', '/admin/sessions/:id', get],
      ['DELETE', '/admin/sessions/:id', revoke],
      ['PATCH', '/admin/sessions/:id/extend', extend],
      ['GET', '/admin/identities/:id/sessions', listOfIdentity],
      ['DELETE', '/admin/identities/:id/sessions', removeOfIdentity],
    ] as const
  ).map(([method, path, handle]) => ({ method, path, csrf: 'ignored', handle: (exchange) => handle(deps, exchange) }))

const bad = (reason: string) => new WireError(400, null, { reason })
const notFound = () => new WireError(404, 'Unable to locate the resource')

function idOf({ params }: Exchange): SessionId {
  const { id = '' } = params
  if (!isUuid(id)) throw bad(`"${id}" is not the id of a session.`)
  return sessionId(id.toLowerCase())
}

async function find(deps: AdminSessionDeps, exchange: Exchange): Promise<Session> {
  const session = await deps.store.sessions.find(idOf(exchange))
  if (session === null) throw notFound()
  return session
}

type Expand = { readonly identity: boolean; readonly devices: boolean }

function expandOf({ query }: Exchange): Expand {
  const asked = query.getAll('expand').map((name) => name.toLowerCase())
  const unknown = asked.find((name) => name !== 'identity' && name !== 'devices')
  if (unknown !== undefined) throw bad(`expand must be "identity" or "devices", not "${unknown}".`)
  return { identity: asked.includes('identity'), devices: asked.includes('devices') }
}

function whichOf({ query }: Exchange): SessionPage['which'] {
  const active = query.get('active') ?? ''
  if (active !== '' && active !== 'true' && active !== 'false') throw bad('active must be true or false.')
  return active === '' ? 'any' : active === 'true' ? 'live' : 'ended'
}

/** What is not asked for is empty, and what is asked for shows the administrator's own notes too (§8.1). */
function viewOf({ settings }: AdminSessionDeps, session: Session, expand: Expand, at: Time): JsonObject {
  const { baseUrl } = settings.serve.public
  return {
    ...sessionView(session, baseUrl, at),
    identity: expand.identity ? identityView(session.identity, baseUrl, { admin: true }) : null,
    ...(expand.devices ? {} : { devices: [] }),
  }
}

async function get(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const expand = expandOf(exchange)
  return json(200, viewOf(deps, await find(deps, exchange), expand, deps.clock.now()))
}

const USUAL = 250
const MOST = 1000

async function list(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const { query } = exchange
  const [expand, at, size] = [expandOf(exchange), deps.clock.now(), sizeOf(query)]
  const token = query.get('page_token') ?? ''
  const before = token === '' ? null : openKeyToken(token)
  const found = await deps.store.sessions.list({ before, size: size + 1, which: whichOf(exchange), at })
  const shown = found.slice(0, size)
  const views = shown.map((session) => {
    const view = viewOf(deps, { ...session, identity: withoutAddresses(session) }, expand, at)
    return expand.devices ? view : { ...view, devices: null }
  })
  const link = (token: string, rel: string) => {
    const target = new URLSearchParams(query)
    target.set('page_size', String(size))
    target.set('page_token', token)
    target.sort()
    return `</admin/sessions?${target.toString()}>; rel="${rel}"`
  }
  const next = found.length > size ? [link(keyToken(shown.at(-1) ?? null), 'next')] : []
  return withHeaders(json(200, views), { link: [link(keyToken(null), 'first'), ...next].join(',') })
}

function sizeOf(query: URLSearchParams): number {
  const text = query.get('page_size') ?? ''
  if (!/^\d*$/.test(text)) throw bad(`page_size must be a number, not "${text}".`)
  return Math.min(Number(text) || USUAL, MOST)
}

/** A revoked session stays readable. */
async function revoke(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const { id } = await find(deps, exchange)
  await deps.store.commit([{ kind: 'revokeSession', sessionId: id }])
  return noContent
}

/** It lives as long as a new one from now on, once its end is near enough. One that has ended stays ended. */
async function extend(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const session = await find(deps, exchange)
  const [at, { lifespan, earliestPossibleExtend }] = [deps.clock.now(), deps.settings.session]
  const isDue = session.expiresAt > at && session.expiresAt - (earliestPossibleExtend ?? lifespan) <= at
  if (isDue) await deps.store.commit([{ kind: 'extendSession', sessionId: session.id, expiresAt: at + lifespan }])
  if (deps.settings.featureFlags.fasterSessionExtend) return noContent
  return json(200, viewOf(deps, await find(deps, exchange), { identity: true, devices: true }, at))
}

/** Nobody by this id has no sessions. */
async function listOfIdentity(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const { id = '' } = exchange.params
  if (!isUuid(id)) throw notFound()
  const [of, at] = [identityId(id.toLowerCase()), deps.clock.now()]
  return answerSessions(deps.store.sessions, {
    path: `/admin/identities/${of}/sessions`,
    query: exchange.query,
    of,
    which: whichOf(exchange),
    at,
    view: (session) => listedSessionView(session, { at, admin: true }),
  })
}

async function removeOfIdentity(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const { id = '' } = exchange.params
  if (!isUuid(id)) throw notFound()
  const of = identityId(id.toLowerCase())
  const known = await deps.store.sessions.countOfIdentity(of, { which: 'any', at: deps.clock.now(), most: 1 })
  if (known === 0) throw notFound()
  await deps.store.commit([{ kind: 'deleteSessionsOf', identityId: of }])
  return noContent
}

/** How many sessions one call ends; whoever meant more calls again. */
const MOST_AT_ONCE = 5000
const MOST_NAMED = 500

/** Ends many sessions at once: `{action, identities | sessions}` answers `{processed, more}`. */
async function endMany(deps: AdminSessionDeps, exchange: Exchange): Promise<Answer> {
  const { action, of } = readMany(parseJson(exchange.body.toString()))
  const isRevocation = action === 'disable'
  const found = await deps.store.sessions.ids(of, { active: isRevocation, most: MOST_AT_ONCE + 1 })
  const sessionIds = found.slice(0, MOST_AT_ONCE)
  await deps.store.commit([{ kind: isRevocation ? 'revokeSessions' : 'deleteSessions', sessionIds }])
  return json(200, { processed: sessionIds.length, more: found.length > MOST_AT_ONCE })
}

function readMany(body: Json | undefined): { readonly action: 'disable' | 'delete'; readonly of: ManySessions } {
  if (!isJsonObject(body)) throw bad('The body must be a JSON object.')
  const { action, identities, sessions } = body
  if (action !== 'disable' && action !== 'delete') throw bad('action must be "disable" or "delete".')
  if ((identities === undefined) === (sessions === undefined)) {
    throw bad('Exactly one of identities and sessions must be given.')
  }
  if (sessions !== undefined) return { action, of: { kind: 'sessions', ids: idsIn(sessions).map(sessionId) } }
  if (Array.isArray(identities) && identities.length === 1 && identities[0] === '*') {
    return { action, of: { kind: 'all' } }
  }
  return { action, of: { kind: 'identities', ids: idsIn(identities).map(identityId) } }
}

function idsIn(list: Json | undefined): readonly string[] {
  const ids = Array.isArray(list) ? list : []
  if (ids.length === 0 || ids.length > MOST_NAMED) throw bad(`Between 1 and ${MOST_NAMED} ids must be given.`)
  return ids.map((id: unknown) => {
    if (typeof id !== 'string' || !isUuid(id)) throw bad(`${JSON.stringify(id)} is not an id.`)
    return id.toLowerCase()
  })
}
