import { type Static, Type } from 'typebox'
import { webHookConfig } from '../../actions/web-hook/config.ts'
import { tracing } from '../schema/general.ts'
import {
  choice,
  duration,
  flag,
  group,
  list,
  optionalChoice,
  optionalDuration,
  optionalFlag,
  optionalGroup,
  optionalSecret,
  optionalText,
  optionalWebUrl,
  positiveDuration,
  record,
  secret,
  text,
  whole,
} from '../schema/parts.ts'

const URL_NEED = { need: 'an http or https URL, or a path below urls.self.public' }
const optionalPage = (description: string) =>
  Type.Optional(
    Type.Refine(Type.String({ description, ...URL_NEED }), (value) => URL.canParse(value, 'http://localhost/')),
  )

const cors = group('Which pages of other origins may call.', {
  enabled: flag('Whether any may.', false),
  allowed_origins: list('The origins, each with at most one *.', Type.String({ minLength: 1 }), ['*']),
  allowed_methods: list('The HTTP methods.', Type.String(), ['POST', 'GET', 'PUT', 'PATCH', 'DELETE']),
  allowed_headers: list('The request headers.', Type.String(), ['Authorization', 'Content-Type']),
  exposed_headers: list('The response headers pages may read.', Type.String(), ['Content-Type']),
  allow_credentials: flag('Whether cookies come along.', true),
  options_passthrough: flag('Whether OPTIONS requests are answered by the routes.', false),
  max_age: whole('For how many seconds a browser remembers the answer.', 0, { minimum: 0 }),
  debug: flag('Whether decisions are logged.', false),
})

const pem = (description: string) =>
  optionalGroup(description, { path: optionalText('The PEM file.'), base64: optionalSecret('The PEM, in base64.') })

const tls = optionalGroup('The certificate a listener shows.', {
  enabled: optionalFlag('Whether the listener speaks TLS.'),
  key: pem('The private key.'),
  cert: pem('The certificate.'),
  allow_termination_from: list('Proxies that take TLS off.', Type.String()),
})

const listener = (port: number) => ({
  host: text('The address it listens on.', { default: '' }),
  port: whole('The port it listens on.', port, { minimum: 1, maximum: 65_535 }),
  base_url: optionalWebUrl('The address clients are told elsewhere: in urls.self.'),
  cors,
  socket: optionalGroup('The owner and mode of a unix socket.', {
    owner: optionalText('The user.'),
    group: optionalText('The group.'),
    mode: whole('The mode.', 0o755, { minimum: 0, maximum: 0o777 }),
  }),
  request_log: group('Which requests are logged.', {
    disable_for_health: flag('Leave health checks out of the log.', false),
  }),
  access_log: group('The old name of request_log.', {
    disable_for_health: flag('Leave health checks out of the log.', false),
  }),
  tls,
})

/** A token hook: its address, or its address and how the call proves who it comes from (ory-oauth2.md §1.1). */
const tokenHook = (description: string) =>
  Type.Optional(
    Type.Union(
      [
        Type.Refine(
          Type.String({ description: 'Where the call goes.', secretPart: 'password' }),
          (value) => ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? ''),
          () => 'must be an http or https URL',
        ),
        record('A hook.', {
          url: Type.Refine(
            Type.String({ description: 'Where the call goes.', secretPart: 'password' }),
            (value) => ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? ''),
            () => 'must be an http or https URL',
          ),
          auth: Type.Optional(
            record('How the call proves who it comes from.', {
              type: Type.Enum(['api_key'], { description: 'An API key.' }),
              config: record('The key.', {
                // Without it Hydra silently sends no key (ory-oauth2.md H7).
                in: Type.Enum(['header', 'cookie'], { description: 'Where the key travels.' }),
                name: Type.String({ description: 'The name of the header or cookie.', minLength: 1 }),
                value: secret('The key itself.'),
              }),
            }),
          ),
        }),
      ],
      { description, need: 'an http or https URL, or an object with url and auth' },
    ),
  )

const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', 'device_code', 'jwt_bearer']

