import { createHash } from 'node:crypto'
import { parseDuration } from '../../core/duration.ts'
import type { JsonObject } from '../../core/json.ts'
import type { LegacyHook, OAuth2Settings, TokenHookEntry } from '../../core/oauth2-settings.ts'
import type { Cors } from '../../core/settings.ts'
import { openingOf, tlsOf } from '../opening-of.ts'
import type { OAuth2Config } from './schema.ts'

export type OAuth2Surroundings = {
  readonly revision: string
  readonly generatedSecret: string
  readonly document: JsonObject
  /** `oauth2_server.` where the tree is part of a greater one. */
  readonly prefix: string
}

/** What the profiles preset differently (design.md §3, reliability.md §3.5). */
const PRESETS = {
  safe: {
    timeout: 3_000,
    askTimeout: 10_000,
    base: 100,
    jitter: true,
    pkce: true,
    adminHost: '127.0.0.1',
    open: 'same_host',
  },
  ory: {
    timeout: 30_000,
    askTimeout: 55_000,
    base: 1_000,
    jitter: false,
    pkce: false,
    adminHost: '0.0.0.0',
    open: 'anyone',
  },
} as const

/** A checked configuration as the OAuth2 server reads it. */
export function toOAuth2Settings(
  config: OAuth2Config,
  { revision, generatedSecret, document, prefix }: OAuth2Surroundings,
): OAuth2Settings {
  const { serve, urls, oauth2, ttl, strategies, webfinger, oidc } = config
  const preset = PRESETS[config.profile]
  const publicPort = serve.public.port
  const publicUrl = slashed(urls.self.public ?? urls.self.issuer ?? `http://localhost:${publicPort}/`)
  const issuer = urls.self.issuer ?? publicUrl
  // Over plain http a Secure cookie never comes back.
  const dev = config.dev || issuer.startsWith('http:')
  const page = (url: string | undefined, fallback: string) =>
    new URL(url ?? `oauth2/fallbacks/${fallback}`, publicUrl).href
  const discovered = (url: string | undefined) => (url === undefined ? null : new URL(url, publicUrl).href)
  const system = config.secrets.system.length > 0 ? config.secrets.system : [generatedSecret]
  const cookie = config.secrets.cookie.length > 0 ? config.secrets.cookie : system
  const grace = milliseconds(oauth2.grant.refresh_token.rotation_grace_period)
  const sameSite = serve.cookies.same_site_mode ?? (dev ? 'Lax' : 'None')
  const { user_code: userCode } = oauth2.device_authorization
  return {
    dev,
    profile: config.profile,
    dsn: config.dsn,
    revision: config.revision ?? revision,
    log: {
      level: config.log.level === 'panic' ? 'fatal' : config.log.level,
      format: config.log.format.startsWith('json') ? 'json' : 'text',
      leakSensitiveValues: config.log.leak_sensitive_values,
    },
    issuer,
    publicUrl,
    serve: {
      public: {
        host: serve.public.host || (config.profile === 'safe' && config.dev ? 'localhost' : '0.0.0.0'),
        port: publicPort,
        baseUrl: publicUrl,
        cors: corsOf(serve.public.cors),
        ...openingFor(serve, serve.public),
      },
      admin: {
        host: serve.admin.host || (config.profile === 'safe' && config.dev ? 'localhost' : preset.adminHost),
        port: serve.admin.port,
        baseUrl: slashed(urls.self.admin ?? `http://localhost:${serve.admin.port}/`),
        cors: corsOf(serve.admin.cors),
        ...openingFor(serve, serve.admin),
        bearerTokenHashes: serve.admin.auth.bearer_tokens.map((token) =>
          createHash('sha256').update(token).digest('hex'),
        ),
        open: serve.admin.auth.without_tokens === undefined ? preset.open : openOf(serve.admin.auth.without_tokens),
      },
    },
    cookies: {
      domain: serve.cookies.domain ?? null,
      path: '/',
      sameSite,
      secure: !dev || serve.cookies.secure,
      legacySameSite: serve.cookies.same_site_legacy_workaround,
      names: {
        device: serve.cookies.names.device_csrf,
        login: serve.cookies.names.login_csrf,
        consent: serve.cookies.names.consent_csrf,
        session: serve.cookies.names.session,
      },
      sessionPath: serve.cookies.paths.session,
    },
    urls: {
      login: page(urls.login, 'login'),
      registration: page(urls.registration ?? urls.login, 'login'),
      consent: page(urls.consent, 'consent'),
      logout: page(urls.logout, 'logout'),
      error: page(urls.error, 'error'),
      deviceVerification: page(urls.device.verification, 'device'),
      deviceSuccess: page(urls.device.success, 'device/done'),
      postLogout: page(urls.post_logout_redirect, 'logout/callback'),
    },
    scopeStrategy: strategies.scope === 'exact' ? 'exact' : 'wildcard',
    accessToken: strategies.access_token === 'jwt' ? 'jwt' : 'opaque',
    scopeClaim:
      strategies.jwt.scope_claim === 'string' ? 'string' : strategies.jwt.scope_claim === 'both' ? 'both' : 'list',
    ttl: {
      request: milliseconds(ttl.login_consent_request),
      session: milliseconds(ttl.authentication_session),
      accessToken: milliseconds(ttl.access_token),
      refreshToken: `${ttl.refresh_token}` === '-1' ? null : milliseconds(`${ttl.refresh_token}`),
      idToken: milliseconds(ttl.id_token),
      code: milliseconds(ttl.auth_code),
      device: milliseconds(ttl.device_user_code),
    },
    exposeInternalErrors: oauth2.expose_internal_errors,
    encryptAtRest: oauth2.session.encrypt_at_rest,
    claims: {
      excludeNotBefore: oauth2.exclude_not_before_claim,
      allowedTopLevel: oauth2.allowed_top_level_claims,
      mirrorTopLevel: oauth2.mirror_top_level_claims,
      preserveExt: oauth2.preserve_ext_claims,
    },
    hashers: {
      algorithm: oauth2.hashers.algorithm === 'bcrypt' ? 'bcrypt' : 'pbkdf2',
      iterations: oauth2.hashers.pbkdf2.iterations,
      cost: oauth2.hashers.bcrypt.cost,
    },
    pkce: {
      enforced: oauth2.pkce.enforced ?? preset.pkce,
      enforcedForPublicClients: oauth2.pkce.enforced_for_public_clients ?? preset.pkce,
    },
    defaultGrantAllowedScope: oauth2.client_credentials.default_grant_allowed_scope,
    grace: grace === 0 ? null : { period: grace, count: oauth2.grant.refresh_token.rotation_grace_reuse_count },
    assertions: {
      jtiOptional: oauth2.grant.jwt.jti_optional,
      iatOptional: oauth2.grant.jwt.iat_optional,
      maxTtl: milliseconds(oauth2.grant.jwt.max_ttl),
    },
    device: {
      interval: milliseconds(oauth2.device_authorization.token_polling_interval),
      userCodeLength: userCode.length ?? (userCode.entropy_preset === 'low' ? 6 : 8),
      // The library draws from twenty letters that can't be mistaken for one another, or from digits (RFC 8628 §6.1).
      userCodeCharacters:
        userCode.entropy_preset === 'low' || userCode.entropy_preset === 'medium' ? 'digits' : 'base-20',
    },
    tokenHook: config.actions.enabled ? hookOf(oauth2.token_hook, `${prefix}oauth2.token_hook`) : null,
    refreshTokenHook: config.actions.enabled
      ? hookOf(oauth2.refresh_token_hook, `${prefix}oauth2.refresh_token_hook`)
      : null,
    tokens: {
      before: entriesOf(config.tokens.before_issue.hooks, `${prefix}tokens.before_issue.hooks`),
      after: entriesOf(config.tokens.after_issue.hooks, `${prefix}tokens.after_issue.hooks`),
    },
    broadcastKeys: webfinger.jwks.broadcast_keys,
    discovery: {
      jwksUrl: discovered(webfinger.oidc_discovery.jwks_url),
      tokenUrl: discovered(webfinger.oidc_discovery.token_url),
      authUrl: discovered(webfinger.oidc_discovery.auth_url),
      deviceUrl: discovered(webfinger.oidc_discovery.device_authorization_url),
      registrationUrl: discovered(webfinger.oidc_discovery.client_registration_url),
      userinfoUrl: discovered(webfinger.oidc_discovery.userinfo_url),
      claims: webfinger.oidc_discovery.supported_claims,
      scope: webfinger.oidc_discovery.supported_scope,
    },
    subjectTypes: oidc.subject_identifiers.supported_types.flatMap((type) =>
      type === 'public' || type === 'pairwise' ? [type] : [],
    ),
    pairwiseSalt: oidc.subject_identifiers.pairwise?.salt ?? '',
    registration: {
      enabled: oidc.dynamic_client_registration.enabled,
      defaultScope: oidc.dynamic_client_registration.default_scope,
    },
    secrets: { system, cookie, pagination: config.secrets.pagination.length > 0 ? config.secrets.pagination : system },
    clients: {
      privateAddresses:
        (config.clients.http.disallow_private_ip_ranges ?? (config.profile === 'safe' && !config.dev))
          ? 'refused'
          : 'allowed',
      privateAddressExceptions: config.clients.http.private_ip_exception_urls,
      maxRedirects: 0,
      headerAllowlist: [
        'Accept',
        'Accept-Encoding',
        'Accept-Language',
        'Content-Length',
        'Content-Type',
        'Origin',
        'User-Agent',
        'X-Forwarded-For',
        'X-Real-Ip',
      ],
      cookieAllowlist: [],
    },
    actions: {
      enabled: config.actions.enabled,
      askTimeout: optional(config.actions.ask_timeout, preset.askTimeout),
      timeout: optional(config.actions.timeout, preset.timeout),
      attempts: config.actions.attempts,
      backoff: {
        base: optional(config.actions.backoff.base, preset.base),
        jitter: config.actions.backoff.jitter ?? preset.jitter,
      },
      awaitedFailure: 'retry',
      precedence: 'strict',
    },
    identityProvider:
      urls.identity_provider?.url === undefined
        ? null
        : { url: urls.identity_provider.url, headers: urls.identity_provider.headers },
    document,
  }
}

