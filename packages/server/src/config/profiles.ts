import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Settings } from '../core/settings.ts'
import { parsePath, valueAt, withValue } from './path.ts'

type Profile = Settings['profile']

/** One key that the profiles preset differently. Nothing else tells them apart. */
type Preset = {
  readonly key: string
  readonly safe?: Json
  readonly ory?: Json
  /** What `safe` presets with `dev`, where that differs. */
  readonly dev?: Json
  /** Whether what is configured rules the preset of `safe` out; then that of `dev` counts. */
  readonly unless?: (configured: JsonObject) => boolean
  /** What is weaker about the preset of `ory`; absent where nothing is. */
  readonly weaker?: string
}

/** Whether the session cookie is meant for more than this host, or for http: a `__Host-` cookie can't be (RFC 6265bis §4.1.3.2). */
function isWiderThanHost(configured: JsonObject): boolean {
  const own = (key: string) => valueAt(configured, ['session', 'cookie', key]) ?? valueAt(configured, ['cookies', key])
  return (
    own('domain') !== undefined || (own('path') ?? '/') !== '/' || ['false', false].some((off) => own('secure') === off)
  )
}

/** Where safety and Ory's behaviour collide (reliability.md §3.5, design.md §3). */
export const PRESETS: readonly Preset[] = [
  {
    key: 'security.account_enumeration.mitigate',
    safe: true,
    ory: false,
    weaker: 'strangers can find out who has an account',
  },
  {
    key: 'security.rate_limits.enabled',
    safe: true,
    dev: false,
    ory: false,
    weaker: 'nobody is held back who guesses passwords and codes, or has others written to',
  },
  { key: 'actions.timeout', safe: '3s', ory: '30s', weaker: 'a slow receiver can hold a person for 30 seconds' },
  {
    key: 'actions.ask_timeout',
    safe: '10s',
    ory: '55s',
    weaker: 'the actions of one step together can take 55 seconds',
  },
  { key: 'actions.backoff.base', safe: '100ms', ory: '1s' },
  { key: 'actions.backoff.jitter', safe: true, ory: false },
  {
    key: 'actions.awaited_failure',
    safe: 'retry',
    ory: 'fail',
    weaker: 'a receiver that fails after a change is stored fails the answer, although the change stays',
  },
  {
    key: 'actions.precedence',
    safe: 'strict',
    ory: 'ory',
    weaker: 'the default list can run beside the list of a method that replaces it',
  },
  {
    key: 'clients.web_hook.max_redirects',
    safe: 0,
    ory: 3,
    weaker: 'a receiver can send calls on to up to three other addresses',
  },
  {
    key: 'clients.web_hook.cookie_allowlist',
    safe: [],
    ory: 'all',
    weaker: 'templates see every cookie but Cardea’s own',
  },
  {
    key: 'clients.http.disallow_private_ip_ranges',
    safe: true,
    dev: false,
    ory: false,
    weaker: 'actions can call private and loopback addresses',
  },
  {
    key: 'selfservice.methods.code.config.lifespan',
    safe: '10m',
    ory: '1h',
    weaker: 'a code is good for an hour',
  },
  {
    key: 'selfservice.methods.link.config.lifespan',
    safe: '10m',
    ory: '1h',
    weaker: 'a link is good for an hour',
  },
  {
    key: 'selfservice.flows.settings.privileged_session_max_age',
    safe: '15m',
    ory: '1h',
    weaker: 'credentials can be changed an hour after signing in',
  },
  {
    key: 'selfservice.methods.totp.config.allow_reuse',
    safe: false,
    ory: true,
    weaker: 'a code of an authenticator app can be used again while it is valid',
  },
  {
    key: 'session.cookie.name',
    // The prefix makes browsers hold the cookie to this host; it needs https, so not with plain cookies.
    safe: '__Host-ory_kratos_session',
    dev: 'ory_kratos_session',
    unless: isWiderThanHost,
    ory: 'ory_kratos_session',
    weaker: 'another host of the same domain can set the session cookie',
  },
  {
    key: 'serve.admin.host',
    safe: '127.0.0.1',
    dev: 'localhost',
    ory: '0.0.0.0',
    weaker: 'the admin API listens on every address of this machine',
  },
  {
    key: 'serve.admin.auth.without_tokens',
    safe: 'same_host',
    ory: 'anyone',
    weaker: 'whoever reaches the admin API may use it',
  },
  {
    key: 'serve.public.forwarded_headers',
    safe: 'trusted_proxies',
    ory: 'anyone',
    weaker: 'whoever asks can make up the address that sessions show and actions are told',
  },
  { key: 'serve.public.host', safe: '0.0.0.0', dev: 'localhost', ory: '0.0.0.0' },
  { key: 'hashers.algorithm', safe: 'argon2', ory: 'bcrypt' },
  { key: 'hashers.argon2.memory', safe: '19MB', ory: '128MB' },
  { key: 'hashers.argon2.iterations', safe: 2, ory: 1 },
  {
    key: 'hashers.queue.wait',
    safe: '1s',
    ory: '30s',
    weaker: 'whoever signs in may wait for 30 seconds while many others do',
  },
  { key: 'selfservice.flows.login.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/login' },
  { key: 'selfservice.flows.registration.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/registration' },
  { key: 'selfservice.flows.settings.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/settings' },
  { key: 'selfservice.flows.recovery.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/recovery' },
  { key: 'selfservice.flows.verification.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/verification' },
  { key: 'selfservice.flows.error.ui_url', ory: 'https://www.ory.com/kratos/docs/fallback/error' },
]

/** What a profile presets for a key; undefined where it leaves it to the schema. */
export const presetOf = ({ safe, dev, ory }: Preset, profile: Profile, isDev: boolean): Json | undefined =>
  profile === 'ory' ? ory : isDev ? (dev ?? safe) : safe

/** The configuration with the presets of its profile for every key nobody has set. */
export const withPresets = (config: JsonObject, profile: Profile, isDev: boolean): JsonObject =>
  PRESETS.reduce((tree, preset) => {
    const path = parsePath(preset.key)
    const value = presetOf(preset, profile, isDev || preset.unless?.(config) === true)
    return value === undefined || !isFree(tree, preset.key) ? tree : withValue(tree, path, value)
  }, config)

/** Nothing is set there (`clients:` alone sets nothing), and nothing that is no group stands in the way. */
const isFree = (tree: JsonObject, key: string) => {
  const path = parsePath(key)
  return path.every((_, at) => {
    const value = valueAt(tree, path.slice(0, at + 1))
    return (value ?? null) === null || (at < path.length - 1 && isJsonObject(value))
  })
}

/** One line for every preset of `ory` in force that is weaker than that of `safe`. */
export const weakenings = (configured: JsonObject, profile: Profile): readonly string[] =>
  profile === 'safe'
    ? []
    : PRESETS.flatMap(({ key, ory, weaker }) =>
        weaker === undefined || !isFree(configured, key)
          ? []
          : [`profile ory presets ${key}: ${JSON.stringify(ory)}: ${weaker}`],
      )
