import { readFile } from 'node:fs/promises'
import { follow } from '../../src/actions/recipe/chain.ts'
import { type Connection, readConnection } from '../../src/actions/recipe/connection.ts'
import type { RecipeTrigger } from '../../src/actions/recipe/schema.ts'
import { type Started, startDelivery } from '../../src/actions/recipe/start-delivery.ts'
import { templateContext } from '../../src/actions/template/template-context.ts'
import { readRecipes } from '../../src/config/recipes.ts'
import type { AfterContext } from '../../src/core/action.ts'
import type { ChainPoint, Followed } from '../../src/core/chain.ts'
import type { RenderedCall } from '../../src/core/delivery.ts'
import { fillSecrets } from '../../src/core/fill-secrets.ts'
import type { Identity } from '../../src/core/identity.ts'
import { deliveryId, flowId, identityId } from '../../src/core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { judge } from '../../src/outbox/judge.ts'
import { actionWorld, ann, afterLogin, afterRegistration, request, session } from '../action-world.ts'

const here = new URL('../contracts/', import.meta.url)

/** A file of contracts. */
export async function contract(name: string): Promise<JsonObject> {
  const value: Json = JSON.parse(await readFile(new URL(`${name}.json`, here), 'utf8'))
  return isJsonObject(value) ? value : {}
}

const isList = (value: unknown): value is readonly Json[] => Array.isArray(value)
export const objectAt = (value: unknown, key: string): JsonObject => {
  const inner = isJsonObject(value) ? value[key] : undefined
  return inner !== undefined && isJsonObject(inner) ? inner : {}
}
export const listAt = (value: unknown, key: string): readonly JsonObject[] => {
  const inner = isJsonObject(value) ? value[key] : undefined
  return isList(inner) ? inner.filter(isJsonObject) : []
}
export const textAt = (value: unknown, key: string): string => {
  const inner = isJsonObject(value) ? value[key] : undefined
  return typeof inner === 'string' ? inner : ''
}

/** The recording with an id. */
export function recording(file: JsonObject, id: string): JsonObject {
  const found = listAt(file, 'recordings').find((each) => each.id === id)
  if (found === undefined) throw new Error(`no recording ${id}`)
  return found
}

const { ctx } = await contract('fixture')
const fixture = isJsonObject(ctx) ? ctx : {}
const at = Date.parse(textAt(objectAt(fixture, 'delivery'), 'occurred_at'))
export const DELIVERY = deliveryId(textAt(objectAt(fixture, 'delivery'), 'id'))

/** Whom all recordings are about. */
export const ada: Identity = {
  ...ann,
  id: identityId(textAt(objectAt(fixture, 'identity'), 'id')),
  traits: objectAt(objectAt(fixture, 'identity'), 'traits'),
  metadataPublic: { plan: 'free' },
  metadataAdmin: null,
  createdAt: at,
  updatedAt: at,
}

type Event = {
  readonly trigger?: RecipeTrigger
  readonly identity?: Partial<Identity>
  readonly previous?: Partial<Identity>
  readonly method?: 'password' | 'oidc' | 'code'
  readonly transient?: JsonObject
  readonly provider?: string
}

const FLOWS = ['registration', 'login', 'verification', 'settings', 'recovery'] as const

/** The event of the fixture, or one like it, as an action is told of it. */
export function eventOf({
  trigger = 'registration',
  identity,
  previous,
  method = 'password',
  transient,
  provider,
}: Event) {
  const who = { ...ada, ...identity }
  const flowName = FLOWS.find((name) => name === trigger) ?? 'settings'
  const flow = {
    ...(flowName === 'login' ? afterLogin.flow : afterRegistration.flow),
    id: flowId(textAt(objectAt(fixture, 'flow'), 'id')),
    type: 'browser' as const,
    transientPayload: transient ?? { ga_client_id: textAt(objectAt(fixture, 'client'), 'ga_client_id') },
  }
  const context: AfterContext = {
    trigger: { phase: 'after', flow: flowName, method },
    flow,
    request: {
      ...request,
      clientIp: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
      headers: { 'User-Agent': ['Mozilla/5.0'] },
    },
    session: flowName === 'login' ? { ...session, identity: who } : null,
    identity: who,
    ...(previous === undefined ? {} : { previous: { ...ada, ...previous } }),
    ...(provider === undefined ? {} : { upstream: { provider, claims: {}, acr: null, amr: [] } }),
  }
  return { trigger, context }
}

const { settings } = actionWorld()

const recipes = await readRecipes({ readFile: (path) => readFile(path, 'utf8') }, [])
if (recipes.problems.length > 0) throw new Error(JSON.stringify(recipes.problems, null, 2))

/** They happen with triggers of flows, so a connection has either. */
const INCLUDED = new Set<string>(['identity.created', 'identity.updated', 'address.verified'])

type Choice = {
  readonly secrets?: { readonly [name: string]: string }
  readonly params?: JsonObject
  readonly on?: readonly string[]
  readonly baseUrl?: string
}

/** A connection of a recipe that comes with Cardea. */
export function connect(name: string, { secrets = {}, params = {}, on, baseUrl }: Choice): Connection {
  const recipe = recipes.recipes.get(name)
  if (recipe === undefined) throw new Error(`no recipe ${name}`)
  const read = readConnection(recipe, {
    name,
    secrets,
    params,
    on: on ?? [...recipe.triggers.keys()].filter((name) => !INCLUDED.has(name)),
    baseUrl: baseUrl ?? null,
    when: null,
  })
  if (read.kind === 'wrong') throw new Error(JSON.stringify(read.problems))
  return read.connection
}