const tokenHooks = (description: string) =>
  group(description, {
    hooks: list(
      'The actions, in this order.',
      record('An action.', {
        hook: Type.Enum(['web_hook'], { description: 'The kind of action.' }),
        grants: list('Only for these grants.', Type.Enum(GRANTS)),
        clients: list('Only for clients with these ids.', Type.String()),
        config: webHookConfig,
      }),
    ),
  })

/** Everything that is the OAuth2 server's own; the rest it shares with the identity server where both run. */
const own = {
  db: group('The database.', { ignore_unknown_table_columns: flag('Only of use with Hydra’s own migrations.', false) }),
  serve: group('The two listeners.', {
    public: group('The listener for clients and browsers.', listener(4444)),
    admin: group('The listener for administrators and login apps.', {
      ...listener(4445),
      auth: group('Who may call it.', {
        bearer_tokens: list('Tokens that open it.', secret('A token.', { minLength: 16 })),
        without_tokens: optionalChoice('If there are no tokens: callers whose Host is the listener’s own, or anyone.', [
          'same_host',
          'anyone',
        ]),
      }),
    }),
    tls,
    cookies: group('The cookies of login and consent.', {
      same_site_mode: optionalChoice('Their SameSite.', ['Strict', 'Lax', 'None']),
      same_site_legacy_workaround: flag('A second cookie for browsers that refuse SameSite=None.', false),
      domain: optionalText('Their domain.'),
      secure: flag('Only over https, even in development.', false),
      names: group('Their names.', {
        device_csrf: text('Of device requests.', { default: 'ory_hydra_device_csrf' }),
        login_csrf: text('Of login requests.', { default: 'ory_hydra_login_csrf' }),
        consent_csrf: text('Of consent requests.', { default: 'ory_hydra_consent_csrf' }),
        session: text('Of the login session.', { default: 'ory_hydra_session' }),
      }),
      paths: group('Their paths.', { session: text('Of the login session.', { default: '/' }) }),
    }),
  }),
  clients: group('Calls that go out.', {
    http: group('Every call.', {
      disallow_private_ip_ranges: optionalFlag('Refuse private and loopback addresses.'),
      private_ip_exception_urls: list('URLs (globs) that are reachable all the same.', Type.String()),
    }),
  }),
  hsm: group('A hardware security module.', {
    enabled: flag('Whether keys lie there.', false),
    library: optionalText('Its library.'),
    pin: optionalSecret('Its PIN.'),
    slot: Type.Optional(Type.Integer({ description: 'Its slot.' })),
    token_label: optionalText('Its label.'),
    key_set_prefix: text('Before the names of key sets.', { default: '' }),
  }),
  webfinger: group('What is told under /.well-known.', {
    jwks: group('Keys.', {
      broadcast_keys: list('The key sets that are shown.', Type.String(), [
        'hydra.openid.id-token',
        'hydra.jwt.access-token',
      ]),
    }),
    oidc_discovery: group('Addresses that differ from ours.', {
      jwks_url: optionalPage('Of the keys.'),
      token_url: optionalPage('Of the token endpoint.'),
      auth_url: optionalPage('Of the authorization endpoint.'),
      device_authorization_url: optionalPage('Of the device authorization endpoint.'),
      client_registration_url: optionalPage('Of client registration.'),
      userinfo_url: optionalPage('Of the userinfo endpoint.'),
      supported_claims: list('Claims besides sub.', Type.String()),
      supported_scope: list('Scopes besides ours.', Type.String()),
    }),
  }),
  oidc: group('OpenID Connect.', {
    subject_identifiers: group('How clients know people.', {
      supported_types: list('Which kinds there are.', Type.Enum(['public', 'pairwise']), ['public']),
      pairwise: optionalGroup('Pseudonyms.', { salt: secret('Makes them.', { minLength: 8 }) }),
    }),
    dynamic_client_registration: group('Clients that register themselves.', {
      enabled: flag('Whether they may.', false),
      default_scope: list('The scope of clients that name none.', Type.String()),
    }),
  }),
  urls: group('Where things are.', {
    self: group('This server.', {
      issuer: optionalWebUrl('The issuer, exactly as tokens name it.'),
      public: optionalWebUrl('The public listener as clients reach it.'),
      admin: optionalWebUrl('The admin listener as administrators reach it.'),
    }),
    login: optionalPage('The login app.'),
    registration: optionalPage('The registration app.'),
    consent: optionalPage('The consent app.'),
    logout: optionalPage('The logout app.'),
    device: group('The pages of devices.', {
      verification: optionalPage('Where people type a device’s code.'),
      success: optionalPage('Where they are told that it worked.'),
    }),
    error: optionalPage('Where errors are told that no client may see.'),
    post_logout_redirect: optionalPage('Where a logout ends that names no page.'),
    identity_provider: optionalGroup('The identity server behind the login app.', {
      url: optionalWebUrl('Its admin API.'),
      publicUrl: optionalWebUrl('Its public API.'),
      headers: Type.Record(Type.String(), Type.String({ writeOnly: true }), {
        description: 'What its admin API wants to see.',
        default: {},
      }),
    }),
  }),
  strategies: group('How things are done.', {
    scope: choice('How a scope is compared with a client’s.', ['exact', 'wildcard'], 'wildcard'),
    access_token: choice('What access tokens look like.', ['opaque', 'jwt'], 'opaque'),
    jwt: group('JWT access tokens.', {
      scope_claim: choice('How their scope is told.', ['list', 'string', 'both'], 'list'),
    }),
  }),
  ttl: group('How long things live.', {
    login_consent_request: positiveDuration('A login or consent request.', '30m'),
    authentication_session: positiveDuration('A remembered login.', '720h'),
    access_token: positiveDuration('An access token.', '1h'),
    refresh_token: Type.Union([duration('A refresh token.', '720h'), Type.Literal('-1'), Type.Literal(-1)], {
      description: 'A refresh token; -1 for ever.',
      default: '720h',
      need: 'a duration, or -1',
    }),
    id_token: positiveDuration('An ID token.', '1h'),
    auth_code: positiveDuration('An authorization code.', '10m'),
    device_user_code: positiveDuration('The codes of a device.', '10m'),
  }),
  oauth2: group('OAuth2.', {
    expose_internal_errors: flag('Tell clients details of errors.', false),
    session: group('What tokens carry.', { encrypt_at_rest: flag('Seal it in the database.', true) }),
    exclude_not_before_claim: flag('Leave nbf out of JWT access tokens.', false),
    allowed_top_level_claims: list('Claims that JWT access tokens show at the top level.', Type.String()),
    mirror_top_level_claims: flag('Show all claims under ext as well.', true),
    preserve_ext_claims: flag('Without mirroring: show the others under ext.', false),
    hashers: group('How client secrets are hashed.', {
      algorithm: choice('The algorithm.', ['pbkdf2', 'bcrypt'], 'pbkdf2'),
      bcrypt: group('bcrypt.', { cost: whole('The cost.', 10, { minimum: 4, maximum: 31 }) }),
      pbkdf2: group('PBKDF2.', { iterations: whole('The iterations.', 25_000, { minimum: 1 }) }),
    }),
    pkce: group('Proof keys (RFC 7636).', {
      enforced: optionalFlag('Of every client.'),
      enforced_for_public_clients: optionalFlag('Of public clients.'),
    }),
    client_credentials: group('Clients that speak for themselves.', {
      default_grant_allowed_scope: flag('Without a scope parameter, grant all a client may have.', false),
    }),
    grant: group('Grants.', {
      refresh_token: group('Refreshing.', {
        rotation_grace_period: duration('How long a used refresh token may be used again.', '0s'),
        rotation_grace_reuse_count: whole('How often; 0 for any number of times.', 0, { minimum: 0 }),
      }),
      jwt: group('Assertions (RFC 7523).', {
        jti_optional: flag('Whether they need no jti.', false),
        iat_optional: flag('Whether they need no iat.', false),
        max_ttl: positiveDuration('How long they may live.', '720h'),
        omit_assertion_audience: flag('Leave the assertion’s audience out of the token.', true),
      }),
    }),
    device_authorization: group('Devices (RFC 8628).', {
      token_polling_interval: positiveDuration('How often a device asks.', '5s'),
      user_code: group('The code people type.', {
        entropy_preset: optionalChoice('How hard it is to guess.', ['high', 'medium', 'low']),
        length: Type.Optional(Type.Integer({ minimum: 6, maximum: 32, description: 'Its length.' })),
        character_set: Type.Optional(Type.String({ minLength: 8, description: 'Its characters.' })),
      }),
    }),
    token_hook: tokenHook('Called before a token is issued.'),
    refresh_token_hook: tokenHook('Called before a token is refreshed. Use token_hook.'),
  }),
  tokens: group('Actions around tokens.', {
    before_issue: tokenHooks('Asked before a token is issued.'),
    after_issue: tokenHooks('Told once a token is issued.'),
  }),
  actions: group('How actions are asked.', {
    enabled: flag('Whether actions and token hooks run at all; `--actions off` says false.', true),
    ask_timeout: optionalDuration('One budget for all blocking actions of one token.'),
    timeout: optionalDuration('One budget for all attempts of one action, unless it has its own.'),
    attempts: whole('Tries of a blocking call.', 3, { minimum: 1, maximum: 10 }),
    backoff: group('The wait between two tries doubles each time.', {
      base: optionalDuration('The first wait.'),
      jitter: optionalFlag('Take a random part of up to half of it away.'),
    }),
  }),
  secrets: group('What signs and seals. The first of a list does, all of them verify and open.', {
    system: list('For everything.', secret('A secret.', { minLength: 16 })),
    cookie: list('For cookies.', secret('A secret.', { minLength: 16 })),
    pagination: list('For page tokens.', secret('A secret.', { minLength: 16 })),
  }),
  profiling: optionalChoice('What is profiled.', ['cpu', 'mem']),
  tracing,
  sqa: Type.Object(
    { opt_out: Type.Optional(Type.Boolean({ description: 'Accepted for Hydra; nothing is ever sent home.' })) },
    { default: {}, description: 'Ory’s telemetry. There is none here.' },
  ),
  version: optionalText('The version of Hydra this file was written for.'),
  cgroups: group('Of Linux.', { v1: group('Version 1.', { auto_max_procs_enabled: flag('Go’s only.', false) }) }),
  feature_flags: Type.Object({}, { default: {}, description: 'Of Hydra.' }),
}