const slashed = (url: string) => (url.endsWith('/') ? url : `${url}/`)
/** The schema lets no other text through. */
const milliseconds = (text: string) => parseDuration(text) ?? 0
const optional = (text: string | undefined, fallback: number) => (text === undefined ? fallback : milliseconds(text))
type Serve = OAuth2Config['serve']

/** A listener shows the certificate of its own, else the one of both. */
const openingFor = ({ tls: shared }: Pick<Serve, 'tls'>, { socket, tls, request_log, access_log }: Serve['public']) =>
  openingOf({
    socket,
    tls:
      tls?.enabled === false
        ? undefined
        : [tls, shared].find((each) => each?.enabled !== false && tlsOf(each) !== null),
    request_log: { disable_for_health: request_log.disable_for_health || access_log.disable_for_health },
  })

const openOf = (text: string) => (text === 'anyone' ? 'anyone' : 'same_host')

const corsOf = (cors: OAuth2Config['serve']['public']['cors']): Cors => ({
  enabled: cors.enabled,
  allowedOrigins: cors.allowed_origins,
  allowedMethods: cors.allowed_methods,
  allowedHeaders: cors.allowed_headers,
  exposedHeaders: cors.exposed_headers,
  allowCredentials: cors.allow_credentials,
  maxAge: cors.max_age,
  optionsPassthrough: cors.options_passthrough,
})

function hookOf(hook: OAuth2Config['oauth2']['token_hook'], where: string): LegacyHook | null {
  if (hook === undefined) return null
  if (typeof hook === 'string') return { url: hook, auth: null, where }
  const { url, auth } = hook
  const key = auth?.config
  return {
    url,
    where,
    auth:
      key === undefined ? null : { in: key.in === 'cookie' ? 'cookie' : 'header', name: key.name, value: key.value },
  }
}

const entriesOf = (hooks: OAuth2Config['tokens']['before_issue']['hooks'], where: string): readonly TokenHookEntry[] =>
  hooks.map(({ hook, grants, clients, config }, at) => ({
    hook,
    grants,
    clients,
    config: { ...config },
    where: `${where}[${at}]`,
  }))
