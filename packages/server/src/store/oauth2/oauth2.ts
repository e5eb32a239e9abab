import type { OAuth2Write } from '../../core/oauth2.ts'
import type { Time } from '../../core/time.ts'
import type { Database, Write } from '../database.ts'
import { deleteClient, insertClient, type OAuth2Clients, readOAuth2Clients, replaceClient } from './clients.ts'
import {
  deleteLogin,
  deleteLoginsOf,
  insertConsent,
  type OAuth2Consents,
  type OAuth2Logins,
  readConsents,
  readLogins,
  saveLogin,
  withdrawConsents,
} from './consents.ts'
import {
  deleteIssuer,
  deleteKey,
  deleteKeys,
  insertIssuer,
  insertKey,
  type OAuth2Keys,
  readIssuers,
  readKeys,
  replaceKey,
  type TrustedIssuers,
} from './keys.ts'
import {
  consumeToken,
  deleteAccessTokenOfPair,
  deleteAccessTokens,
  deleteAccessTokensOfClient,
  deleteChain,
  deleteToken,
  deleteTokensOfClient,
  grantDevice,
  noteOnce,
  type OAuth2Tokens,
  readOAuth2Tokens,
  saveToken,
  sweepTokens,
} from './tokens.ts'

/** What the OAuth2 server finds again. */
export type OAuth2Store = {
  readonly clients: OAuth2Clients
  readonly tokens: OAuth2Tokens
  readonly consents: OAuth2Consents
  readonly logins: OAuth2Logins
  readonly keys: OAuth2Keys
  readonly issuers: TrustedIssuers
}

export const readOAuth2 = (db: Database): OAuth2Store => ({
  clients: readOAuth2Clients(db),
  tokens: readOAuth2Tokens(db),
  consents: readConsents(db),
  logins: readLogins(db),
  keys: readKeys(db),
  issuers: readIssuers(db),
})

/** The statements of one change. */
export function oauth2Writes(change: OAuth2Write, at: Time): readonly Write[] {
  switch (change.write) {
    case 'insertClient':
      return [insertClient(change.client)]
    case 'replaceClient':
      return [replaceClient(change.client)]
    case 'deleteClient':
      return [deleteTokensOfClient(change.id), deleteClient(change.id)]
    case 'saveToken':
      return [saveToken(change.token)]
    case 'consumeToken':
      return [consumeToken(change.kind, change.hash, change.grace, at)]
    case 'noteOnce':
      return [noteOnce(change.token, at)]
    case 'deleteToken':
      return [deleteToken(change.kind, change.hash)]
    case 'deleteChain':
      return [deleteChain(change.chain)]
    case 'deleteAccessTokens':
      return [deleteAccessTokens(change.chain)]
    case 'deleteAccessTokenOfPair':
      return [deleteAccessTokenOfPair(change.pair)]
    case 'deleteAccessTokensOfClient':
      return [deleteAccessTokensOfClient(change.clientId)]
    case 'grantDevice':
      return [grantDevice(change.userCodeHash, change.chain, change.document, at)]
    case 'insertConsent':
      return [insertConsent(change.consent)]
    case 'withdrawConsents':
      return withdrawConsents(change.selector)
    case 'saveLogin':
      return [saveLogin(change.login)]
    case 'deleteLogin':
      return [deleteLogin(change.sid)]
    case 'deleteLoginsOf':
      return [deleteLoginsOf(change.subject)]
    case 'insertKey':
      return [insertKey(change.key)]
    case 'replaceKey':
      return [replaceKey(change.key)]
    case 'replaceKeys':
      return [deleteKeys(change.set), ...change.keys.toReversed().map(insertKey)]
    case 'deleteKey':
      return [deleteKey(change.set, change.kid)]
    case 'deleteKeys':
      return [deleteKeys(change.set)]
    case 'insertIssuer':
      return [insertIssuer(change.issuer)]
    case 'deleteIssuer':
      return [deleteIssuer(change.id)]
    case 'sweepTokens':
      return [sweepTokens(change.before)]
    default:
      return change satisfies never
  }
}
