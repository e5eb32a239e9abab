import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Rate } from '../core/budget.ts'
import { parseDuration } from '../core/duration.ts'
import { isJsonObject } from '../core/json.ts'
import { eventPlace, METHODS_WITH_HOOKS, placeOf } from '../core/place.ts'
import type {
  CodeSettings,
  CookieSettings,
  EventHookList,
  FeatureFlags,
  FlowSettings,
  HookList,
  LinkSettings,
  MigrateHookSettings,
  PasskeySettings,
  RateLimitSettings,
  RelyingParty,
  TracingSettings,
  SchemaSource,
  Settings,
  TotpSettings,
} from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { openingOf } from './opening-of.ts'
import { EVENTS, type EventName, FLOWS, type FlowName, type MethodName } from '../core/trigger.ts'
import { courierSettings } from './courier-settings.ts'
import { nestedOAuth2 } from './oauth2/nested.ts'
import { oidcSettings } from './oidc-settings.ts'
import type { Config } from './schema/schema.ts'

/** What settings are made of besides the configuration itself. */
export type Surroundings = {
  readonly schemas: readonly SchemaSource[]
  readonly connections: Settings['connections']
  /** The name of this machine, where listeners take every address and nobody said how they are reached. */
  readonly hostname: string
  /** Signs and seals where no secret is configured. */
  readonly generatedSecret: string
  readonly revision: string
}

