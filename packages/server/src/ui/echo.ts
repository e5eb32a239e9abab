import { isJsonObject, type Json } from '../core/json.ts'
import type { Clock, Time } from '../core/time.ts'
import type { Exchange } from '../http/exchange.ts'

/** A call that the echo receiver got, without its secrets. */
export type EchoCall = {
  readonly id: number
  readonly at: Time
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: { readonly [name: string]: readonly string[] }
  readonly body: string
  /** Bytes that arrived, also where `body` holds only the first of them. */
  readonly size: number
  readonly isCut: boolean
  readonly answered: number
}

/** What the echo receiver remembers: the newest calls, in memory, for as long as the process lives. */
export type Echo = {
  record(exchange: Exchange, answered: number): void
  /** Newest first. */
  calls(): readonly EchoCall[]
  clear(): void
}

const MOST_CALLS = 200
const LARGEST_BODY = 64 * 1024

export function createEcho({ clock }: { readonly clock: Clock }): Echo {
  let calls: readonly EchoCall[] = []
  let last = 0
  return {
    record: (exchange, answered) => {
      last += 1
      calls = [{ id: last, at: clock.now(), answered, ...seen(exchange) }, ...calls].slice(0, MOST_CALLS)
    },
    calls: () => calls,
    clear: () => {
      calls = []
    },
  }
}

const seen = ({ facts, path, query, body }: Exchange) => ({
  method: facts.method,
  path: query.size === 0 ? path : `${path}?${query.toString()}`,
  headers: Object.fromEntries(Object.entries(facts.headers).map(([name, values]) => [name, redacted(name, values)])),
  body: body.subarray(0, LARGEST_BODY).toString(),
  size: body.length,
  isCut: body.length > LARGEST_BODY,
})

/** An API key may have any name (`web_hook` lets operators choose), so whatever sounds like a secret is one. */
const SECRET = /authorization|cookie|api-?key|token|secret|password|signature/i

const redacted = (name: string, values: readonly string[]) => (SECRET.test(name) ? values.map(() => '•••') : values)

/** What a call was about, as far as its body tells: templates choose what they send, and under which names. */
export type About = {
  readonly trigger: string | null
  readonly flow: string | null
  readonly identity: string | null
}

export function aboutCall({ body }: Pick<EchoCall, 'body'>): About {
  const sent = parseJson(body)
  if (!isJsonObject(sent)) return { trigger: null, flow: null, identity: null }
  const ctx = isJsonObject(sent.ctx) ? sent.ctx : sent
  const { flow, identity, trigger } = ctx
  const traits = isJsonObject(identity) && isJsonObject(identity.traits) ? identity.traits : {}
  return {
    trigger: isJsonObject(trigger)
      ? [trigger.flow, trigger.phase, trigger.method].flatMap(word).join('.') || null
      : first(trigger, ctx.event, ctx.hook),
    flow: first(flow, isJsonObject(flow) ? flow.id : undefined, ctx.flow_id, ctx.flowId),
    identity: first(
      traits.email,
      traits.username,
      identity,
      ctx.email,
      isJsonObject(identity) ? identity.email : undefined,
      isJsonObject(identity) ? identity.id : undefined,
      ctx.identity_id,
      ctx.identityId,
      ctx.user_id,
      ctx.userId,
    ),
  }
}

/** The body as JSON; undefined where it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

const word = (value: Json | undefined) => (typeof value === 'string' && value !== '' ? [value] : [])

const first = (...values: readonly (Json | undefined)[]) => values.flatMap(word)[0] ?? null
