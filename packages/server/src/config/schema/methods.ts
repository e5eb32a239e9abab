import { Type } from 'typebox'
import {
  choice,
  duration,
  flag,
  group,
  headers,
  list,
  optionalCallAuth,
  optionalChoice,
  optionalDuration,
  optionalFlag,
  optionalGroup,
  optionalList,
  optionalResource,
  optionalSecret,
  optionalText,
  optionalWebUrl,
  record,
  resource,
  text,
  webUrl,
  whole,
} from './parts.ts'
import { b2b } from './flows.ts'

const enabled = (method: string, fallback: boolean) => flag(`Whether ${method} may be used.`, fallback)

const password = group('Signing in with a password.', {
  enabled: enabled('a password', true),
  config: group('How passwords are judged.', {
    haveibeenpwned_host: text('Where leaked passwords are looked up.', { default: 'api.pwnedpasswords.com' }),
    haveibeenpwned_enabled: flag('Refuse passwords that are known from leaks.', true),
    max_breaches: whole('In how many leaks a password may have been seen.', 0, { minimum: 0, maximum: 100 }),
    ignore_network_errors: flag('Accept a password that could not be looked up.', true),
    min_password_length: whole('The least number of characters.', 8, { minimum: 6 }),
    identifier_similarity_check_enabled: flag('Refuse passwords that are like the identifier.', true),
    migrate_hook: optionalGroup('Asks another system about the password of an account that was imported without one.', {
      enabled: flag('Whether it is asked.', false),
      config: record('Who is asked.', {
        url: webUrl('Where the call goes.'),
        method: Type.Enum(['POST'], { description: 'The HTTP method.', default: 'POST' }),
        headers: headers('Headers the call carries.'),
        emit_analytics_event: flag('Whether the Ory-Webhook headers are sent.', true),
        auth: optionalCallAuth(),
        body: optionalResource('A Jsonnet template of the body.'),
      }),
    }),
  }),
})

const code = group(
  'A one-time code sent by mail or message.',
  {
    enabled: enabled('a code', true),
    passwordless_enabled: flag('Let a code sign people in and up.', false),
    mfa_enabled: flag('Let a code be the second factor.', false),
    config: group(
      'How codes behave.',
      {
        lifespan: duration('How long a code is good for.', '1h'),
        max_submissions: whole('How often a wrong code may be tried.', 5, { minimum: 1, maximum: 255 }),
        missing_credential_fallback_enabled: flag('Look for an address where there is no code credential.', false),
      },
      { open: true },
    ),
  },
  { open: true },
)

const link = group('A one-time link sent by mail.', {
  enabled: enabled('a link', false),
  config: group(
    'How links behave.',
    {
      base_url: optionalWebUrl('The address links begin with.'),
      lifespan: duration('How long a link is good for.', '1h'),
    },
    { open: true },
  ),
})

const origin = Type.String({ description: 'An origin such as https://login.example.org.' })

const webauthn = group('Security keys.', {
  enabled: enabled('a security key', false),
  config: optionalGroup('For whom keys are.', {
    passwordless: optionalFlag('Let a key be the only factor.'),
    rp: record(
      'The relying party.',
      {
        id: optionalText('The domain keys are bound to.'),
        display_name: optionalText('The name people see.'),
        origin: optionalText('The one origin of the pages.'),
        origins: optionalList('The origins of the pages.', origin),
        icon: optionalText('Deprecated: browsers show no icon any more.'),
      },
      { open: true },
    ),
  }),
})

const passkey = group('Passkeys.', {
  enabled: enabled('a passkey', false),
  config: optionalGroup('For whom passkeys are.', {
    rp: Type.Optional(
      record(
        'The relying party.',
        {
          display_name: Type.String({ description: 'The name people see.' }),
          id: Type.String({ description: 'The domain passkeys are bound to.' }),
          origins: optionalList('The origins of the pages.', origin),
        },
        { open: true },
      ),
    ),
    authenticator_selection: group('Which authenticators will do.', {
      attachment: optionalChoice('Built in, or carried along.', ['platform', 'cross-platform']),
      resident_key: choice('Whether it keeps the key.', ['required', 'preferred', 'discouraged'], 'required'),
      user_verification: choice('Whether it checks the person.', ['required', 'preferred', 'discouraged'], 'preferred'),
    }),
    attestation: group('What an authenticator proves about itself.', {
      preference: choice('How much is asked for.', ['none', 'indirect', 'direct', 'enterprise'], 'none'),
    }),
    timeouts: group('How long a browser may take.', {
      registration: optionalDuration('To make a passkey.'),
      login: optionalDuration('To use one.'),
    }),
  }),
})

