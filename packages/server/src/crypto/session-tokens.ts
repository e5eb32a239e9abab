import { hash } from 'node:crypto'
import { type TokenHash, tokenHash } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import type { Random } from '../core/time.ts'
import { deriveKey, sign } from './keys.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LENGTH = 32

/** A new session token: `ory_st_` and 32 letters and digits (ory-identity-api.md §8.1), with the hash that is stored. */
export function issueSessionToken(random: Pick<Random, 'bytes'>): { readonly token: string; readonly hash: TokenHash } {
  const token = `ory_st_${letters(() => random.bytes(64))}`
  return { token, hash: hashToken(token) }
}

/** What is stored instead of a token. The token has 190 bits of chance, so a plain hash is enough. */
export const hashToken = (token: string): TokenHash => tokenHash(hash('sha256', token, 'hex'))

/** The token of a session's logout link: derived from its id, so it need not be stored and every page shows the same one. */
export function logoutToken(secret: string, session: Pick<Session, 'id'>): string {
  const key = deriveKey(secret, 'logout token')
  let round = 0
  return `ory_lo_${letters(() => sign(key, `${session.id}:${round++}`))}`
}

/** Letters and digits, each equally likely: bytes beyond the last multiple of 62 are passed over. */
function letters(more: () => Uint8Array): string {
  let text = ''
  while (text.length < LENGTH) {
    for (const byte of more()) if (byte < 248 && text.length < LENGTH) text += ALPHABET[byte % 62] ?? ''
  }
  return text
}
