import { Type } from 'typebox'
import { eventPlace } from '../../core/place.ts'
import type { EventName } from '../../core/trigger.ts'
import { connections, recipes } from './connections.ts'
import { hookList } from './hooks.ts'
import {
  bytes,
  choice,
  duration,
  flag,
  group,
  headers,
  list,
  optionalChoice,
  optionalDuration,
  optionalFlag,
  optionalGroup,
  optionalList,
  optionalText,
  optionalWebUrl,
  positiveDuration,
  rates,
  record,
  resource,
  secret,
  text,
  whole,
} from './parts.ts'
import { mailClient } from './courier.ts'

/** A boolean that Ory's schema takes for a string. */
const optionalSecure = () =>
  Type.Optional(
    Type.Union([Type.Boolean(), Type.Enum(['true', 'false'])], {
      description: 'Whether cookies travel over https only; absent: unless `dev` is set.',
      need: 'true or false',
    }),
  )
const SAME_SITE = 'When cookies come along with requests of other sites.'

export const cookies = group('All cookies.', {
  domain: optionalText('The domain they are for.'),
  path: text('The path they are for.', { default: '/' }),
  same_site: choice(SAME_SITE, ['Strict', 'Lax', 'None'], 'Lax'),
  secure: optionalSecure(),
})

export const session = group('Sessions.', {
  lifespan: positiveDuration('How long a session lives.', '24h'),
  earliest_possible_extend: optionalDuration('How long before its end a session may be extended.'),
  cookie: group('The cookie of a session. What is absent is as in `cookies`.', {
    name: text('Its name.', { default: 'ory_kratos_session', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }),
    persistent: flag('Whether it outlives the browser.', true),
    domain: optionalText('The domain it is for.'),
    path: optionalText('The path it is for.'),
    same_site: optionalChoice(SAME_SITE, ['Strict', 'Lax', 'None']),
    secure: optionalSecure(),
  }),
  whoami: group('What /sessions/whoami answers.', {
    required_aal: choice('How many factors are needed.', ['aal1', 'highest_available'], 'highest_available'),
    tokenizer: group(
      'Sessions as signed tokens.',
      {
        templates: Type.Record(
          Type.String({ pattern: '^[a-zA-Z0-9-_.]+$' }),
          record(
            'A kind of token.',
            {
              ttl: positiveDuration('How long a token is good for.', '1m'),
              jwks_url: resource('The keys that sign.'),
              claims_mapper_url: Type.Optional(resource('A Jsonnet mapper from the session to claims.')),
              subject_source: choice('Who the subject is.', ['id', 'external_id'], 'id'),
            },
            { open: true },
          ),
          { description: 'Kinds of tokens by name.', default: {}, additionalProperties: false },
        ),
      },
      { open: true },
    ),
  }),
})

const keys = (description: string, more: object = {}) =>
  optionalList(description, secret('A secret.', { minLength: 16, need: 'at least 16 characters', ...more }), {
    uniqueItems: true,
    minItems: 1,
  })

export const secrets = group('What signs and seals. The first of a list does, all of them verify and open.', {
  default: keys('For whatever has no list of its own.'),
  cookie: keys('For cookies.'),
  pagination: keys('For page tokens.'),
  cipher: keys('For what is kept sealed in the database.', {
    minLength: 32,
    maxLength: 32,
    need: 'exactly 32 characters',
  }),
})

