import type { StoredKey, TrustedIssuer } from '../../core/oauth2.ts'
import { encode } from '../codec.ts'
import type { Database, Write } from '../database.ts'
import { storedKeyOf, trustedIssuerOf } from '../rows.ts'
import { insertInto, statement } from '../sql.ts'

export type OAuth2Keys = {
  /** Newest first. */
  ofSet(set: string): Promise<readonly StoredKey[]>
}

const OF_SET = statement(
  'oauth2_keys.of_set',
  'select set_name, kid, document, created_at from oauth2_keys where set_name = $1 order by ordinal desc',
)

export const readKeys = (db: Database): OAuth2Keys => ({
  ofSet: async (set) => (await db.all(OF_SET, [set])).map(storedKeyOf),
})

const INSERT = statement(
  'oauth2_keys.insert',
  `insert into oauth2_keys (set_name, kid, ordinal, document, created_at)
  select $1, $2, coalesce(max(ordinal), 0) + 1, $3, $4 from oauth2_keys where set_name = $1`,
)
const REPLACE = statement(
  'oauth2_keys.replace',
  'update oauth2_keys set document = $3, created_at = $4 where set_name = $1 and kid = $2',
)
const DELETE = statement('oauth2_keys.delete', 'delete from oauth2_keys where set_name = $1 and kid = $2')
const DELETE_SET = statement('oauth2_keys.delete_set', 'delete from oauth2_keys where set_name = $1')

export const insertKey = ({ set, kid, document, createdAt }: StoredKey): Write => ({
  statement: INSERT,
  values: [set, kid, document, createdAt],
})
export const replaceKey = ({ set, kid, document, createdAt }: StoredKey): Write => ({
  statement: REPLACE,
  values: [set, kid, document, createdAt],
  expects: 'not_found',
})
export const deleteKey = (set: string, kid: string): Write => ({ statement: DELETE, values: [set, kid] })
export const deleteKeys = (set: string): Write => ({ statement: DELETE_SET, values: [set] })

export type TrustedIssuers = {
  find(id: string): Promise<TrustedIssuer | null>
  list(page: IssuerPage): Promise<readonly TrustedIssuer[]>
  /** Every key with which this issuer may speak for this subject. */
  trusted(issuer: string, subject: string, at: number): Promise<readonly TrustedIssuer[]>
}

export type IssuerPage = { readonly after: string; readonly size: number; readonly issuer: string | null }

const COLUMNS = 'id, issuer, subject, scope, kid, jwk, created_at, expires_at'
const FIND_ISSUER = statement('oauth2_issuers.find', `select ${COLUMNS} from oauth2_issuers where id = $1`)
const LIST_ISSUERS = statement(
  'oauth2_issuers.list',
  `select ${COLUMNS} from oauth2_issuers where id > $1 and ($2 = '' or issuer = $2) order by id limit $3`,
)
const TRUSTED = statement(
  'oauth2_issuers.trusted',
  `select ${COLUMNS} from oauth2_issuers where issuer = $1 and subject in ('', $2) and expires_at > $3`,
)

export const readIssuers = (db: Database): TrustedIssuers => ({
  find: async (id) => {
    const row = await db.find(FIND_ISSUER, [id])
    return row === null ? null : trustedIssuerOf(row)
  },
  list: async ({ after, size, issuer }) =>
    (await db.all(LIST_ISSUERS, [after, issuer ?? '', size])).map(trustedIssuerOf),
  trusted: async (issuer, subject, at) => (await db.all(TRUSTED, [issuer, subject, at])).map(trustedIssuerOf),
})

const INSERT_ISSUER = insertInto('oauth2_issuers', [
  'id',
  'issuer',
  'subject',
  'scope',
  'kid',
  'jwk',
  'created_at',
  'expires_at',
])
const DELETE_ISSUER = statement('oauth2_issuers.delete', 'delete from oauth2_issuers where id = $1')

export const insertIssuer = (it: TrustedIssuer): Write => ({
  statement: INSERT_ISSUER,
  values: [it.id, it.issuer, it.subject, encode(it.scope), it.kid, encode(it.jwk), it.createdAt, it.expiresAt],
})
export const deleteIssuer = (id: string): Write => ({
  statement: DELETE_ISSUER,
  values: [id],
  expects: 'not_found',
})