/** A checked configuration as the rest of the server reads it: defaults filled in, times in milliseconds. */
export function toSettings(
  config: Config,
  { schemas, connections, hostname, generatedSecret, revision }: Surroundings,
): Settings {
  const { selfservice, session, clients, actions, hashers, serve } = config
  const publicUrl = baseUrlOf(config, serve.public, hostname)
  const absolute = (url: string) => (URL.canParse(url) ? url : new URL(url, publicUrl).href)
  const flowSettings = (flow: FlowName): FlowSettings => {
    const { ui_url, lifespan, after } = selfservice.flows[flow]
    const returnUrls = Object.entries(afterMethods(config, flow)).flatMap(([method, own]) =>
      own?.default_browser_return_url === undefined ? [] : [[method, absolute(own.default_browser_return_url)]],
    )
    return {
      enabled: isFlowEnabled(config, flow),
      uiUrl: ui_url === undefined ? `${publicUrl}ui/${flow}` : absolute(ui_url),
      lifespan: milliseconds(lifespan),
      afterReturnUrl:
        after.default_browser_return_url === undefined ? null : absolute(after.default_browser_return_url),
      afterMethodReturnUrl: Object.fromEntries(returnUrls),
    }
  }
  const logoutUrl = selfservice.flows.logout.after.default_browser_return_url
  const { password, code, link, totp, webauthn, passkey, oidc, ...otherMethods } = selfservice.methods
  const pages = (['login', 'registration', 'settings'] as const).map((flow) => flowSettings(flow).uiUrl)
  const rpOf = relyingParty(publicUrl, pages)
  return {
    profile: config.profile,
    dev: config.dev,
    revision: config.revision ?? revision,
    dsn: config.dsn,
    log: logOf(config.log),
    serve: {
      public: {
        ...listenerOf(serve.public),
        baseUrl: publicUrl,
        cors: corsOf(serve.public.cors),
        trustedProxies: serve.public.trusted_proxies,
        forwardedHeaders: serve.public.forwarded_headers,
      },
      admin: {
        ...listenerOf(serve.admin),
        baseUrl: baseUrlOf(config, serve.admin, hostname),
        bearerTokenHashes: serve.admin.auth.bearer_tokens.map((token) =>
          createHash('sha256').update(token).digest('hex'),
        ),
        open: serve.admin.auth.without_tokens,
      },
    },
    cookies: cookiesOf(config),
    session: {
      lifespan: milliseconds(session.lifespan),
      earliestPossibleExtend: optionalMilliseconds(session.earliest_possible_extend),
      tokenTemplates: tokenTemplatesOf(session.whoami.tokenizer.templates),
      cookie: { ...sessionCookieOf(config), name: session.cookie.name, persistent: session.cookie.persistent },
      requiredAal: session.whoami.required_aal,
    },
    selfservice: {
      defaultReturnUrl: absolute(selfservice.default_browser_return_url),
      allowedReturnUrls: selfservice.allowed_return_urls.map(absolute),
      flows: {
        login: flowSettings('login'),
        registration: flowSettings('registration'),
        recovery: flowSettings('recovery'),
        verification: flowSettings('verification'),
        settings: flowSettings('settings'),
      },
      errorUiUrl:
        selfservice.flows.error.ui_url === undefined
          ? `${publicUrl}ui/error`
          : absolute(selfservice.flows.error.ui_url),
      logoutReturnUrl: logoutUrl === undefined ? null : absolute(logoutUrl),
      logoutClearsBrowser: selfservice.flows.logout.clear_browser_data,
      login: { style: selfservice.flows.login.style },
      registration: {
        enabled: selfservice.flows.registration.enabled,
        loginHints: selfservice.flows.registration.login_hints,
        style: selfservice.flows.registration.enable_legacy_one_step ? 'unified' : selfservice.flows.registration.style,
      },
      settings: {
        privilegedSessionMaxAge: milliseconds(selfservice.flows.settings.privileged_session_max_age),
        requiredAal: selfservice.flows.settings.required_aal,
      },
      recovery: mailedOf(selfservice.flows.recovery),
      verification: mailedOf(selfservice.flows.verification),
    },
    methods: {
      ...methodsOf(otherMethods),
      oidc: oidcSettings(oidc),
      password: passwordOf(password),
      code: codeOf(code),
      link: linkOf(link),
      totp: totpOf(totp, publicUrl),
      webauthn: {
        enabled: webauthn.enabled,
        passwordless: webauthn.config?.passwordless ?? false,
        rp: rpOf(webauthn.config?.rp ?? {}),
      },
      passkey: passkeyOf(passkey, rpOf(passkey.config?.rp ?? {})),
    },
    identity: { defaultSchemaId: config.identity.default_schema_id, schemas },
    secrets: secretsOf(config, generatedSecret),
    hashers: {
      algorithm: hashers.algorithm,
      // As Kratos: cheaper than 12 is for development only.
      bcrypt: { cost: config.dev ? hashers.bcrypt.cost : Math.max(12, hashers.bcrypt.cost) },
      argon2: {
        memory: kibibytes(hashers.argon2.memory),
        iterations: hashers.argon2.iterations,
        parallelism: hashers.argon2.parallelism,
        saltLength: hashers.argon2.salt_length,
        keyLength: hashers.argon2.key_length,
      },
      queue: {
        // One is left for everything else (reliability.md §3.4, 8).
        concurrency: hashers.queue.concurrency ?? Math.max(1, availableParallelism() - 1),
        length: hashers.queue.length,
        wait: milliseconds(hashers.queue.wait),
      },
    },
    clients: clientSettings(clients),
    connections: actions.enabled ? connections : [],
    actions: {
      enabled: actions.enabled,
      askTimeout: milliseconds(actions.ask_timeout),
      timeout: milliseconds(actions.timeout),
      attempts: actions.attempts,
      backoff: { base: milliseconds(actions.backoff.base), jitter: actions.backoff.jitter },
      awaitedFailure: actions.awaited_failure,
      precedence: actions.precedence,
    },
    oauth2Server: nestedOAuth2(config, { publicUrl, secrets: secretsOf(config, generatedSecret).default, revision }),
    oauth2OverridesReturnTo: config.oauth2_provider.override_return_to,
    oauth2Provider:
      config.oauth2_provider.url === undefined
        ? null
        : { url: config.oauth2_provider.url, headers: config.oauth2_provider.headers },
    cleanup: {
      every: milliseconds(config.database.cleanup.every),
      olderThan: milliseconds(config.database.cleanup.older_than),
      batchSize: config.database.cleanup.batch_size,
      pause: milliseconds(config.database.cleanup.sleep.tables),
    },
    callLog: { keepFor: milliseconds(actions.log.keep), redact: actions.log.redact },
    deliveries: deliverySettings(actions.deliveries),
    tracing: tracingSettings(config.tracing),
    security: {
      accountEnumeration: { mitigate: config.security.account_enumeration.mitigate },
      rateLimits: rateLimitsOf(config.security.rate_limits),
    },
    courier: courierSettings(config),
    featureFlags: flagsOf(config.feature_flags),
    hooks: hookLists(config),
    eventHooks: eventHookLists(config),
  }
}

