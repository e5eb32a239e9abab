import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Configuration, errors, interactionPolicy, Provider } from 'oidc-provider'
import type { Json } from '../core/json.ts'
import type { TokenSession } from './token-session.ts'

// The library declares its models as properties and leaves out what we override; this says what they are. The only file
// of this room that may assert types.

/** One code or token of the library. */
export type Model = {
  readonly kind: string
  jti: string
  readonly clientId: string
  readonly grantId: string | undefined
  readonly accountId: string | undefined
  consumed: unknown
  readonly uses: number | undefined
  readonly pair: string | undefined
  readonly error: string | undefined
  readonly gty: string | undefined
  readonly params: { readonly [name: string]: unknown } | undefined
  scope: string | undefined
  /** Ours: the session every token carries. */
  cardea: TokenSession | undefined
  /** Ours: set where the token's value is a JWT. */
  structured: boolean | undefined
  readonly expiration: number
  generateTokenId(): string
  getValueAndPayload(): Promise<{ value: string; payload: { [key: string]: unknown } | undefined }>
  save(): Promise<string>
  consume(): Promise<void>
  emit(event: string): void
}

export type ModelClass = {
  new (input?: object): Model
  readonly IN_PAYLOAD: string[]
  readonly prototype: Model
  find(value: string, options?: { ignoreExpiration?: boolean }): Promise<Model | undefined>
}

export type IdTokenModel = {
  readonly extra: { [claim: string]: unknown }
  readonly client: LibraryClient
  issue(options: { use: string }): Promise<string | undefined>
}
export type IdTokenClass = {
  new (available: object, options: object): IdTokenModel
  readonly prototype: IdTokenModel
  validate(jwt: string, client: LibraryClient): Promise<{ payload: { [claim: string]: unknown } }>
}

export type LibraryClient = {
  readonly clientId: string
  readonly redirectUris: readonly string[]
  grantTypeAllowed(type: string): boolean
  compareClientSecret(secret: string): boolean | Promise<boolean>
}

export type LibrarySession = {
  accountId: string | undefined
  uid: string
  loginAccount(details: { accountId: string; loginTs: number; amr?: readonly string[]; acr?: string }): void
  sidFor(client: string, sid: string): void
  grantIdFor(client: string, grant: string): void
}
export type SessionClass = {
  new (): LibrarySession
  readonly prototype: LibrarySession
  get(ctx: LibraryContext): Promise<LibrarySession>
  instantiate(): LibrarySession
}

export type GrantModel = { jti: string; addOIDCScope(scope: string): void }
export type GrantClass = { new (input: object): GrantModel }

export type LibraryContext = {
  body: unknown
  readonly oidc: {
    readonly client: LibraryClient
    readonly params: { [name: string]: string | undefined }
    readonly provider: LibraryProvider
    readonly session: LibrarySession
    entity(name: string, value: unknown): void
  }
}

declare class OidcContext {
  constructor(ctx: unknown)
  get requestParamScopes(): Set<string>
  get requestParamOIDCScopes(): Set<string>
}
export type OidcContextClass = typeof OidcContext

export type GrantHandler = (ctx: LibraryContext) => Promise<void>

export declare class LibraryProvider {
  constructor(issuer: string, configuration: Configuration)
  readonly issuer: string
  proxy: boolean
  silent: boolean
  get AuthorizationCode(): ModelClass
  get AccessToken(): ModelClass
  get ClientCredentials(): ModelClass
  get RefreshToken(): ModelClass
  get DeviceCode(): ModelClass
  get IdToken(): IdTokenClass
  get Session(): SessionClass
  get Grant(): GrantClass
  get Client(): {
    readonly prototype: LibraryClient
    find(id: string): Promise<LibraryClient | undefined>
    Schema: { readonly prototype: { invalidate(message: string, code?: string): void } }
  }
  get OIDCContext(): OidcContextClass
  registerGrantType(name: string, handler: GrantHandler, parameters: Iterable<string>, dupes?: Iterable<string>): void
  on(event: string, listener: (ctx: unknown, error: unknown) => void): void
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** What our provider extends. */
export const BaseProvider = Provider as unknown as typeof LibraryProvider

export type LibraryConfiguration = Configuration

type ErrorClass = new (description?: string) => Error
const errorClasses = errors as unknown as { readonly [name: string]: ErrorClass }

/** An error the library turns into an OAuth answer, with a status and text of ours. */
export function oauthError(
  status: number,
  error: string,
  description: string,
  more: { readonly [key: string]: Json } = {},
): Error {
  const Class = errorClasses['OIDCProviderError'] as unknown as new (status: number, error: string) => Error
  // A 5xx of the library hides its text; ours says what Hydra says.
  return Object.assign(new Class(status, error), { error_description: description, expose: true, ...more })
}

/** A policy with one prompt of ours that is asked at every request. */
export function promptPolicy(check: () => Promise<boolean>): Configuration['interactions'] {
  const { Prompt, Check } = interactionPolicy
  const login = new Prompt(
    { name: 'login', requestable: false },
    new Check('cardea', 'interaction is required', 'interaction_required', check),
  )
  return { policy: [login], url: () => 'about:blank' }
}
