import { isDeepStrictEqual } from 'node:util'
import type { Finding } from '../check.ts'
import { parsePath, valueAt } from '../path.ts'
import { misplacedKeys } from './misplaced-keys.ts'

type Unsupported = {
  readonly key: string
  /** Why it is refused: what would be less safe than the file says if it were ignored. */
  readonly refusedBecause?: string
  /** Why it has no effect, where that is no loss. */
  readonly because?: string
}

/** Keys of a valid hydra.yml that do nothing here: refused or announced, never silently ignored (design.md §6). */
export const UNSUPPORTED: readonly Unsupported[] = [
  { key: 'hsm.enabled', refusedBecause: 'keys would lie in the database' },
  ...['serve.tls', 'serve.public.tls', 'serve.admin.tls'].map((key) => ({
    key: `${key}.allow_termination_from`,
    because: 'a proxy in front may always take TLS off',
  })),
  { key: 'serve.public.cors.debug' },
  { key: 'serve.public.base_url', because: 'urls.self.public and urls.self.issuer say it, as in Hydra' },
  { key: 'serve.admin.base_url', because: 'urls.self.admin says it, as in Hydra' },
  { key: 'db.ignore_unknown_table_columns', because: 'the tables are Cardea’s own' },
  { key: 'log.redaction_text' },
  { key: 'log.additional_redacted_headers', because: 'no header is ever logged' },
  { key: 'oauth2.device_authorization.user_code.character_set' },
  { key: 'oauth2.grant.jwt.omit_assertion_audience' },
  { key: 'profiling' },
  { key: 'tracing' },
  { key: 'cgroups', because: 'it is about Go' },
  { key: 'feature_flags' },
]

/** Everything a file asks of the OAuth2 server that would not happen. */
export const unsupportedKeys = (configured: unknown, defaults: unknown): readonly Finding[] => [
  ...misplacedKeys(configured),
  ...missingCertificates(configured),
  ...UNSUPPORTED.flatMap(({ key, refusedBecause, because }): readonly Finding[] => {
    const path = parsePath(key)
    const value = valueAt(configured, path)
    if (value === undefined || isDeepStrictEqual(value, valueAt(defaults, path))) return []
    if (refusedBecause !== undefined)
      return [{ path, part: 'key', got: 'a key that is not supported', need: `to leave it out: ${refusedBecause}` }]
    return [
      {
        path,
        part: 'key',
        need: 'nothing',
        note: `has no effect${because === undefined ? ': this is not built yet' : `: ${because}`}`,
        severity: 'warning',
      },
    ]
  }),
]

/** Whoever asks for https must not get plain http. (Hydra would make a certificate up, which nobody trusts.) */
function missingCertificates(configured: unknown): readonly Finding[] {
  const has = (...path: readonly string[]) =>
    ['key', 'cert'].every((part) => ['path', 'base64'].some((form) => valueAt(configured, [...path, part, form])))
  return [
    ['serve', 'tls'],
    ['serve', 'public', 'tls'],
    ['serve', 'admin', 'tls'],
  ].flatMap((path): readonly Finding[] =>
    valueAt(configured, [...path, 'enabled']) !== true || has(...path) || has('serve', 'tls')
      ? []
      : [{ path, part: 'value', got: 'no key or no certificate', need: 'key and cert, each with path or base64' }],
  )
}
