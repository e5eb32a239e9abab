import type { Effect } from '../core/effect.ts'
import { type IdentityId, type SessionId, sessionId, type TokenHash } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { IDENTITY } from './identities.ts'
import { countOf, sessionIdOf, sessionOf } from './rows.ts'
import { insertInto, type Statement, statement } from './sql.ts'
import type { SessionKey, Sessions } from './store.ts'

const SELECT = `select
  s.id as session_id, s.active, s.aal, s.authentication_methods, s.authenticated_at, s.issued_at, s.expires_at, s.devices,
  i.second_factors, ${IDENTITY}
  from sessions s join identities i on i.id = s.identity_id`

/** The hot path of `whoami`: one look-up in one index, and all that the answer holds. */
const FIND_BY_TOKEN_HASH = statement('sessions.find_by_token_hash', `${SELECT} where s.token_hash = $1`)
const FIND = statement('sessions.find', `${SELECT} where s.id = $1`)
const FIND_MANY = statement('sessions.find_many', ({ among }) => `${SELECT} where ${among('s.id', '$1')}`)
/** Whether it signs somebody in at a moment; which sessions of a list are meant. */
const LIVE = (at: string) => `(s.active = 1 and s.expires_at > ${at} and i.state = 'active')`

/** All parameters of a statement must be used: those of a filter that is none too. */
const WHICH = {
  any: (at: string) => `and ${at} <> ''`,
  live: (at: string) => `and ${LIVE(at)}`,
  ended: (at: string) => `and not ${LIVE(at)}`,
} as const
type Which = keyof typeof WHICH

const eachOf = (make: (which: Which) => Statement): { readonly [W in Which]: Statement } => ({
  any: make('any'),
  live: make('live'),
  ended: make('ended'),
})

const NEWEST_FIRST = 'order by s.issued_at desc, s.id desc'

const LIST = eachOf((which) =>
  statement(
    `sessions.list_${which}`,
    `${SELECT} where (s.issued_at, s.id) < ($1, $2) ${WHICH[which]('$3')} ${NEWEST_FIRST} limit $4`,
  ),
)
const OF_IDENTITY = eachOf((which) =>
  statement(
    `sessions.of_identity_${which}`,
    `${SELECT} where s.identity_id = $1 and (s.issued_at, s.id) < ($2, $3) and s.id <> $4 ${WHICH[which]('$5')}
    ${NEWEST_FIRST} limit $6 offset $7`,
  ),
)
const COUNT = eachOf((which) =>
  statement(
    `sessions.count_${which}`,
    `select count(*) as count from (
      select 1 from sessions s join identities i on i.id = s.identity_id
      where s.identity_id = $1 and s.id <> $2 ${WHICH[which]('$3')} limit $4) few`,
  ),
)

const IDS = {
  sessions: statement(
    'sessions.ids',
    ({ among }) => `select id from sessions where ${among('id', '$1')} order by id limit $2`,
  ),
  identities: statement(
    'sessions.ids_of_identities',
    ({ among }) => `select id from sessions where ${among('identity_id', '$1')} order by id limit $2`,
  ),
  all: statement('sessions.ids_of_all', 'select id from sessions where id > $1 order by id limit $2'),
  activeOfIdentities: statement(
    'sessions.active_ids_of_identities',
    ({ among }) => `select id from sessions where ${among('identity_id', '$1')} and active = 1 order by id limit $2`,
  ),
  activeOfAll: statement(
    'sessions.active_ids_of_all',
    'select id from sessions where id > $1 and active = 1 order by id limit $2',
  ),
}

/** Later than any session. */
const FROM_THE_START: SessionKey = { issuedAt: Number.MAX_SAFE_INTEGER, id: sessionId('') }

