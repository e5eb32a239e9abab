import type { EndpointLimits, RetryPolicy } from './action.ts'
import type { Rate } from './budget.ts'
import type { OAuth2Settings } from './oauth2-settings.ts'
import type { CourierSettings } from './courier-settings.ts'
import type { JsonObject } from './json.ts'
import type { OidcSettings } from './oidc-settings.ts'
import type { Milliseconds } from './time.ts'
import type { EventName, FlowName, MethodName } from './trigger.ts'

/** The configuration in force, read and checked: every default filled in, every duration in milliseconds. */
export type Settings = {
  readonly profile: 'safe' | 'ory'
  readonly dev: boolean
  /** The configuration's own `revision`, else a fingerprint of it. */
  readonly revision: string
  readonly dsn: string
  readonly log: { readonly level: string; readonly format: 'json' | 'text'; readonly leakSensitiveValues: boolean }
  readonly serve: {
    readonly public: PublicListener &
      Opening & {
        /** Addresses and ranges of proxies whose word counts on where a request comes from. */
        readonly trustedProxies: readonly string[]
        /** Whose word on the way of a request counts: everybody's, as in Ory, or that of trusted proxies. */
        readonly forwardedHeaders: 'anyone' | 'trusted_proxies'
      }
    readonly admin: AdminListener & Opening
  }
  readonly cookies: CookieSettings
  readonly session: {
    readonly lifespan: Milliseconds
    /** How long before its end a session may be extended; null: at any time. */
    readonly earliestPossibleExtend: Milliseconds | null
    readonly cookie: CookieSettings & { readonly name: string; readonly persistent: boolean }
    /** How many factors `whoami` and the other sessions are shown for. */
    readonly requiredAal: 'aal1' | 'highest_available'
    /** Kinds of signed tokens a session may be shown as, by name. */
    readonly tokenTemplates: { readonly [name: string]: TokenTemplate }
  }
  readonly selfservice: {
    readonly defaultReturnUrl: string
    readonly allowedReturnUrls: readonly string[]
    readonly flows: { readonly [F in FlowName]: FlowSettings }
    readonly errorUiUrl: string
    readonly logoutReturnUrl: string | null
    /** Whether a browser is asked to forget what it stored of this site once somebody signs out. */
    readonly logoutClearsBrowser: boolean
    readonly login: { readonly style: 'unified' | 'identifier_first' }
    readonly registration: {
      readonly enabled: boolean
      readonly loginHints: boolean
      readonly style: 'profile_first' | 'unified'
    }
    readonly settings: {
      /** How recently somebody must have proven who they are to change what they sign in with. */
      readonly privilegedSessionMaxAge: Milliseconds
      readonly requiredAal: 'aal1' | 'highest_available'
    }
    readonly recovery: MailedFlowSettings
    readonly verification: MailedFlowSettings
  }
  readonly methods: {
    readonly password: PasswordSettings
    readonly code: CodeSettings
    readonly link: LinkSettings
    readonly totp: TotpSettings
    readonly webauthn: WebAuthnSettings
    readonly passkey: PasskeySettings
    readonly oidc: OidcSettings
  } & {
    readonly [M in Exclude<MethodName, 'password' | 'code' | 'link' | 'totp' | 'webauthn' | 'passkey' | 'oidc'>]: {
      readonly enabled: boolean
    }
  }
  readonly identity: { readonly defaultSchemaId: string; readonly schemas: readonly SchemaSource[] }
  readonly secrets: {
    /** The first signs and seals, all of them verify and open. Never empty. */
    readonly cookie: readonly string[]
    readonly cipher: readonly string[]
    readonly default: readonly string[]
    readonly pagination: readonly string[]
    /** Made up at start because none was configured: sessions end with the process. */
    readonly generated: boolean
  }
  readonly hashers: HasherSettings
  readonly clients: ClientSettings
  readonly actions: ActionSettings
  /** Connections to vendors, each with its recipe. */
  readonly connections: readonly ConnectionSettings[]
  /** The OAuth2 server that runs beside the identity server, if one does. */
  readonly oauth2Server: OAuth2Settings | null
  /** The OAuth2 server people sign in for: the admin API of one that runs elsewhere. */
  readonly oauth2Provider: { readonly url: string; readonly headers: { readonly [name: string]: string } } | null
  /** Who recovers or verifies while an OAuth2 client waits goes back to what it asked for (`oauth2_provider.override_return_to`). */
  readonly oauth2OverridesReturnTo: boolean
  /** Removing what has expired: how often the server does (0: never), and how. */
  readonly cleanup: {
    readonly every: Milliseconds
    readonly olderThan: Milliseconds
    readonly batchSize: number
    /** Between two tables, where a command does it. */
    readonly pause: Milliseconds
  }
  /** How long it is kept what became of blocking calls; 0: it is not kept at all. */
  readonly callLog: {
    readonly keepFor: Milliseconds
    /** Fields of bodies and answers that nobody is shown, by their dotted path. */
    readonly redact: readonly string[]
  }
  readonly deliveries: DeliverySettings
  /** Where traces go; null: nobody traces. */
  readonly tracing: TracingSettings | null
  readonly security: {
    readonly accountEnumeration: { readonly mitigate: boolean }
    /** Null: nobody is held back. */
    readonly rateLimits: RateLimitSettings | null
  }
  readonly courier: CourierSettings
  readonly featureFlags: FeatureFlags
  /** Every hook list as configured, in order; the plan is made of these. */
  readonly hooks: readonly HookList[]
  /** The lists that are told of events. */
  readonly eventHooks: readonly EventHookList[]
}

