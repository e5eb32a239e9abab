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
  { key: 'serve.tls', refusedBecause: 'the listeners would speak plain http where the file asks for https' },
  { key: 'serve.public.tls', refusedBecause: 'the listener would speak plain http where the file asks for https' },
  { key: 'serve.admin.tls', refusedBecause: 'the listener would speak plain http where the file asks for https' },
  { key: 'serve.public.socket', refusedBecause: 'there are no unix sockets: what it keeps out would get in' },
  { key: 'serve.admin.socket', refusedBecause: 'there are no unix sockets: what it keeps out would get in' },
  { key: 'hsm.enabled', refusedBecause: 'keys would lie in the database' },
  { key: 'serve.public.request_log' },
  { key: 'serve.admin.request_log' },
  { key: 'serve.public.access_log' },
  { key: 'serve.admin.access_log' },
  { key: 'serve.public.cors.options_passthrough' },
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