/** hydra.yml's tree, and what Cardea adds to it. */
export const oauth2Schema = record('The configuration of the OAuth2 server.', {
  profile: choice('The defaults: safe ones, or those of Ory.', ['safe', 'ory'], 'safe'),
  revision: optionalText('A name for this state of the configuration.'),
  dsn: Type.Refine(
    Type.String({
      description: 'The database: memory, sqlite://FILE or postgres://…',
      secretPart: 'password',
      default: 'memory',
    }),
    (dsn) => dsn === 'memory' || /^(sqlite|sqlite3|postgres|postgresql):\/\/./.test(dsn),
    () => 'memory, sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE',
  ),
  dev: flag('Development: plain cookies over http. Never in production.', false),
  log: group('The log.', {
    level: choice('What is worth a line.', ['panic', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'info'),
    leak_sensitive_values: flag('Show what is otherwise redacted.', false),
    redaction_text: optionalText('What is shown instead of a redacted value.'),
    additional_redacted_headers: list('Headers that are redacted as well.', Type.String()),
    format: choice('How a line looks.', ['json', 'json_pretty', 'text', 'gelf'], 'text'),
  }),
  ...own,
})

/** The same tree under `oauth2_server` of cardea.yml. The server runs where the key is there. */
export const oauth2Server = optionalGroup('The OAuth2 server. It runs if this key is there.', own)

export type OAuth2Config = Static<typeof oauth2Schema>