/** What a connection makes of an event at first. */
export function start(connection: Connection, event: Event = {}): Started {
  const { trigger, context } = eventOf(event)
  const seen = templateContext({ settings, deliveryId: DELIVERY, at }, context)
  return startDelivery(connection, { trigger, id: DELIVERY, at, seen, identity: context.identity })
}

export type Served = {
  readonly status: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: Json
}

/** What an answer means for a call. */
export function answered(
  connection: Connection,
  chain: ChainPoint,
  { status, headers = {}, body = null }: Served,
): Followed {
  const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const judged = judge({ kind: 'answered', status, headers, body: Buffer.from(text) }, at)
  return follow(
    connection,
    chain,
    { kind: 'answered', status, headers, text },
    {
      kind: judged.kind,
      reason: judged.kind === 'delivered' ? '' : judged.reason,
      asked: judged.kind === 'retry' ? judged.asked : null,
    },
  )
}

/** A whole chain: what was sent, each answer in turn, and how it ended. */
export function run(connection: Connection, event: Event, answers: readonly Served[]) {
  const started = start(connection, event)
  const calls: RenderedCall[] = []
  const writes: Followed[] = []
  if (started.kind !== 'call') return { started, calls, writes, end: null }
  let { call, chain } = started
  calls.push(call)
  for (const answer of answers) {
    const next = answered(connection, chain, answer)
    if ('writeBack' in next && next.writeBack !== null) writes.push(next)
    if (next.kind !== 'next') return { started, calls, writes, end: next }
    ;({ call } = next)
    chain = { ...chain, step: next.step, steps: next.steps }
    calls.push(call)
  }
  return { started, calls, writes, end: null }
}

/** A call as the vendor sees it, its secrets by their names in braces as recordings have them. */
export function wire(connection: Connection, call: RenderedCall) {
  const names = Object.fromEntries(
    Object.keys(connection.secrets).map((name) => [name, connection.secrets[name] ?? '']),
  )
  const filled = fillSecrets(call, names)
  if (filled === null) throw new Error('a secret is missing')
  const url = new URL(filled.url)
  const headers = { ...filled.headers, ...connection.secretHeaders }
  const { authorization = '' } = headers
  const [scheme = '', credential = ''] = authorization.split(' ', 2)
  const pair = scheme === 'Basic' ? Buffer.from(credential, 'base64').toString() : ''
  const [username = ''] = pair.split(':', 1)
  const password = pair.includes(':') ? pair.slice(username.length + 1) : null
  return {
    method: call.method,
    origin: url.origin,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
    auth:
      scheme === 'Bearer'
        ? { scheme: 'bearer', token: credential }
        : scheme === 'Basic'
          ? { scheme: 'basic', username, password }
          : undefined,
    text: filled.body,
    pairs: [...new URLSearchParams(filled.body ?? '')],
    json: parsed(filled.body),
  }
}

export type Wire = ReturnType<typeof wire>

function parsed(text: string | null): Json {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** What a contract says that an answer means, without its explanation; where a 2xx is a failure it says so. */
export function statedOutcome(response: JsonObject): string {
  const text = textAt(response, 'outcome')
  const [, afterwards] = /^failure although (?:200|2xx): (drop\+alert|drop)/.exec(text) ?? []
  return afterwards ?? /^(?:success|retry|drop\+alert|drop|pause-connection)/.exec(text)?.[0] ?? text
}

/** As contracts name what an answer means. */
export function outcomeOf(followed: Followed): string {
  switch (followed.kind) {
    case 'done':
    case 'next':
      return 'success'
    case 'retry':
      return 'retry'
    case 'dead':
      return followed.isAlert ? 'drop+alert' : 'drop'
    case 'paused':
      return 'pause-connection'
    default:
      return followed satisfies never
  }
}

/** A whole chain against a vendor of our own: it answers whatever it is sent. */
export function drive(connection: Connection, event: Event, vendor: (call: Wire) => Served) {
  const sent: Wire[] = []
  const writes: Followed[] = []
  const started = start(connection, event)
  if (started.kind !== 'call') return { started, sent, writes, end: null }
  let { call, chain } = started
  for (;;) {
    const seen = wire(connection, call)
    sent.push(seen)
    const next = answered(connection, chain, vendor(seen))
    if ('writeBack' in next && next.writeBack !== null) writes.push(next)
    if (next.kind !== 'next') return { started, sent, writes, end: next }
    ;({ call } = next)
    chain = { ...chain, step: next.step, steps: next.steps }
  }
}

/** An answer of a contract, as it would be served. */
export const servedOf = (response: JsonObject): Served => ({
  status: typeof response.status === 'number' ? response.status : 0,
  body: response.body ?? null,
  headers: Object.fromEntries(
    Object.entries(objectAt(response, 'headers')).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : '',
    ]),
  ),
})

/** The only call of a recipe about an event. */
export function firstCall(connection: Connection, event: Event = {}): Wire {
  const started = start(connection, event)
  if (started.kind !== 'call') throw new Error(`no call: ${JSON.stringify(started)}`)
  return wire(connection, started.call)
}

/** What breaks naive encoders: texts for a trait. */
export const HOSTILE: readonly string[] = [
  'UPPER lower',
  'a+b c%20d',
  'Zoë Söhne',
  "O'Neil",
  'R&D = a&b=c;d',
  '🦊👩‍👩‍👧 emoji',
  '${secrets.api_key}',
  '"quoted" \\ back',
  'line\nbreak\ttab',
  '../../etc/passwd?x=1#y',
  '<script>&amp;',
  'x'.repeat(10_000),
]