/** How often something may be tried; an empty list sets no limit. */
export type RateLimitSettings = {
  readonly signIn: TryLimits & { readonly perAddress: readonly Rate[] }
  readonly secondFactor: TryLimits
  readonly registration: { readonly perAddress: readonly Rate[] }
  readonly mail: { readonly perRecipient: readonly Rate[]; readonly perAddress: readonly Rate[] }
}

type TryLimits = {
  /** From everywhere it has not signed in from before. */
  readonly perAccount: readonly Rate[]
  readonly perAccountAndAddress: readonly Rate[]
}

export type Cors = {
  readonly enabled: boolean
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly string[]
  readonly allowedHeaders: readonly string[]
  readonly exposedHeaders: readonly string[]
  readonly allowCredentials: boolean
  readonly maxAge: number
  /** OPTIONS requests go to the routes. */
  readonly optionsPassthrough: boolean
}

export type Listener = {
  /** An address, or `unix:/path`. */
  readonly host: string
  readonly port: number
  /** Always with a trailing slash, as the csrf cookie's name is made of it. */
  readonly baseUrl: string
}

/** How a listener is opened. */
export type Opening = {
  /** Who may open a unix socket; null: whoever the process lets. */
  readonly socket: SocketSettings | null
  /** What it shows; null: it speaks plain http. */
  readonly tls: TlsSettings | null
  /** Whether health checks are in the log of requests. */
  readonly logsHealth: boolean
}

export type SocketSettings = { readonly owner: string | null; readonly group: string | null; readonly mode: number }

export type TlsSettings = { readonly key: PemSource; readonly cert: PemSource }

export type PemSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'base64'; readonly base64: string }

export type PublicListener = Listener & { readonly cors: Cors }
export type AdminListener = Listener & {
  /** Hashes (SHA-256, hexadecimal) of the bearer tokens that open it; none = see `open`. */
  readonly bearerTokenHashes: readonly string[]
  /** Without tokens: `anyone` who reaches the port (as Ory), or callers whose Host and Origin are the listener's own. */
  readonly open: 'anyone' | 'same_host'
}

export type CookieSettings = {
  readonly domain: string | null
  readonly path: string
  readonly sameSite: 'Lax' | 'Strict' | 'None'
  readonly secure: boolean
}

export type FlowSettings = {
  readonly enabled: boolean
  readonly uiUrl: string
  readonly lifespan: Milliseconds
  readonly afterReturnUrl: string | null
  readonly afterMethodReturnUrl: { readonly [M in MethodName]?: string }
}