export const hashers = group('How passwords are hashed.', {
  algorithm: choice('Which algorithm new hashes have.', ['bcrypt', 'argon2'], 'bcrypt'),
  bcrypt: group('bcrypt.', { cost: whole('The cost, as a power of two.', 12, { minimum: 4, maximum: 31 }) }),
  argon2: group('argon2id.', {
    memory: bytes('The memory of one hash.', '128MB'),
    iterations: whole('The passes over it.', 1, { minimum: 1 }),
    parallelism: whole('The lanes.', 1, { minimum: 1, maximum: 255 }),
    salt_length: whole('The bytes of the salt.', 16, { minimum: 16 }),
    key_length: whole('The bytes of the hash.', 32, { minimum: 16 }),
    expected_duration: duration('For Ory’s calibration command only.', '500ms'),
    expected_deviation: duration('For Ory’s calibration command only.', '500ms'),
    dedicated_memory: bytes('For Ory’s calibration command only.', '1GB'),
  }),
  queue: group('What waits to be hashed. Each address has its turn; whoever finds no room is told to come back.', {
    concurrency: Type.Optional(
      Type.Integer({ description: 'Hashes at once; absent: one less than there are cores.', minimum: 1 }),
    ),
    length: whole('How many may wait.', 1_000, { minimum: 1 }),
    wait: positiveDuration('How long one may wait.', '1s'),
  }),
})

export const ciphers = group(
  'How secrets are sealed in the database.',
  {
    algorithm: choice(
      'Ory’s names are accepted; what is sealed is sealed with AES-256-GCM.',
      ['noop', 'aes', 'xchacha20-poly1305'],
      'noop',
    ),
  },
  { open: true },
)

export const identity = group('Identities.', {
  default_schema_id: text('The schema of those who sign up without choosing one.', { default: 'default' }),
  schemas: Type.Array(
    record(
      'A schema.',
      {
        id: Type.String({ description: 'Its id.', minLength: 1 }),
        url: resource('Where it is.'),
        selfservice_selectable: flag('Whether people may choose it.', false),
      },
      { open: true },
    ),
    { description: 'JSON Schemas of the traits.', minItems: 1, need: 'at least one schema' },
  ),
})

/** The seventeen of Ory (ory-actions.md §4.4). */
const HEADER_ALLOWLIST = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Content-Length',
  'Content-Type',
  'Origin',
  'Priority',
  'Referer',
  'Sec-Ch-Ua',
  'Sec-Ch-Ua-Mobile',
  'Sec-Ch-Ua-Platform',
  'Sec-Fetch-Dest',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Site',
  'Sec-Fetch-User',
  'True-Client-Ip',
  'User-Agent',
]

export const clients = group('Calls that go out.', {
  http: group('Every call.', {
    disallow_private_ip_ranges: flag('Refuse private and loopback addresses.', false),
    private_ip_exception_urls: list('URLs (globs) that are reachable all the same.', Type.String()),
  }),
  smtp: mailClient,
  web_hook: group('Calls of web_hook actions.', {
    header_allowlist: list('Request headers a template sees.', Type.String(), HEADER_ALLOWLIST),
    cookie_allowlist: Type.Union([Type.Literal('all'), Type.Array(Type.String())], {
      description: 'Cookies a template sees, by name, or `all`. Cardea’s own it never sees.',
      need: '"all" or a list of names',
      default: [],
    }),
    max_redirects: whole('Redirects followed, 307 and 308 only.', 0, { minimum: 0, maximum: 3 }),
  }),
})

const onEvent = (event: EventName) => group(`On ${event}.`, { hooks: hookList(eventPlace(event)) })

