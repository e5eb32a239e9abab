import { Type } from 'typebox'
import type { METHODS_WITH_HOOKS, Place } from '../../core/place.ts'
import type { FlowName, MethodName } from '../../core/trigger.ts'
import { hookList } from './hooks.ts'
import { choice, duration, flag, group, optionalGroup, optionalReturnUrl, optionalText, record } from './parts.ts'

const AFTER_URL = 'Where a browser goes afterwards, unless it brought a return_to.'

const before = (flow: FlowName) => group(`Before a ${flow} flow starts.`, { hooks: hookList(`${flow}.before`) })

const afterMethod = (place: Place) =>
  optionalGroup(`After ${place.split('.').at(-1)} has succeeded.`, {
    default_browser_return_url: optionalReturnUrl(AFTER_URL),
    hooks: hookList(place),
    merge: choice(
      'How this list and the default one of the flow go together: this one alone, this one first, or this one last.',
      ['override', 'prepend', 'append'],
      'override',
    ),
  })

/** What `after` has in every flow. */
const afterKeys = (flow: FlowName) => ({
  default_browser_return_url: optionalReturnUrl(AFTER_URL),
  hooks: hookList(`${flow}.after`),
})

const afterMethods = (flow: FlowName) => {
  const own = (method: MethodName) => afterMethod(`${flow}.after.${method}`)
  return { own, ...afterKeys(flow) }
}

const ui = (flow: FlowName) => ({
  ui_url: optionalReturnUrl(`The page that shows a ${flow} flow.`),
  lifespan: duration(`How long a ${flow} flow may take.`, '1h'),
})

const login = () => {
  const { own, ...keys } = afterMethods('login')
  return group('Signing in.', {
    ...ui('login'),
    style: choice(
      'Ask for everything at once, or for the identifier first.',
      ['unified', 'identifier_first'],
      'unified',
    ),
    before: before('login'),
    after: group('After somebody has signed in.', {
      ...keys,
      password: own('password'),
      webauthn: own('webauthn'),
      passkey: own('passkey'),
      code: own('code'),
      totp: own('totp'),
      lookup_secret: own('lookup_secret'),
      oidc: own('oidc'),
    } satisfies Record<(typeof METHODS_WITH_HOOKS.login)[number], unknown> & Record<string, unknown>),
  })
}

const registration = () => {
  const { own, ...keys } = afterMethods('registration')
  return group('Signing up.', {
    enabled: flag('Whether people may sign up.', true),
    login_hints: flag('Tell somebody who signs up twice how they signed up the first time.', false),
    ...ui('registration'),
    style: choice(
      'Ask for the profile first, or for everything at once.',
      ['profile_first', 'unified'],
      'profile_first',
    ),
    enable_legacy_one_step: flag('Deprecated: the same as style unified.', false),
    before: before('registration'),
    after: group('After somebody has signed up.', {
      ...keys,
      password: own('password'),
      webauthn: own('webauthn'),
      passkey: own('passkey'),
      oidc: own('oidc'),
      code: own('code'),
    } satisfies Record<(typeof METHODS_WITH_HOOKS.registration)[number], unknown> & Record<string, unknown>),
  })
}

const settings = () => {
  const { own, ...keys } = afterMethods('settings')
  return group('Changing the own profile and credentials.', {
    ...ui('settings'),
    privileged_session_max_age: duration('How recently somebody must have signed in to change credentials.', '1h'),
    required_aal: choice('How many factors are needed.', ['aal1', 'highest_available'], 'highest_available'),
    before: before('settings'),
    after: group('After a change.', {
      ...keys,
      password: own('password'),
      totp: own('totp'),
      oidc: own('oidc'),
      webauthn: own('webauthn'),
      passkey: own('passkey'),
      lookup_secret: own('lookup_secret'),
      profile: own('profile'),
    } satisfies Record<(typeof METHODS_WITH_HOOKS.settings)[number], unknown> & Record<string, unknown>),
  })
}

const mailed = (flow: 'recovery' | 'verification', description: string) =>
  group(description, {
    enabled: flag(`Whether the ${flow} flow exists.`, false),
    ...ui(flow),
    use: choice('Send a code or a link.', ['code', 'link'], 'code'),
    notify_unknown_recipients: flag('Write to an address nobody has as well.', false),
    before: before(flow),
    after: group(`After a ${flow}.`, afterKeys(flow)),
  })

/** `selfservice.flows`. */
export const flows = group('The self-service flows.', {
  login: login(),
  registration: registration(),
  settings: settings(),
  recovery: mailed('recovery', 'Getting back into an account.'),
  verification: mailed('verification', 'Proving that an address is reachable.'),
  logout: group('Signing out.', {
    clear_browser_data: flag('Ask the browser to forget what it stored of this site.', false),
    after: group('After signing out.', { default_browser_return_url: optionalReturnUrl(AFTER_URL) }),
  }),
  error: group('The page for errors that belong to no flow.', {
    ui_url: optionalReturnUrl('The page that shows an error.'),
  }),
})

/** An organization, which only Ory's hosted product has. */
const organization = record('An organization.', {
  id: optionalText('Its id.'),
  label: optionalText('Its name.'),
  domains: Type.Optional(Type.Array(Type.String(), { description: 'Its domains.' })),
  session_lifespan: optionalText('How long its sessions live.'),
})

/** `selfservice.methods.b2b`. */
export const b2b = optionalGroup('Organizations: only in Ory’s enterprise edition.', {
  config: optionalGroup('Which ones.', {
    organizations: Type.Optional(Type.Array(organization, { description: 'The organizations.' })),
  }),
})