/** How a session becomes a signed token (ory-identity-api.md §8.3). */
export type TokenTemplate = {
  readonly lifespan: Milliseconds
  /** Where the keys are; the first one signs. */
  readonly keys: string
  /** Where the Jsonnet is that says more than the usual claims. */
  readonly mapper: string | null
  readonly subject: 'id' | 'external_id'
}

/** A flow that begins with a mail. */
export type MailedFlowSettings = {
  readonly use: 'code' | 'link'
  /** Write to an address nobody has as well. */
  readonly notifyUnknownRecipients: boolean
}

export type CodeSettings = {
  readonly enabled: boolean
  readonly lifespan: Milliseconds
  /** How often something may be sent back for one code. */
  readonly maxSubmissions: number
  readonly passwordless: boolean
  readonly mfa: boolean
  readonly missingCredentialFallback: boolean
}

export type LinkSettings = {
  readonly enabled: boolean
  readonly lifespan: Milliseconds
  /** Where links lead if not to the public URL. */
  readonly baseUrl: string | null
}

export type TotpSettings = {
  readonly enabled: boolean
  /** The name in the app. */
  readonly issuer: string
  /** Ory takes a code again while it is valid; otherwise each is good for once. */
  readonly allowReuse: boolean
}

/** Whom keys are made for, and on which pages they may be used. */
export type RelyingParty = { readonly id: string; readonly name: string; readonly origins: readonly string[] }

export type WebAuthnSettings = {
  readonly enabled: boolean
  /** A key made from now on signs people in on its own; else it comes second. */
  readonly passwordless: boolean
  readonly rp: RelyingParty
}

export type PasskeySettings = {
  readonly enabled: boolean
  readonly rp: RelyingParty
  readonly attachment: 'platform' | 'cross-platform' | null
  readonly residentKey: 'required' | 'preferred' | 'discouraged'
  readonly userVerification: 'required' | 'preferred' | 'discouraged'
  readonly attestation: 'none' | 'indirect' | 'direct' | 'enterprise'
  readonly timeouts: { readonly registration: Milliseconds; readonly login: Milliseconds }
}

/** Answers of Ory's that changed over time (ory-identity-api.md §10). */
export type FeatureFlags = {
  readonly useContinueWithTransitions: boolean
  readonly chooseRecoveryAddress: boolean
  readonly legacyContinueWithVerificationUi: boolean
  readonly legacyRequireVerifiedLoginError: boolean
  readonly refreshLoginChooseAddress: boolean
  readonly cacheableSessions: boolean
  /** The longest time an answer of whoami may be kept; null: until the session ends. */
  readonly cacheableSessionsMaxAge: Milliseconds | null
  readonly fasterSessionExtend: boolean
}

export type PasswordSettings = {
  readonly enabled: boolean
  readonly minLength: number
  readonly similarityCheck: boolean
  readonly haveIBeenPwned: {
    readonly enabled: boolean
    readonly host: string
    readonly maxBreaches: number
    readonly ignoreNetworkErrors: boolean
  }
  /** Who is asked about the password of an account that was imported without one; null: nobody. */
  readonly migrateHook: MigrateHookSettings | null
}

/** Another system that still knows passwords (ory-actions.md §4.12). */
export type MigrateHookSettings = {
  readonly url: string
  readonly method: 'POST'
  readonly headers: { readonly [name: string]: string }
  readonly auth?: CallAuth
  /** Where the body's template lies; null: the identifier and the password. */
  readonly body: string | null
  readonly emitHeaders: boolean
}

/** How a call proves who it comes from. */
export type CallAuth =
  | { readonly type: 'basic_auth'; readonly config: { readonly user: string; readonly password: string } }
  | {
      readonly type: 'api_key'
      readonly config: { readonly name: string; readonly value: string; readonly in: 'header' | 'cookie' }
    }

export type SchemaSource = {
  readonly id: string
  readonly url: string
  readonly document: JsonObject
  readonly selfserviceSelectable: boolean
}