export const actions = group('How actions are asked, and those that are told of events.', {
  enabled: flag(
    'Whether actions run at all; `--actions off` says false. Deliveries that are queued wait meanwhile.',
    true,
  ),
  on: group('Calls that are queued when something has happened, whatever caused it.', {
    identity: group('To a person.', {
      created: onEvent('identity.created'),
      updated: onEvent('identity.updated'),
      deleted: onEvent('identity.deleted'),
    }),
    address: group('To an address.', { verified: onEvent('address.verified') }),
    session: group('To a session.', { revoked: onEvent('session.revoked') }),
  }),
  recipes,
  connections,
  ask_timeout: positiveDuration('One budget for all blocking actions of one step.', '10s'),
  timeout: positiveDuration('One budget for all attempts of one action, unless it has its own.', '3s'),
  attempts: whole('Tries of a blocking call.', 3, { minimum: 1, maximum: 10 }),
  backoff: group('The wait between two tries doubles each time.', {
    base: duration('The first wait.', '100ms'),
    jitter: flag('Take a random part of up to half of it away.', true),
  }),
  awaited_failure: choice(
    'If a call fails that is made once the change is stored: fail the response, or let the person through and go on trying.',
    ['retry', 'fail'],
    'retry',
  ),
  precedence: choice(
    'Whether a method’s list always replaces the default one, or only where one of its entries acts, as in Ory.',
    ['strict', 'ory'],
    'strict',
  ),
  log: group('What became of the calls people waited for.', {
    keep: duration('How long it is kept; 0s: not at all.', '168h'),
    redact: list(
      'Fields nobody is shown of bodies and answers, by their dotted path: `customer.ssn`; `*` is one part, `**` in front any number. Fields named as secrets never are.',
      Type.String({ pattern: '^[^\\s.]+(\\.[^\\s.]+)*$' }),
    ),
  }),
  deliveries: group('How queued calls are made.', {
    retry: group('When a call is made again that failed, unless an action has its own rule.', {
      attempts: whole('How often it is tried at most.', 30, { minimum: 1, maximum: 1_000 }),
      horizon: positiveDuration('After the first attempt, none begins later than this.', '72h'),
      min: positiveDuration(
        'The longest first wait; each is a random part of it. It doubles with every attempt.',
        '5s',
      ),
      max: positiveDuration('The longest wait of all.', '8h'),
    }),
    concurrency: whole('Calls under way at once to one endpoint, on all nodes together.', 8, {
      minimum: 1,
      maximum: 1_000,
    }),
    rate: whole('Calls to one endpoint begun in a second, on all nodes together; 0: as many as it answers.', 0, {
      minimum: 0,
      maximum: 100_000,
    }),
    quarantine: group('When an action that does nothing but fail stands still, and its deliveries wait.', {
      failures: whole('After so many failures in a row; 0: never.', 20, { minimum: 0, maximum: 100_000 }),
      after: duration('And after failing for so long, unless each failure costs a delivery.', '24h'),
      release_after: duration('It is tried again after this; 0s: when somebody releases it.', '1h'),
    }),
    keep: group('How long deliveries are kept.', {
      delivered: positiveDuration('Those that arrived.', '168h'),
      dead: positiveDuration('Those that did not, and were given up or cancelled.', '720h'),
    }),
  }),
})

export const security = group('Security.', {
  account_enumeration: group('What strangers can learn about who has an account.', {
    mitigate: flag('Give the same answer for known and unknown addresses.', false),
  }),
  rate_limits: group('How often something may be tried. A good try costs nothing, but for registrations and mail.', {
    enabled: flag('Hold back whoever tries too often.', false),
    sign_in: group('Passwords, and codes that were sent.', {
      per_account: rates('For one account, from everywhere it has not signed in from before.', ['30/15m']),
      per_account_and_address: rates('For one account, from one address.', ['10/15m']),
      per_address: rates('From one address, for whatever account, second factors included.', ['100/15m']),
    }),
    second_factor: group('Codes of an app, codes on paper, codes that are sent; each by itself.', {
      per_account: rates('For one account, from everywhere it has not shown one from before.', ['10/1h']),
      per_account_and_address: rates('For one account, from one address.', ['10/15m']),
    }),
    registration: group('Signing up.', { per_address: rates('From one address.', ['60/1h']) }),
    mail: group('Codes and links that are sent when somebody asks for them.', {
      per_recipient: rates('To one address or phone.', ['5/1h', '10/24h']),
      per_address: rates('Asked for from one address.', ['20/1h']),
    }),
  }),
  disallow_ref_in_identity_schemas: flag('Refuse identity schemas that refer to other documents.', false),
})