function rateLimitsOf({
  enabled,
  sign_in,
  second_factor,
  registration,
  mail,
}: Config['security']['rate_limits']): RateLimitSettings | null {
  if (!enabled) return null
  const tries = ({ per_account, per_account_and_address }: typeof second_factor) => ({
    perAccount: per_account.map(rateOf),
    perAccountAndAddress: per_account_and_address.map(rateOf),
  })
  return {
    signIn: { ...tries(sign_in), perAddress: sign_in.per_address.map(rateOf) },
    secondFactor: tries(second_factor),
    registration: { perAddress: registration.per_address.map(rateOf) },
    mail: { perRecipient: mail.per_recipient.map(rateOf), perAddress: mail.per_address.map(rateOf) },
  }
}

function rateOf(text: string): Rate {
  const [limit = '', window = ''] = text.split('/')
  return { limit: Number(limit), window: milliseconds(window) }
}

/** Ory's address is a host and a port, and perhaps a path; the signal's own path is ours to add (OTLP/HTTP). */
function tracingSettings(tracing: Config['tracing']): TracingSettings | null {
  const otlp = tracing?.providers?.otlp
  if (tracing?.provider !== 'otel' || otlp?.server_url === undefined) return null
  const { server_url: address, insecure = false, sampling, authorization_header: authorization } = otlp
  const base = /^https?:\/\//.test(address) ? address : `${insecure ? 'http' : 'https'}://${address}`
  return {
    serviceName: tracing.service_name ?? 'cardea',
    environment: tracing.deployment_environment ?? null,
    url: base.endsWith('/v1/traces') ? base : `${base.replace(/\/$/, '')}/v1/traces`,
    headers: authorization === undefined ? {} : { authorization },
    ratio: Number(sampling?.['sampling_ratio'] ?? 1),
  }
}

/** Ory names some levels otherwise than the log does. */
const LEVELS: { readonly [level: string]: string } = { warning: 'warn', panic: 'fatal' }

const logOf = ({ level, format, leak_sensitive_values: leakSensitiveValues }: Config['log']) => ({
  level: LEVELS[level] ?? level,
  format,
  leakSensitiveValues,
})

const deliverySettings = ({
  retry,
  concurrency,
  rate,
  quarantine,
  keep,
}: Config['actions']['deliveries']): Settings['deliveries'] => ({
  retry: {
    attempts: retry.attempts,
    horizon: milliseconds(retry.horizon),
    min: milliseconds(retry.min),
    max: milliseconds(retry.max),
  },
  limits: { concurrency, ...(rate === 0 ? {} : { rate }) },
  quarantine: {
    failures: quarantine.failures,
    after: milliseconds(quarantine.after),
    releaseAfter: milliseconds(quarantine.release_after),
  },
  keep: { delivered: milliseconds(keep.delivered), dead: milliseconds(keep.dead) },
})

