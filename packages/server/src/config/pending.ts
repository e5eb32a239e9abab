import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../core/json.ts'
import type { Place } from '../core/place.ts'
import { METHODS_WITH_HOOKS, PLACES } from '../core/place.ts'
import type { Finding } from './check.ts'
import { parsePath, valueAt } from './path.ts'

/** A key whose feature does not exist yet. It is known, and it is not silently ignored (design.md §6). */
type Pending = {
  readonly key: string
  /** Why it is refused: what would be less safe than the file says if it were ignored. */
  readonly refusedBecause?: string
}

/** One row a feature; whoever builds it deletes the row. Ignoring one that is refused would weaken security. */
export const PENDING: readonly Pending[] = [
  { key: 'serve.public.tls', refusedBecause: 'the listener would speak plain http where the file asks for https' },
  { key: 'serve.admin.tls', refusedBecause: 'the listener would speak plain http where the file asks for https' },
  { key: 'serve.public.request_log' },
  { key: 'serve.admin.request_log' },
  { key: 'serve.public.cors.options_passthrough' },
  { key: 'serve.public.cors.debug' },
  { key: 'selfservice.flows.login.style' },
  { key: 'selfservice.flows.registration.login_hints' },
  { key: 'selfservice.flows.settings' },
  { key: 'selfservice.flows.recovery' },
  { key: 'selfservice.flows.verification' },
  { key: 'selfservice.flows.logout.clear_browser_data' },
  { key: 'selfservice.methods.password.config.migrate_hook' },
  { key: 'selfservice.methods.b2b' },
  { key: 'session.earliest_possible_extend' },
  { key: 'session.whoami.tokenizer' },
  { key: 'courier' },
  { key: 'clients.smtp' },
  { key: 'oauth2_provider' },
  { key: 'feature_flags' },
  { key: 'log.redaction_text' },
  { key: 'log.leak_sensitive_values' },
  {
    key: 'security.account_enumeration',
    refusedBecause: 'strangers could find out who has an account where the file says that they cannot',
  },
  { key: 'tracing' },
  { key: 'database' },
  { key: 'preview' },
  { key: 'organizations' },
  { key: 'enterprise' },
  { key: 'expose-metrics-port' },
  ...['code', 'link', 'totp', 'lookup_secret', 'webauthn', 'passkey', 'oidc', 'profile'].map((method) => ({
    key: `selfservice.methods.${method}`,
  })),
]

/** What a file asks for that is not there yet. What it leaves at its default asks for nothing. */
export const pendingKeys = (configured: unknown, defaults: unknown): readonly Finding[] =>
  PENDING.flatMap(({ key, refusedBecause }): readonly Finding[] => {
    const path = parsePath(key)
    const value = valueAt(configured, path)
    if (value === undefined || isDeepStrictEqual(value, valueAt(defaults, path)) || isSwitchedOff(value)) return []
    if (refusedBecause === undefined) {
      return [{ path, part: 'key', need: 'nothing', note: 'has no effect: this is not built yet', severity: 'warning' }]
    }
    return [
      {
        path,
        part: 'key',
        got: 'a key of something that is not built yet',
        need: `to leave it out: ${refusedBecause}`,
      },
    ]
  })

const isSwitchedOff = (value: unknown) =>
  isJsonObject(value) && (Object.keys(value).length === 0 || value['enabled'] === false || value['mitigate'] === false)

/** Whether a flow is yet to be built: then none of its hooks can be missed. */
export const isFlowPending = (flow: string) => PENDING.some(({ key }) => key === `selfservice.flows.${flow}`)

/** A kind of action Ory has and we have not, and where it may stand (ory-actions.md §1.1). */
type PendingHook = { readonly placement: readonly Place[]; readonly refusedBecause?: string }

const after = (flow: 'login' | 'registration' | 'settings', but: readonly string[] = []): readonly Place[] =>
  METHODS_WITH_HOOKS[flow].filter((method) => !but.includes(method)).map((method): Place => `${flow}.after.${method}`)

export const PENDING_HOOKS: { readonly [kind: string]: PendingHook } = {
  revoke_active_sessions: {
    placement: ['login.after', ...after('login'), ...after('settings', ['profile']), 'recovery.after'],
    refusedBecause: 'other sessions would stay alive',
  },
  require_verified_address: {
    placement: ['login.after', ...after('login')],
    refusedBecause: 'people would get in whose address is not verified',
  },
  verification: { placement: ['login.after', ...after('login', ['oidc'])] },
  show_verification_ui: {
    placement: ['login.after', ...after('login', ['oidc']), ...after('registration'), 'settings.after.profile'],
  },
  verify_new_address: { placement: ['settings.after.profile'] },
  notify_previous_addresses: { placement: ['settings.after.profile'] },
}

/** Hooks of Ory's enterprise edition: accepted, and nothing happens, as in Ory itself. */
export const ENTERPRISE_HOOKS: { readonly [kind: string]: PendingHook } = Object.fromEntries(
  ['b2b_sso', 'organization'].map((kind) => [
    kind,
    {
      placement: PLACES.filter(
        (place) => place !== 'recovery.after' && !after('settings', ['profile']).includes(place),
      ),
    },
  ]),
)