export type HasherSettings = {
  readonly algorithm: 'bcrypt' | 'argon2'
  readonly bcrypt: { readonly cost: number }
  /** `memory` in KiB. */
  readonly argon2: {
    readonly memory: number
    readonly iterations: number
    readonly parallelism: number
    readonly saltLength: number
    readonly keyLength: number
  }
  /** How many hashes are worked out at once, and how many may wait for how long. */
  readonly queue: { readonly concurrency: number; readonly length: number; readonly wait: Milliseconds }
}

export type ClientSettings = {
  /** Whether actions may call private and loopback addresses. Cloud metadata addresses never. */
  readonly privateAddresses: 'allowed' | 'refused'
  /** Globs over the whole URL without query that are exempt (`*` does not cross `.` or `/`, `**` does). */
  readonly privateAddressExceptions: readonly string[]
  /** Redirects followed: 0, or at most 3 and only 307/308 (design.md §3, row 12). */
  readonly maxRedirects: number
  readonly headerAllowlist: readonly string[]
  /** Which of the caller's other cookies a template sees; Cardea's own never. */
  readonly cookieAllowlist: 'all' | readonly string[]
}

/** A connection to a vendor, as it is configured and with its recipe as it was written. */
export type ConnectionSettings = {
  readonly name: string
  /** Its path in the configuration. */
  readonly where: string
  readonly recipe: JsonObject
  readonly secrets: { readonly [name: string]: string }
  readonly params: JsonObject
  /** After what it is told; null: what the recipe marks as usual. */
  readonly on: readonly string[] | null
  readonly baseUrl: string | null
  readonly when: string | null
}

export type ActionSettings = {
  /** Whether actions run at all: without them the server is still there (reliability.md I31). */
  readonly enabled: boolean
  /** One budget for all blocking actions of one step. */
  readonly askTimeout: Milliseconds
  /** One budget for all attempts of one action, DNS and TLS included. */
  readonly timeout: Milliseconds
  readonly attempts: number
  /** Wait before the n-th repetition: base · 2ⁿ, with jitter or exactly. */
  readonly backoff: { readonly base: Milliseconds; readonly jitter: boolean }
  readonly awaitedFailure: 'fail' | 'retry'
  readonly precedence: 'strict' | 'ory'
}

export type TracingSettings = {
  readonly serviceName: string
  readonly environment: string | null
  /** Takes OTLP over HTTP. */
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** The part of traces that is kept where nobody has decided before us. */
  readonly ratio: number
}

/** How queued deliveries are made, unless an action says otherwise. */
export type DeliverySettings = {
  readonly retry: RetryPolicy
  /** Of each endpoint; without a rate, as fast as it answers. */
  readonly limits: EndpointLimits & { readonly concurrency: number }
  readonly quarantine: QuarantineSettings
  /** How long those are kept that were delivered, and those that never will be. */
  readonly keep: { readonly delivered: Milliseconds; readonly dead: Milliseconds }
}

/** When an action that does nothing but fail stands still. */
export type QuarantineSettings = {
  /** So many failures in a row; 0: never. */
  readonly failures: number
  /** And for so long, unless each of them costs a delivery. */
  readonly after: Milliseconds
  /** It is tried again after this; 0: somebody has to say so. */
  readonly releaseAfter: Milliseconds
}

/** One hook list and its place, such as `login.after.password`. */
export type HookList = {
  readonly flow: FlowName
  readonly phase: 'before' | 'after'
  readonly method: MethodName | null
  /** Its path in the configuration, from the flow on. */
  readonly where: string
  /** Of a method's list: alone (the default), before or after the flow's default list. */
  readonly merge: 'override' | 'prepend' | 'append'
  readonly entries: readonly HookEntry[]
}

/** The list that is told of one event, such as `on.identity.created`. */
export type EventHookList = {
  readonly event: EventName
  readonly where: string
  readonly entries: readonly HookEntry[]
}

export type HookEntry = {
  readonly hook: string
  readonly config: JsonObject | null
  readonly where: string
}