/** What calls that go out may reach and show. */
export const clientSettings = (clients: Config['clients']): Settings['clients'] => ({
  privateAddresses: clients.http.disallow_private_ip_ranges ? 'refused' : 'allowed',
  privateAddressExceptions: clients.http.private_ip_exception_urls,
  maxRedirects: clients.web_hook.max_redirects,
  headerAllowlist: clients.web_hook.header_allowlist,
  cookieAllowlist: clients.web_hook.cookie_allowlist,
})

/** The schema lets no other text through. */
const milliseconds = (text: string): Milliseconds => parseDuration(text) ?? 0

const optionalMilliseconds = (text: string | undefined) => (text === undefined ? null : milliseconds(text))

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB']
function kibibytes(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)([A-Z]+)$/.exec(text) ?? []
  return Math.max(1, Math.floor((Number(amount) * 1024 ** UNITS.indexOf(unit)) / 1024))
}

type ListenerConfig = { readonly host: string; readonly port: number; readonly base_url?: string }

/** As Ory guesses it: https unless in development, and this machine's name where it listens on every address. */
function baseUrlOf({ dev }: Config, { host, port, base_url }: ListenerConfig, hostname: string): string {
  if (base_url !== undefined) return base_url.endsWith('/') ? base_url : `${base_url}/`
  const isEvery = host === '' || host === '0.0.0.0' || host === '::' || host.startsWith('unix:')
  const name = isEvery ? hostname : host.includes(':') ? `[${host}]` : host
  return `${dev ? 'http' : 'https'}://${name}:${port}/`
}

const listenerOf = ({ host, port, ...opening }: Omit<Config['serve']['admin'], 'auth'>) => ({
  host,
  port,
  ...openingOf(opening),
})

const corsOf = (cors: Config['serve']['public']['cors']) => ({
  enabled: cors.enabled,
  allowedOrigins: cors.allowed_origins,
  allowedMethods: cors.allowed_methods,
  allowedHeaders: cors.allowed_headers,
  exposedHeaders: cors.exposed_headers,
  allowCredentials: cors.allow_credentials,
  maxAge: cors.max_age,
  optionsPassthrough: cors.options_passthrough,
})

const isSecure = (secure: boolean | string | undefined, { dev }: Config) =>
  secure === undefined ? !dev : secure === true || secure === 'true'

const cookiesOf = (config: Config): CookieSettings => ({
  domain: config.cookies.domain ?? null,
  path: config.cookies.path,
  sameSite: config.cookies.same_site,
  secure: isSecure(config.cookies.secure, config),
})

/** What the session's own cookie leaves out is as in `cookies` (ory-identity-api.md §10.2). */
function sessionCookieOf(config: Config): CookieSettings {
  const { domain, path, same_site, secure } = config.session.cookie
  const common = cookiesOf(config)
  return {
    domain: domain ?? common.domain,
    path: path ?? common.path,
    sameSite: same_site ?? common.sameSite,
    secure: secure === undefined ? common.secure : isSecure(secure, config),
  }
}

const tokenTemplatesOf = (templates: Config['session']['whoami']['tokenizer']['templates']) =>
  Object.fromEntries(
    Object.entries(templates).map(([name, { ttl, jwks_url, claims_mapper_url, subject_source }]) => [
      name,
      { lifespan: milliseconds(ttl), keys: jwks_url, mapper: claims_mapper_url ?? null, subject: subject_source },
    ]),
  )

const passwordOf = ({ enabled, config }: Config['selfservice']['methods']['password']) => ({
  enabled,
  minLength: config.min_password_length,
  similarityCheck: config.identifier_similarity_check_enabled,
  haveIBeenPwned: {
    enabled: config.haveibeenpwned_enabled,
    host: config.haveibeenpwned_host,
    maxBreaches: config.max_breaches,
    ignoreNetworkErrors: config.ignore_network_errors,
  },
  migrateHook: migrateHookOf(config.migrate_hook),
})

type MigrateHook = Config['selfservice']['methods']['password']['config']['migrate_hook']