const requestedClaim = Type.Union([
  Type.Null(),
  record('How it is asked for.', {
    essential: optionalFlag('Whether it must come.'),
    value: Type.Optional(Type.Unknown({ description: 'The one value it may have.' })),
    values: Type.Optional(Type.Array(Type.Unknown(), { description: 'The values it may have.' })),
  }),
])
const claims = Type.Optional(Type.Record(Type.String(), requestedClaim, { description: 'Claims by name.' }))

/** Every provider Ory knows by name; the others are `generic`. */
const PROVIDERS = [
  'github',
  'github-app',
  'gitlab',
  'generic',
  'google',
  'microsoft',
  'discord',
  'salesforce',
  'slack',
  'facebook',
  'auth0',
  'vk',
  'yandex',
  'apple',
  'spotify',
  'netid',
  'dingtalk',
  'patreon',
  'line',
  'linkedin',
  'linkedin_v2',
  'lark',
  'x',
  'fedcm-test',
  'amazon',
  'uaepass',
]

const provider = record('A provider people sign in with.', {
  id: Type.String({ description: 'Its name in addresses and credentials.', minLength: 1 }),
  provider: Type.Enum(PROVIDERS, { description: 'Whose protocol it speaks.' }),
  label: optionalText('What its button says.'),
  client_id: Type.String({ description: 'Who we are to it.' }),
  client_secret: optionalSecret('The secret we share with it.'),
  issuer_url: optionalWebUrl('Where it describes itself.'),
  auth_url: optionalWebUrl('Where people are sent.'),
  token_url: optionalWebUrl('Where codes are exchanged.'),
  mapper_url: resource('The Jsonnet mapper from its claims to an identity.'),
  scope: optionalList('What is asked for.', Type.String()),
  microsoft_tenant: optionalText('The tenant, for microsoft.'),
  subject_source: choice('Where the subject is read, for microsoft.', ['userinfo', 'me', 'oid'], 'userinfo'),
  apple_team_id: optionalText('The team, for apple.'),
  apple_private_key_id: optionalText('The id of the key, for apple.'),
  apple_private_key: optionalSecret('The key, for apple.'),
  requested_claims: optionalGroup('Claims asked for one by one.', { userinfo: claims, id_token: claims }),
  organization_id: optionalText('The organization it belongs to: only in Ory’s enterprise edition.'),
  additional_id_token_audiences: optionalList('Who else an ID token may be meant for.', Type.String()),
  aal2_acr_values: optionalList('Values of `acr` that count as two factors.', Type.String()),
  aal2_amr_values: optionalList('Values of `amr` that count as two factors.', Type.String()),
  claims_source: choice('Where claims are read.', ['id_token', 'userinfo'], 'id_token'),
  pkce: choice('Whether the code is bound to us.', ['auto', 'never', 'force'], 'auto'),
  fedcm_config_url: optionalWebUrl('Its FedCM configuration.'),
  net_id_token_origin_header: optionalText('The origin, for netid.'),
  account_linking_mode: choice(
    'What happens if the address is known already.',
    ['confirm_with_existing_credential', 'automatic'],
    'confirm_with_existing_credential',
  ),
  update_identity_on_login: choice('Whether a sign-in renews the traits.', ['never', 'automatic'], 'never'),
})

/** `selfservice.methods`. */
export const methods = group('The ways to sign in, sign up, recover, verify or change settings.', {
  password,
  code,
  link,
  webauthn,
  passkey,
  profile: group('Changing the own traits.', { enabled: enabled('the profile form', true) }),
  totp: group('Codes of an authenticator app.', {
    enabled: enabled('an authenticator app', false),
    config: group('How codes of the app are taken.', {
      issuer: optionalText('The name in the app.'),
      allow_reuse: flag('Take a code again while it is valid, as Ory does.', false),
    }),
  }),
  lookup_secret: group('Recovery codes on paper.', { enabled: enabled('a recovery code', false) }),
  oidc: group('Signing in with another provider.', {
    enabled: enabled('another provider', false),
    config: group('Which providers.', {
      base_redirect_uri: optionalWebUrl('The address providers send people back to.'),
      providers: list('The providers.', provider),
    }),
  }),
  b2b,
})
