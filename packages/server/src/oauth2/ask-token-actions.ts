import type { Effect } from '../core/effect.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import type { TokenSession } from './token-session.ts'

/** A token that is about to be issued: everything about it is validated and nothing is consumed yet. */
export type TokenRequest = {
  readonly grant: string
  readonly session: TokenSession
  readonly client: OAuth2Client
  readonly form: URLSearchParams
  /** Whether the client has hung up: then nobody needs the answer. */
  readonly isGone: () => boolean
}

/** What the actions made of it. A refusal is thrown, as the OAuth error it is. */
export type AskedTokens = { readonly session: TokenSession; readonly effects: readonly Effect[] }

export type AskTokenActions = (request: TokenRequest) => Promise<AskedTokens>