function migrateHookOf(hook: MigrateHook): MigrateHookSettings | null {
  if (hook === undefined || !hook.enabled) return null
  const { url, method, headers, auth, body, emit_analytics_event } = hook.config
  return {
    url,
    method,
    headers,
    body: body ?? null,
    emitHeaders: emit_analytics_event,
    ...(auth === undefined ? {} : { auth }),
  }
}

type MailedFlow = Config['selfservice']['flows']['recovery']

const mailedOf = ({ use, notify_unknown_recipients }: Pick<MailedFlow, 'use' | 'notify_unknown_recipients'>) => ({
  use,
  notifyUnknownRecipients: notify_unknown_recipients,
})

const codeOf = ({
  enabled,
  passwordless_enabled,
  mfa_enabled,
  config,
}: Config['selfservice']['methods']['code']): CodeSettings => ({
  enabled,
  lifespan: milliseconds(config.lifespan),
  maxSubmissions: config.max_submissions,
  passwordless: passwordless_enabled,
  mfa: mfa_enabled,
  missingCredentialFallback: config.missing_credential_fallback_enabled,
})

const linkOf = ({ enabled, config }: Config['selfservice']['methods']['link']): LinkSettings => ({
  enabled,
  lifespan: milliseconds(config.lifespan),
  baseUrl: config.base_url ?? null,
})

const totpOf = ({ enabled, config }: Config['selfservice']['methods']['totp'], publicUrl: string): TotpSettings => ({
  enabled,
  issuer: config.issuer ?? new URL(publicUrl).hostname,
  allowReuse: config.allow_reuse,
})

type RpConfig = {
  readonly id?: string | undefined
  readonly display_name?: string | undefined
  readonly origin?: string | undefined
  readonly origins?: readonly string[] | undefined
}

/** What nobody says about the relying party follows from where its pages are (ory-identity-api.md §7.6). */
const relyingParty =
  (publicUrl: string, pages: readonly string[]) =>
  ({ id, display_name, origin, origins }: RpConfig): RelyingParty => {
    const domain = id ?? new URL(publicUrl).hostname
    const given = [...(origin === undefined ? [] : [origin]), ...(origins ?? [])]
    const found = [publicUrl, ...pages]
      .map((url) => new URL(url))
      .filter(({ hostname }) => hostname === domain || hostname.endsWith(`.${domain}`))
      .map((url) => url.origin)
    const accepted = given.length > 0 ? given : [`https://${domain}`, ...found]
    return { id: domain, name: display_name ?? domain, origins: [...new Set(accepted)] }
  }

/** As long as Ory gives people (§7.6). */
const KEY_TIMEOUT = '5m'

function passkeyOf(
  { enabled, config }: Config['selfservice']['methods']['passkey'],
  rp: RelyingParty,
): PasskeySettings {
  const { authenticator_selection: selection, attestation, timeouts } = config ?? {}
  return {
    enabled,
    rp,
    attachment: selection?.attachment ?? null,
    residentKey: selection?.resident_key ?? 'required',
    userVerification: selection?.user_verification ?? 'preferred',
    attestation: attestation?.preference ?? 'none',
    timeouts: {
      registration: milliseconds(timeouts?.registration ?? KEY_TIMEOUT),
      login: milliseconds(timeouts?.login ?? KEY_TIMEOUT),
    },
  }
}

const flagsOf = (flags: Config['feature_flags']): FeatureFlags => ({
  useContinueWithTransitions: flags.use_continue_with_transitions,
  chooseRecoveryAddress: flags.choose_recovery_address,
  legacyContinueWithVerificationUi: flags.legacy_continue_with_verification_ui,
  legacyRequireVerifiedLoginError: flags.legacy_require_verified_login_error,
  refreshLoginChooseAddress: flags.refresh_login_choose_address,
  cacheableSessions: flags.cacheable_sessions,
  cacheableSessionsMaxAge: optionalMilliseconds(flags.cacheable_sessions_max_age),
  fasterSessionExtend: flags.faster_session_extend,
})

