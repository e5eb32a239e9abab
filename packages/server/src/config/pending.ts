import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../core/json.ts'
import type { Finding } from './check.ts'
import { type Path, parsePath, valueAt } from './path.ts'

/** A key of Ory's that does nothing here. It is known, and it is not silently ignored (design.md §6). */
type Pending = {
  readonly key: string
  /** Why it does nothing; absent where it is yet to be built. */
  readonly because?: string
}

const ENTERPRISE = 'organizations are only in Ory’s enterprise edition'

/** One row a feature; whoever builds it deletes the row. */
export const PENDING: readonly Pending[] = [
  { key: 'serve.public.cors.debug', because: 'what a page is allowed stands in the headers of the answer' },
  { key: 'selfservice.methods.b2b', because: ENTERPRISE },
  {
    key: 'feature_flags.password_profile_registration_node_group',
    because: 'traits are in the group default, as with Kratos, where it changes nothing either',
  },
  {
    key: 'feature_flags.legacy_oidc_registration_node_group',
    because: 'traits are in the group default beside a provider as well',
  },
  {
    key: 'feature_flags.legacy_allow_insecure_origins',
    because: 'origins of keys count as they are listed, http ones too',
  },
  { key: 'log.redaction_text', because: 'what is secret is left out of the log, and nothing stands in its place' },
  { key: 'log.leak_sensitive_values', because: 'nothing secret is ever logged' },
  {
    key: 'tracing.providers.jaeger',
    because: 'Jaeger takes OTLP over HTTP by itself: provider otel, with its port 4318 in providers.otlp.server_url',
  },
  {
    key: 'tracing.providers.zipkin',
    because: 'traces are sent as OTLP over HTTP: provider otel, with a collector in providers.otlp.server_url',
  },
  { key: 'tracing.providers.otlp.sampling.server_url', because: 'which traces are kept is settled by sampling_ratio' },
  { key: 'preview', because: 'every list is up to date' },
  { key: 'organizations', because: ENTERPRISE },
  { key: 'enterprise', because: 'it is only of use in Ory’s enterprise edition' },
  {
    key: 'expose-metrics-port',
    because: 'metrics are at /metrics/prometheus of the admin listener, which has a port of its own',
  },
]

/** What is said of a key that does nothing. */
export const noEffect = ({ because = 'this is not built yet' }: Pick<Pending, 'because'>) => `has no effect: ${because}`

/** What a file asks for that is not there. What it leaves at its default asks for nothing. */
export const pendingKeys = (configured: unknown, defaults: unknown): readonly Finding[] => [
  ...PENDING.flatMap(({ key, because }): readonly Finding[] => {
    const path = parsePath(key)
    const value = valueAt(configured, path)
    if (value === undefined || isDeepStrictEqual(value, valueAt(defaults, path)) || isSwitchedOff(value)) return []
    return [says(path, because)]
  }),
  ...providerKeys(configured),
]

const says = (path: Path, because: string | undefined): Finding => ({
  path,
  part: 'key',
  need: 'nothing',
  note: noEffect(because === undefined ? {} : { because }),
  severity: 'warning',
})

const PROVIDERS = ['selfservice', 'methods', 'oidc', 'config', 'providers']
const FEDCM = 'people sign in at a provider’s own page and not in the browser’s dialogue (FedCM)'

/** Keys of social sign-in that stand in a list. A provider of one organization would let in everybody if it were taken for one of all. */
function providerKeys(configured: unknown): readonly Finding[] {
  const providers: unknown = valueAt(configured, PROVIDERS)
  if (!Array.isArray(providers)) return []
  return providers.flatMap((provider: unknown, at): readonly Finding[] => {
    const given = (key: string) => (valueAt(provider, [key]) ?? '') !== ''
    const path = (key: string) => [...PROVIDERS, at, key]
    return [
      ...(given('organization_id')
        ? [
            {
              path: path('organization_id'),
              part: 'key',
              got: 'a provider of one organization',
              need: `to leave the provider out: ${ENTERPRISE}, and without them everybody could sign in with it`,
            } as const,
          ]
        : []),
      ...['fedcm_config_url', 'net_id_token_origin_header'].filter(given).map((key) => says(path(key), FEDCM)),
    ]
  })
}

const isSwitchedOff = (value: unknown) =>
  isJsonObject(value) && (Object.keys(value).length === 0 || value['enabled'] === false)