export const readSessions = (db: Database): Sessions => ({
  findByTokenHash: async (hash) => {
    const row = await db.find(FIND_BY_TOKEN_HASH, [hash])
    return row === null ? null : sessionOf(row)
  },
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : sessionOf(row)
  },
  findMany: async (ids) => (ids.length === 0 ? [] : (await db.all(FIND_MANY, [encode(ids)])).map(sessionOf)),
  list: async ({ before, size, which, at }) => {
    const { issuedAt, id } = before ?? FROM_THE_START
    return (await db.all(LIST[which], [issuedAt, id, at, size])).map(sessionOf)
  },
  ofIdentity: async (identity, { before, size, which, at, except = '', skip = 0 }) => {
    const { issuedAt, id } = before ?? FROM_THE_START
    return (await db.all(OF_IDENTITY[which], [identity, issuedAt, id, except, at, size, skip])).map(sessionOf)
  },
  countOfIdentity: async (identity, { which, at, except = '', most }) =>
    countOf(await db.find(COUNT[which], [identity, except, at, most])),
  ids: async (of, { active, most }) => {
    if (of.kind === 'sessions') return (await db.all(IDS.sessions, [encode(of.ids), most])).map(sessionIdOf)
    const rows =
      of.kind === 'identities'
        ? db.all(active ? IDS.activeOfIdentities : IDS.identities, [encode(of.ids), most])
        : db.all(active ? IDS.activeOfAll : IDS.all, ['', most])
    return (await rows).map(sessionIdOf)
  },
})

const INSERT = insertInto('sessions', [
  'id',
  'token_hash',
  'identity_id',
  'active',
  'aal',
  'authentication_methods',
  'authenticated_at',
  'issued_at',
  'expires_at',
  'devices',
  'created_at',
  'updated_at',
])

export const storeSession = (session: Session, tokenHash: TokenHash, at: Time): Write => ({
  statement: INSERT,
  values: [
    session.id,
    tokenHash,
    session.identity.id,
    session.active ? 1 : 0,
    session.aal,
    encode(session.authenticationMethods),
    session.authenticatedAt,
    session.issuedAt,
    session.expiresAt,
    encode(session.devices),
    at,
    at,
  ],
})

const RENEW = statement(
  'sessions.renew',
  `update sessions set aal = $2, authentication_methods = $3, authenticated_at = $4, updated_at = $5
  where id = $1 and active = 1`,
)

/** A session that was revoked meanwhile stays revoked, and one that was extended keeps its end. */
export const renewSession = (session: Session, at: Time): Write => ({
  statement: RENEW,
  values: [session.id, session.aal, encode(session.authenticationMethods), session.authenticatedAt, at],
  expects: 'not_found',
})

const REVOKE = statement(
  'sessions.revoke',
  'update sessions set active = 0, updated_at = $2 where id = $1 and active = 1',
)

export const revokeSession = (id: SessionId, at: Time): Write => ({ statement: REVOKE, values: [id, at] })

const REVOKE_OTHERS = statement(
  'sessions.revoke_others',
  'update sessions set active = 0, updated_at = $3 where identity_id = $1 and id <> $2 and active = 1',
)

export const revokeOtherSessions = (identity: IdentityId, keep: SessionId | null, at: Time): Write => ({
  statement: REVOKE_OTHERS,
  // No session has the empty id: all of them go.
  values: [identity, keep ?? '', at],
})

const REVOKE_MANY = statement(
  'sessions.revoke_many',
  ({ among }) => `update sessions set active = 0, updated_at = $2 where ${among('id', '$1')} and active = 1`,
)

export const revokeSessions = (ids: readonly SessionId[], at: Time): Write => ({
  statement: REVOKE_MANY,
  values: [encode(ids), at],
})

const DELETE_MANY = statement('sessions.delete_many', ({ among }) => `delete from sessions where ${among('id', '$1')}`)

export const deleteSessions = (ids: readonly SessionId[]): Write => ({ statement: DELETE_MANY, values: [encode(ids)] })

const DELETE_OF_IDENTITY = statement('sessions.delete_of_identity', 'delete from sessions where identity_id = $1')

export const deleteSessionsOf = (identity: IdentityId): Write => ({ statement: DELETE_OF_IDENTITY, values: [identity] })

const EXTEND = statement(
  'sessions.extend',
  'update sessions set expires_at = $2, updated_at = $3 where id = $1 and active = 1 and expires_at < $2',
)

/** A session that was revoked meanwhile stays revoked, and none is ever cut short by this. */
export const extendSession = (id: SessionId, expiresAt: Time, at: Time): Write => ({
  statement: EXTEND,
  values: [id, expiresAt, at],
})

const EXCHANGE_TOKEN = statement(
  'sessions.exchange_token',
  'update sessions set token_hash = $3, updated_at = $4 where id = $1 and token_hash = $2 and active = 1',
)

/** Whoever comes second finds another token there. */
export const exchangeToken = ({ sessionId, from, to, at }: Extract<Effect, { kind: 'exchangeToken' }>): Write => ({
  statement: EXCHANGE_TOKEN,
  values: [sessionId, from, to, at],
  expects: 'not_found',
})
