import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../core/json.ts'
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
  { key: 'serve.public.cors.debug' },
  { key: 'selfservice.flows.logout.clear_browser_data' },
  { key: 'selfservice.methods.b2b' },
  ...[
    'password_profile_registration_node_group',
    'legacy_oidc_registration_node_group',
    'legacy_allow_insecure_origins',
  ].map((flag) => ({ key: `feature_flags.${flag}` })),
  { key: 'log.redaction_text' },
  { key: 'log.leak_sensitive_values' },
  { key: 'tracing' },
  { key: 'preview' },
  { key: 'organizations' },
  { key: 'enterprise' },
  { key: 'expose-metrics-port' },
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
