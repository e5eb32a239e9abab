import type { IdentityId, SessionId, TokenHash } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { IDENTITY } from './identities.ts'
import { sessionOf } from './rows.ts'
import { insertInto, statement } from './sql.ts'
import type { Sessions } from './store.ts'

const SELECT = `select
  s.id as session_id, s.active, s.aal, s.authentication_methods, s.authenticated_at, s.issued_at, s.expires_at, s.devices,
  i.second_factors, ${IDENTITY}
  from sessions s join identities i on i.id = s.identity_id`

/** The hot path of `whoami`: one look-up in one index, and all that the answer holds. */
const FIND_BY_TOKEN_HASH = statement('sessions.find_by_token_hash', `${SELECT} where s.token_hash = $1`)
const FIND = statement('sessions.find', `${SELECT} where s.id = $1`)
const OF_IDENTITY = statement(
  'sessions.of_identity',
  `${SELECT} where s.identity_id = $1 order by s.created_at desc, s.id desc limit $2 offset $3`,
)

export const readSessions = (db: Database): Sessions => ({
  findByTokenHash: async (hash) => {
    const row = await db.find(FIND_BY_TOKEN_HASH, [hash])
    return row === null ? null : sessionOf(row)
  },
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : sessionOf(row)
  },
  ofIdentity: async (identity, { limit, offset }) =>
    (await db.all(OF_IDENTITY, [identity, limit, offset])).map(sessionOf),
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
  `update sessions set aal = $2, authentication_methods = $3, authenticated_at = $4, expires_at = $5, devices = $6,
  updated_at = $7 where id = $1 and active = 1`,
)

/** A session that was revoked meanwhile stays revoked. */
export const renewSession = (session: Session, at: Time): Write => ({
  statement: RENEW,
  values: [
    session.id,
    session.aal,
    encode(session.authenticationMethods),
    session.authenticatedAt,
    session.expiresAt,
    encode(session.devices),
    at,
  ],
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
