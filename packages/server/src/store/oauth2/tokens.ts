import type { Grace, StoredToken, TokenKind } from '../../core/oauth2.ts'
import type { Time } from '../../core/time.ts'
import type { Database, Value, Write } from '../database.ts'
import { storedTokenOf } from '../rows.ts'
import { insertInto, statement } from '../sql.ts'

export type OAuth2Tokens = {
  find(kind: TokenKind, hash: string): Promise<StoredToken | null>
  /** Whatever has this hash: one look-up for introspection, which knows no kind. */
  findAny(hash: string): Promise<StoredToken | null>
  findByUserCode(hash: string): Promise<StoredToken | null>
}

const COLUMNS = 'kind, hash, chain, pair, client_id, user_code_hash, document, consumed_at, uses, expires_at'
const FIND = statement('oauth2_tokens.find', `select ${COLUMNS} from oauth2_tokens where hash = $1 and kind = $2`)
const FIND_ANY = statement('oauth2_tokens.find_any', `select ${COLUMNS} from oauth2_tokens where hash = $1 limit 1`)
const FIND_BY_USER_CODE = statement(
  'oauth2_tokens.find_by_user_code',
  `select ${COLUMNS} from oauth2_tokens where user_code_hash = $1`,
)

export const readOAuth2Tokens = (db: Database): OAuth2Tokens => {
  const first = async (found: ReturnType<Database['find']>) => {
    const row = await found
    return row === null ? null : storedTokenOf(row)
  }
  return {
    find: (kind, hash) => first(db.find(FIND, [hash, kind])),
    findAny: (hash) => first(db.find(FIND_ANY, [hash])),
    findByUserCode: (hash) => first(db.find(FIND_BY_USER_CODE, [hash])),
  }
}

const NAMES = [
  'kind',
  'hash',
  'chain',
  'pair',
  'client_id',
  'user_code_hash',
  'document',
  'consumed_at',
  'uses',
  'expires_at',
]
const INSERT = insertInto('oauth2_tokens', NAMES)

const valuesOf = (token: StoredToken): readonly Value[] => [
  token.kind,
  token.hash,
  token.chain,
  token.pair,
  token.clientId,
  token.userCodeHash,
  token.document,
  token.consumedAt,
  token.uses,
  token.expiresAt,
]

export const saveToken = (token: StoredToken): Write => ({ statement: INSERT, values: valuesOf(token) })

const NOTE = statement(
  'oauth2_tokens.note',
  `insert into oauth2_tokens (${NAMES.join(', ')})
  values (${NAMES.map((_, at) => `$${at + 1}`).join(', ')})
  on conflict (hash, kind) do update set expires_at = excluded.expires_at
  where oauth2_tokens.expires_at < $11`,
)

/** One of all who come with the same `jti` is the first; one that has long expired is forgotten. */
export const noteOnce = (token: StoredToken, at: Time): Write => ({
  statement: NOTE,
  values: [...valuesOf(token), at],
  expects: 'seen_before',
})

const CONSUME = statement(
  'oauth2_tokens.consume',
  'update oauth2_tokens set consumed_at = $3, uses = uses + 1 where hash = $1 and kind = $2 and consumed_at is null',
)
const CONSUME_IN_GRACE = statement(
  'oauth2_tokens.consume_in_grace',
  `update oauth2_tokens set consumed_at = coalesce(consumed_at, $3), uses = uses + 1
  where hash = $1 and kind = $2 and (consumed_at is null or (consumed_at > $4 and ($5 = 0 or uses < $5)))`,
)

export const consumeToken = (kind: TokenKind, hash: string, grace: Grace | null, at: Time): Write =>
  grace === null
    ? { statement: CONSUME, values: [hash, kind, at], expects: 'token_used' }
    : {
        statement: CONSUME_IN_GRACE,
        values: [hash, kind, at, at - grace.period, grace.count],
        expects: 'token_used',
      }

const DELETE = statement('oauth2_tokens.delete', 'delete from oauth2_tokens where hash = $1 and kind = $2')
const DELETE_CHAIN = statement('oauth2_tokens.delete_chain', 'delete from oauth2_tokens where chain = $1')
const DELETE_ACCESS = statement(
  'oauth2_tokens.delete_access',
  "delete from oauth2_tokens where chain = $1 and kind = 'AccessToken'",
)
const DELETE_PAIR = statement(
  'oauth2_tokens.delete_pair',
  "delete from oauth2_tokens where pair = $1 and kind = 'AccessToken'",
)
const DELETE_OF_CLIENT = statement(
  'oauth2_tokens.delete_of_client',
  "delete from oauth2_tokens where client_id = $1 and kind in ('AccessToken', 'ClientCredentials')",
)
const DELETE_ALL_OF_CLIENT = statement(
  'oauth2_tokens.delete_all_of_client',
  'delete from oauth2_tokens where client_id = $1',
)
const SWEEP = statement('oauth2_tokens.sweep', 'delete from oauth2_tokens where expires_at < $1')

export const deleteToken = (kind: TokenKind, hash: string): Write => ({ statement: DELETE, values: [hash, kind] })
export const deleteChain = (chain: string): Write => ({ statement: DELETE_CHAIN, values: [chain] })
export const deleteAccessTokens = (chain: string): Write => ({ statement: DELETE_ACCESS, values: [chain] })
export const deleteAccessTokenOfPair = (pair: string): Write => ({ statement: DELETE_PAIR, values: [pair] })
export const deleteAccessTokensOfClient = (client: string): Write => ({ statement: DELETE_OF_CLIENT, values: [client] })
export const deleteTokensOfClient = (client: string): Write => ({ statement: DELETE_ALL_OF_CLIENT, values: [client] })
export const sweepTokens = (before: Time): Write => ({ statement: SWEEP, values: [before] })

const GRANT_DEVICE = statement(
  'oauth2_tokens.grant_device',
  `update oauth2_tokens set chain = $2, document = $3
  where user_code_hash = $1 and chain is null and consumed_at is null and expires_at > $4`,
)

/** Somebody has allowed the device behind this user code; it is told at its next poll. */
export const grantDevice = (userCodeHash: string, chain: string, document: string, at: Time): Write => ({
  statement: GRANT_DEVICE,
  values: [userCodeHash, chain, document, at],
  expects: 'device_gone',
})