export const log = group('The log.', {
  level: choice('What is worth a line.', ['trace', 'debug', 'info', 'warning', 'error', 'fatal', 'panic'], 'info'),
  format: choice('How a line looks.', ['json', 'text'], 'json'),
  leak_sensitive_values: flag('Show what is otherwise redacted.', false),
  redaction_text: optionalText('What is shown instead of a redacted value.'),
})

const ratio = Type.Optional(Type.Number({ description: 'The part of traces that is kept.', minimum: 0, maximum: 1 }))
const sampling = (key: string) =>
  optionalGroup('Which traces are kept.', {
    [key]: ratio,
    server_url: optionalText('Where the rule for it comes from.'),
  })

export const tracing = optionalGroup('Traces.', {
  provider: optionalChoice('Who takes them.', ['jaeger', 'otel', 'zipkin']),
  service_name: optionalText('The name of this service.'),
  deployment_environment: optionalText('The name of this deployment.'),
  providers: optionalGroup('Where they take them.', {
    jaeger: optionalGroup('Jaeger.', {
      local_agent_address: optionalText('Its agent.'),
      sampling: sampling('trace_id_ratio'),
    }),
    zipkin: optionalGroup('Zipkin.', {
      server_url: optionalText('Its address.'),
      sampling: sampling('sampling_ratio'),
    }),
    otlp: optionalGroup('OpenTelemetry.', {
      server_url: optionalText('Its address.'),
      insecure: optionalFlag('Whether it is reached without TLS.'),
      sampling: sampling('sampling_ratio'),
      authorization_header: Type.Optional(secret('Proves who we are.')),
    }),
  }),
})

export const database = group('The database.', {
  cleanup: group('Removing expired flows, sessions, errors and limits.', {
    every: duration(
      'How often the server does so by itself; it keeps them for a day at least. 0s: only `cardea cleanup sql` does.',
      '1h',
    ),
    batch_size: whole('How many rows at once.', 100, { minimum: 1 }),
    sleep: group(
      'How long `cardea cleanup sql` waits between two tables.',
      { tables: duration('The wait.', '1m') },
      { open: true },
    ),
    older_than: duration('How long expired rows are kept.', '0s'),
  }),
})

export const oauth2Provider = group('The OAuth2 server people sign in for.', {
  url: optionalWebUrl('Its admin API.'),
  headers: headers('Headers of calls to it.'),
  override_return_to: flag('Go back to it after recovery and verification as well.', false),
})

export const featureFlags = group('Answers that changed over time.', {
  cacheable_sessions: flag('Say how long an answer of whoami may be cached.', false),
  cacheable_sessions_max_age: optionalDuration('The longest time it says.'),
  use_continue_with_transitions: flag('Name the next step in `continue_with` after recovery.', false),
  choose_recovery_address: flag('Let people choose where the recovery code goes.', false),
  legacy_continue_with_verification_ui: flag('Always name the verification page after registration.', false),
  legacy_require_verified_login_error: flag('Answer as older versions where an address is not verified.', false),
  faster_session_extend: flag('Answer an extension with 204.', false),
  password_profile_registration_node_group: choice(
    'The group of traits beside a password.',
    ['default', 'password'],
    'default',
  ),
  legacy_oidc_registration_node_group: flag('Keep the old group of traits beside a provider.', false),
  legacy_allow_insecure_origins: flag('Accept http origins of security keys.', false),
  refresh_login_choose_address: flag('Let people choose where the code goes when they sign in again.', false),
})

export const preview = optionalGroup('Previews.', {
  default_read_consistency_level: choice('How fresh lists are.', ['strong', 'eventual'], 'strong'),
})

export const enterprise = optionalGroup('Only in Ory’s enterprise edition.', {
  identity_schema_fallback_url_template: optionalText('Where unknown schemas are looked for.'),
})
