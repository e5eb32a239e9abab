import { compile, JsonnetError } from '@cardea/jsonnet'
import { encodingOf } from '../actions/web-hook/content-type.ts'
import { FUNCTIONS } from '../actions/template/functions.ts'
import { NOT_SENT } from '../actions/web-hook/headers.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'
import type { HookEntry, Settings } from '../core/settings.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { classifyAddress } from '../net/classify-address.ts'
import { allEntries, isOff } from './effective-lists.ts'
import { type PlanWarning, planWarnings } from './plan-warnings.ts'
import { type Reading, readResource, reasonOf } from './resources.ts'

/** Something about the actions of a configuration: a problem will go wrong, a note may be meant. */
export type Remark = {
  readonly severity: 'problem' | 'note'
  readonly kind: string
  readonly where: string
  readonly text: string
}

/** What works as it says, and what one may want to know all the same. */
const NOTES: ReadonlySet<PlanWarning['kind']> = new Set<PlanWarning['kind']>([
  'method_is_off',
  'never_ran_in_kratos',
  'default_list_runs_beside',
  'default_list_replaced',
  'tells_who_exists',
])

/** Everything that deserves a second look about the actions: the plan as a whole, then each call (reliability.md §10, B). */
export async function lintActions(settings: Settings, reading: Reading): Promise<readonly Remark[]> {
  const plan = planWarnings(settings).map(
    (warning): Remark => ({ severity: NOTES.has(warning.kind) ? 'note' : 'problem', ...warning }),
  )
  const calls = await lintCalls(
    settings,
    reading,
    allEntries(settings).map(({ entry }) => entry),
  )
  const tokens = settings.oauth2Server === null ? [] : await lintTokenActions(settings.oauth2Server, reading)
  return [...plan, ...calls, ...tokens]
}

/** The same for the lists of an OAuth2 server. */
export const lintTokenActions = (
  { tokens, clients }: Pick<OAuth2Settings, 'tokens' | 'clients'>,
  reading: Reading,
): Promise<readonly Remark[]> => lintCalls({ clients }, reading, [...tokens.before, ...tokens.after])

type Reach = Pick<Settings, 'clients'>

async function lintCalls(reach: Reach, reading: Reading, entries: readonly HookEntry[]): Promise<readonly Remark[]> {
  const hooks = entries.filter((entry) => entry.hook === 'web_hook' && !isOff(entry))
  return (await Promise.all(hooks.map((entry) => lintCall(reach, reading, entry)))).flat()
}

async function lintCall(reach: Reach, reading: Reading, entry: HookEntry): Promise<readonly Remark[]> {
  const config = entry.config ?? {}
  const said = [...lintUrl(reach, config), ...lintHeaders(config), ...(await lintBody(reading, config))]
  return said.map(([key, kind, text]) => ({ severity: 'problem', kind, where: `${entry.where}.config.${key}`, text }))
}

/** The key, the kind of problem, and the words. */
type Said = readonly [string, string, string]

function lintUrl({ clients }: Reach, { url }: JsonObject): readonly Said[] {
  const [address = ''] = typeof url === 'string' ? url.split('${', 1) : []
  const parsed = URL.parse(address)
  if (parsed === null) return []
  const said: Said[] = []
  if (parsed.username !== '' || parsed.password !== '') {
    said.push(['url', 'credentials_in_url', 'holds credentials, which logs of others may show: use auth'])
  }
  const kind = classifyAddress(parsed.hostname)
  const isRefused = kind === 'private' && clients.privateAddresses === 'refused'
  if (kind === 'metadata' || kind === 'special') {
    said.push(['url', 'target_not_allowed', 'this address is never reachable from actions'])
  } else if (isRefused && clients.privateAddressExceptions.length === 0) {
    said.push([
      'url',
      'target_not_allowed',
      'private addresses are refused: list the URL in clients.http.private_ip_exception_urls',
    ])
  }
  return said
}

const OURS = /^(?:webhook-|ory-webhook-|traceparent$)/

function lintHeaders({ headers }: JsonObject): readonly Said[] {
  if (!isJsonObject(headers)) return []
  return Object.keys(headers).flatMap((header): readonly Said[] => {
    const name = header.toLowerCase()
    const reason = NOT_SENT.has(name)
      ? 'belongs to the connection and is not sent'
      : OURS.test(name)
        ? 'is written by Cardea and overwritten'
        : null
    return reason === null ? [] : [[`headers.${header}`, 'header_not_allowed', reason]]
  })
}

const TEMPLATE_PROBLEMS: readonly (readonly [RegExp, string, string])[] = [
  [/function has no parameter ctx/, 'template_no_ctx', 'must be a function with the parameter ctx'],
  [/import not available/, 'template_import_disabled', 'imports something, which templates may not'],
  [/Undefined external variable/, 'template_extvar_disabled', 'uses std.extVar, and there are no external variables'],
]

async function lintBody(reading: Reading, { method, body, headers }: JsonObject): Promise<readonly Said[]> {
  if (typeof body !== 'string' || body === '' || body === 'none' || method === 'TRACE') return []
  const type = contentTypeOf(headers)
  const said: readonly Said[] =
    encodingOf(type) === null
      ? [['headers', 'content_type_not_known', `no body can be written as ${JSON.stringify(type)}`]]
      : []
  try {
    const program = compile(await readResource(reading, body), { filename: 'body' })
    program.evaluate({ tla: { ctx: { value: {} } }, natives: FUNCTIONS })
    return said
  } catch (error) {
    return [...said, ...templateProblem(error)]
  }
}

function contentTypeOf(headers: JsonObject[string] | undefined): string {
  const all = isJsonObject(headers) ? Object.entries(headers) : []
  const [, type] = all.find(([name]) => name.toLowerCase() === 'content-type') ?? []
  return typeof type === 'string' ? type : 'application/json'
}

/** Without a real `ctx` most templates fail somewhere; only what would fail with any counts. */
function templateProblem(error: unknown): readonly Said[] {
  if (!(error instanceof JsonnetError)) return [['body', 'template_unreadable', `cannot be read: ${reasonOf(error)}`]]
  if (error.kind === 'static') return [['body', 'template_syntax', error.message.trim()]]
  if (error.kind === 'limit') return [['body', 'template_too_expensive', error.message.trim()]]
  const known = TEMPLATE_PROBLEMS.find(([pattern]) => pattern.test(error.message))
  return known === undefined ? [] : [['body', known[1], known[2]]]
}
