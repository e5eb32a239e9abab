import type { JsonObject } from './json.ts'
import type { Grace } from './oauth2.ts'
import type {
  AdminListener,
  ClientSettings,
  CookieSettings,
  HookEntry,
  Opening,
  PublicListener,
  Settings,
} from './settings.ts'
import type { Milliseconds } from './time.ts'

/** Where a token action stands, and for whom it runs. */
export type TokenHookEntry = HookEntry & {
  /** Empty: every grant. */
  readonly grants: readonly string[]
  /** Empty: every client. */
  readonly clients: readonly string[]
}

/** `oauth2.token_hook` and `oauth2.refresh_token_hook` (ory-oauth2.md §1.1). */
export type LegacyHook = {
  readonly url: string
  readonly auth: { readonly in: 'header' | 'cookie'; readonly name: string; readonly value: string } | null
  readonly where: string
}

/** The configuration of the OAuth2 server in force: hydra.yml's tree, read and checked. */
export type OAuth2Settings = {
  readonly dev: boolean
  readonly profile: Settings['profile']
  readonly dsn: string
  readonly revision: string
  readonly log: Settings['log']
  /** Exactly as tokens name it (RFC 8414 §2). */
  readonly issuer: string
  readonly publicUrl: string
  readonly serve: {
    readonly public: PublicListener & Opening
    readonly admin: AdminListener & Opening & { readonly cors: PublicListener['cors'] }
  }
  readonly cookies: CookieSettings & {
    readonly legacySameSite: boolean
    readonly names: {
      readonly device: string
      readonly login: string
      readonly consent: string
      readonly session: string
    }
    readonly sessionPath: string
  }
  readonly urls: {
    readonly login: string
    readonly registration: string
    readonly consent: string
    readonly logout: string
    readonly error: string
    readonly deviceVerification: string
    readonly deviceSuccess: string
    readonly postLogout: string
  }
  readonly scopeStrategy: 'exact' | 'wildcard'
  readonly accessToken: 'opaque' | 'jwt'
  readonly scopeClaim: 'list' | 'string' | 'both'
  readonly ttl: {
    readonly request: Milliseconds
    readonly session: Milliseconds
    readonly accessToken: Milliseconds
    /** Null: refresh tokens do not expire. */
    readonly refreshToken: Milliseconds | null
    readonly idToken: Milliseconds
    readonly code: Milliseconds
    readonly device: Milliseconds
  }
  readonly exposeInternalErrors: boolean
  readonly encryptAtRest: boolean
  readonly claims: {
    readonly excludeNotBefore: boolean
    readonly allowedTopLevel: readonly string[]
    readonly mirrorTopLevel: boolean
    readonly preserveExt: boolean
  }
  readonly hashers: {
    readonly algorithm: 'pbkdf2' | 'bcrypt'
    readonly iterations: number
    readonly cost: number
  }
  readonly pkce: { readonly enforced: boolean; readonly enforcedForPublicClients: boolean }
  readonly defaultGrantAllowedScope: boolean
  /** Null: a refresh token works once. */
  readonly grace: Grace | null
  readonly assertions: { readonly jtiOptional: boolean; readonly iatOptional: boolean; readonly maxTtl: Milliseconds }
  readonly device: {
    readonly interval: Milliseconds
    readonly userCodeLength: number
    readonly userCodeCharacters: string
  }
  readonly tokenHook: LegacyHook | null
  readonly refreshTokenHook: LegacyHook | null
  readonly tokens: { readonly before: readonly TokenHookEntry[]; readonly after: readonly TokenHookEntry[] }
  readonly broadcastKeys: readonly string[]
  readonly discovery: {
    readonly jwksUrl: string | null
    readonly tokenUrl: string | null
    readonly authUrl: string | null
    readonly deviceUrl: string | null
    readonly registrationUrl: string | null
    readonly userinfoUrl: string | null
    readonly claims: readonly string[]
    readonly scope: readonly string[]
  }
  readonly subjectTypes: readonly ('public' | 'pairwise')[]
  readonly pairwiseSalt: string
  readonly registration: { readonly enabled: boolean; readonly defaultScope: readonly string[] }
  readonly secrets: {
    readonly system: readonly string[]
    readonly cookie: readonly string[]
    readonly pagination: readonly string[]
  }
  readonly clients: ClientSettings
  readonly actions: Settings['actions']
  /** The identity server's admin API, where sessions end at logout. */
  readonly identityProvider: { readonly url: string; readonly headers: { readonly [name: string]: string } } | null
  /** What `cardea config show` prints of it. */
  readonly document: JsonObject
}
