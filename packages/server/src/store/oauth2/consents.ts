import type { Consent, ConsentSelector, LoginSession } from '../../core/oauth2.ts'
import { encode } from '../codec.ts'
import type { Database, Write } from '../database.ts'
import { consentOf, loginSessionOf } from '../rows.ts'
import { insertInto, statement } from '../sql.ts'

export type OAuth2Consents = {
  find(id: string): Promise<Consent | null>
  /** Newest first; what has expired is left out. */
  ofSubject(page: ConsentPage): Promise<readonly Consent[]>
  /** Those that may answer for somebody without asking again. */
  remembered(subject: string, clientId: string, at: number): Promise<readonly Consent[]>
  /** Every consent given within one login session. */
  ofSession(sid: string): Promise<readonly Consent[]>
}

export type ConsentPage = {
  readonly subject: string
  readonly sid: string | null
  /** Only older ones than this consent. */
  readonly before: { readonly handledAt: number; readonly id: string } | null
  readonly at: number
  readonly size: number
}

export type OAuth2Logins = {
  find(sid: string): Promise<LoginSession | null>
  ofSubject(subject: string): Promise<readonly LoginSession[]>
}

const COLUMNS = 'id, subject, client_id, sid, remember, skipped, scope, audience, details, handled_at, expires_at'
const FIND = statement('oauth2_consents.find', `select ${COLUMNS} from oauth2_consents where id = $1`)
const OF_SUBJECT = statement(
  'oauth2_consents.of_subject',
  `select ${COLUMNS} from oauth2_consents where subject = $1 and ($2 = '' or sid = $2)
  and (expires_at is null or expires_at > $3) and (handled_at < $4 or (handled_at = $4 and id < $5))
  order by handled_at desc, id desc limit $6`,
)
const REMEMBERED = statement(
  'oauth2_consents.remembered',
  `select ${COLUMNS} from oauth2_consents where subject = $1 and client_id = $2 and remember = 1 and skipped = 0
  and (expires_at is null or expires_at > $3) order by handled_at desc limit 20`,
)
const OF_SESSION = statement('oauth2_consents.of_session', `select ${COLUMNS} from oauth2_consents where sid = $1`)

export const readConsents = (db: Database): OAuth2Consents => ({
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : consentOf(row)
  },
  ofSubject: async ({ subject, sid, before, at, size }) =>
    (
      await db.all(OF_SUBJECT, [
        subject,
        sid ?? '',
        at,
        before?.handledAt ?? Number.MAX_SAFE_INTEGER,
        before?.id ?? '',
        size,
      ])
    ).map(consentOf),
  remembered: async (subject, clientId, at) => (await db.all(REMEMBERED, [subject, clientId, at])).map(consentOf),
  ofSession: async (sid) => (await db.all(OF_SESSION, [sid])).map(consentOf),
})

const INSERT = insertInto('oauth2_consents', [
  'id',
  'subject',
  'client_id',
  'sid',
  'remember',
  'skipped',
  'scope',
  'audience',
  'details',
  'handled_at',
  'expires_at',
])

/** A consent verifier works once: its request id is the key. */
export const insertConsent = (consent: Consent): Write => ({
  statement: INSERT,
  values: [
    consent.id,
    consent.subject,
    consent.clientId,
    consent.sid,
    consent.remember ? 1 : 0,
    consent.skipped ? 1 : 0,
    encode(consent.scope),
    encode(consent.audience),
    encode(consent.details),
    consent.handledAt,
    consent.expiresAt,
  ],
})

const WITHDRAW = {
  id: ['id = $1'],
  subject: ['subject = $1'],
  client: ['subject = $1 and client_id = $2'],
} as const

const statements = Object.fromEntries(
  Object.entries(WITHDRAW).map(([by, [where]]) => [
    by,
    {
      tokens: statement(
        `oauth2_consents.withdraw_tokens_${by}`,
        `delete from oauth2_tokens where chain in (select id from oauth2_consents where ${where})`,
      ),
      consents: statement(`oauth2_consents.withdraw_${by}`, `delete from oauth2_consents where ${where}`),
    },
  ]),
)

/** A withdrawn consent takes its tokens along. */
export function withdrawConsents(selector: ConsentSelector): readonly Write[] {
  const pair = statements[selector.by]
  if (pair === undefined) return []
  const values = valuesOf(selector)
  return [
    { statement: pair.tokens, values },
    { statement: pair.consents, values },
  ]
}

function valuesOf(selector: ConsentSelector): readonly string[] {
  switch (selector.by) {
    case 'id':
      return [selector.id]
    case 'subject':
      return [selector.subject]
    case 'client':
      return [selector.subject, selector.clientId]
    default:
      return selector satisfies never
  }
}

const LOGIN_COLUMNS = 'sid, subject, authenticated_at, expires_at, acr, amr, identity_session_id'
const FIND_LOGIN = statement('oauth2_logins.find', `select ${LOGIN_COLUMNS} from oauth2_logins where sid = $1`)
const LOGINS_OF = statement('oauth2_logins.of_subject', `select ${LOGIN_COLUMNS} from oauth2_logins where subject = $1`)

export const readLogins = (db: Database): OAuth2Logins => ({
  find: async (sid) => {
    const row = await db.find(FIND_LOGIN, [sid])
    return row === null ? null : loginSessionOf(row)
  },
  ofSubject: async (subject) => (await db.all(LOGINS_OF, [subject])).map(loginSessionOf),
})

const SAVE_LOGIN = statement(
  'oauth2_logins.save',
  `insert into oauth2_logins (${LOGIN_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (sid) do update set subject = excluded.subject, authenticated_at = excluded.authenticated_at,
  expires_at = excluded.expires_at, acr = excluded.acr, amr = excluded.amr,
  identity_session_id = excluded.identity_session_id`,
)
const DELETE_LOGIN = statement('oauth2_logins.delete', 'delete from oauth2_logins where sid = $1')
const DELETE_LOGINS_OF = statement('oauth2_logins.delete_of', 'delete from oauth2_logins where subject = $1')

export const saveLogin = (login: LoginSession): Write => ({
  statement: SAVE_LOGIN,
  values: [
    login.sid,
    login.subject,
    login.authenticatedAt,
    login.expiresAt,
    login.acr,
    encode(login.amr),
    login.identitySessionId,
  ],
})
export const deleteLogin = (sid: string): Write => ({ statement: DELETE_LOGIN, values: [sid] })
export const deleteLoginsOf = (subject: string): Write => ({ statement: DELETE_LOGINS_OF, values: [subject] })