const methodsOf = (methods: Pick<Config['selfservice']['methods'], 'lookup_secret' | 'profile'>) => ({
  lookup_secret: { enabled: methods.lookup_secret.enabled },
  profile: { enabled: methods.profile.enabled },
})

function secretsOf({ secrets }: Config, generatedSecret: string): Settings['secrets'] {
  const common = secrets.default ?? [generatedSecret]
  return {
    cookie: secrets.cookie ?? common,
    cipher: secrets.cipher ?? common,
    default: common,
    pagination: secrets.pagination ?? common,
    generated: secrets.default === undefined && secrets.cookie === undefined,
  }
}

function isFlowEnabled({ selfservice: { flows } }: Config, flow: FlowName): boolean {
  if (flow === 'registration' || flow === 'recovery' || flow === 'verification') return flows[flow].enabled
  return true
}

type AfterMethod = {
  readonly default_browser_return_url?: string | undefined
  readonly hooks: readonly { readonly hook: string; readonly config?: unknown }[]
  readonly merge: HookList['merge']
}

type AfterMethods = { readonly [M in MethodName]?: AfterMethod | undefined }

function afterMethods({ selfservice: { flows } }: Config, flow: FlowName): AfterMethods {
  const after: { readonly [F in FlowName]: AfterMethods } = {
    login: flows.login.after,
    registration: flows.registration.after,
    settings: flows.settings.after,
    recovery: {},
    verification: {},
  }
  const methods: readonly MethodName[] = METHODS_WITH_HOOKS[flow]
  return Object.fromEntries(
    methods.flatMap((method) => {
      const own = after[flow][method]
      return own === undefined ? [] : [[method, own]]
    }),
  )
}

/** Every hook list that has entries. */
export function hookLists(config: Config): readonly HookList[] {
  const listOf = (
    flow: FlowName,
    phase: HookList['phase'],
    method: MethodName | null,
    own: Pick<AfterMethod, 'hooks' | 'merge'>,
  ): HookList => {
    const where = `${placeOf(flow, phase, method)}.hooks`
    return { flow, phase, method, where, merge: own.merge, entries: entriesOf(own.hooks, where) }
  }
  return FLOWS.flatMap((flow): readonly HookList[] => {
    const { before, after } = config.selfservice.flows[flow]
    const methods: readonly MethodName[] = METHODS_WITH_HOOKS[flow]
    const own = afterMethods(config, flow)
    return [
      listOf(flow, 'before', null, { hooks: before.hooks, merge: 'override' }),
      listOf(flow, 'after', null, { hooks: after.hooks, merge: 'override' }),
      ...methods.flatMap((method) => {
        const list = own[method]
        return list === undefined ? [] : [listOf(flow, 'after', method, list)]
      }),
    ]
  }).filter(({ entries }) => entries.length > 0)
}

const entriesOf = (hooks: AfterMethod['hooks'], where: string): HookList['entries'] =>
  hooks.map(({ hook, config }, at) => ({
    hook,
    config: isJsonObject(config) ? config : null,
    where: `${where}[${at}]`,
  }))

/** Every list that is told of an event and has entries. */
export function eventHookLists({ actions: { on } }: Pick<Config, 'actions'>): readonly EventHookList[] {
  const lists: { readonly [E in EventName]: Pick<AfterMethod, 'hooks'> } = {
    'identity.created': on.identity.created,
    'identity.updated': on.identity.updated,
    'identity.deleted': on.identity.deleted,
    'address.verified': on.address.verified,
    'session.revoked': on.session.revoked,
  }
  return EVENTS.flatMap((event): readonly EventHookList[] => {
    const where = `${eventPlace(event)}.hooks`
    const entries = entriesOf(lists[event].hooks, where)
    return entries.length === 0 ? [] : [{ event, where, entries }]
  })
}
