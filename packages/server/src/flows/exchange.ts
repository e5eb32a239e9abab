import { createHash } from 'node:crypto'
import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import { flowId, isUuid, type SessionId, sessionId, type TokenHash, tokenHash } from '../core/ids.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { isLive, type Session } from '../core/session.ts'
import type { Caller, FlowDeps, StartRequest } from './define.ts'

/**
 * A native app sends somebody's browser to a provider and gets the session that comes of it for two codes: its own, and
 * the one that the browser brings back to it (ory-identity-api.md §7.3). Only their hashes are kept.
 */
const EXCHANGE = 'exchange'

export const wantsExchange = ({ name, type, query }: StartRequest) =>
  type === 'api' && (name === 'login' || name === 'registration') && query.return_session_token_exchange_code === 'true'

const hashOf = (code: string) => createHash('sha256').update(code).digest('hex')

const secretOf = ({ random }: Pick<FlowDeps, 'random'>) => Buffer.from(random.bytes(32)).toString('base64url')

type Coded = { readonly flow: Flow; readonly code: string }

/** The app's own code. It says which flow it is for, so that it can be found again. */
export function awaitSession(deps: Pick<FlowDeps, 'random'>, flow: Flow): Coded {
  const code = `${flow.id.replaceAll('-', '')}${secretOf(deps)}`
  return { code, flow: { ...flow, memory: { ...flow.memory, [EXCHANGE]: { init: hashOf(code) } } } }
}

const exchangeOf = ({ memory }: Flow): JsonObject | null => {
  const exchange = memory[EXCHANGE]
  return isJsonObject(exchange) ? exchange : null
}

/** Whether an app waits for what its browser brings back. */
export const isAwaited = (flow: Flow) => exchangeOf(flow) !== null

/** What an app waits for goes along into the flow in which its sign-in goes on. */
export const carried = <F extends Flow>(flow: Flow, next: F): F => {
  const exchange = exchangeOf(flow)
  return exchange === null ? next : { ...next, memory: { ...next.memory, [EXCHANGE]: exchange } }
}

/** The flow an app knows says where to look. */
export const goingOn = <F extends Flow>(flow: F, next: Flow['id']): F => {
  const exchange = exchangeOf(flow)
  return exchange === null ? flow : { ...flow, memory: { ...flow.memory, [EXCHANGE]: { ...exchange, next } } }
}

type Issued = { readonly sessionId: SessionId; readonly tokenHash: TokenHash }

/** The code a browser brings back to its app; null where no app waits, or it is the app itself that asks. */
export function awaitedByApp<F extends Flow>(
  deps: Pick<FlowDeps, 'random'>,
  flow: F,
  { client }: Pick<Caller, 'client'>,
  issued: Issued | null,
): { readonly flow: F; readonly code: string } | null {
  const exchange = exchangeOf(flow)
  if (exchange === null || client === 'api') return null
  const code = secretOf(deps)
  const session = issued === null ? {} : { session: issued.sessionId, token: issued.tokenHash }
  const awaited = { init: exchange.init ?? '', back: hashOf(code), ...session }
  return { code, flow: { ...flow, memory: { ...flow.memory, [EXCHANGE]: awaited } } }
}

/** The sign-in has not worked out: the app is told so by its flow, for the same two codes. */
export async function tellApp(deps: FlowDeps, id: Flow['id'], caller: Caller): Promise<string | null> {
  const flow = await deps.store.flows.find(id)
  if (flow === null || flow.completed) return null
  const told = awaitedByApp(deps, flow, caller, null)
  if (told === null) return null
  const commit = await deps.store.commit([{ kind: 'keepFlow', flow: told.flow }])
  return commit.kind === 'committed' ? told.code : null
}

/** Leaves something in a flow for the app that owns it. */
export async function leaveInFlow(deps: Pick<FlowDeps, 'store'>, flow: Flow): Promise<void> {
  const commit = await deps.store.commit([{ kind: 'keepFlow', flow }])
  if (commit.kind === 'conflict') {
    throw new WireError(409, 'The same was changed by others at the same time. Please try again.')
  }
}

export type Exchanged =
  | { readonly kind: 'session'; readonly session: Session; readonly token: string }
  | { readonly kind: 'unfinished'; readonly flow: Flow }

const notYet = () => new WireError(404, null, { reason: 'no session yet for this "code"' })

/** Two codes for a session, once. */
export async function exchangeCodes(deps: FlowDeps, initCode: string, returnCode: string): Promise<Exchanged> {
  const flow = await flowOf(deps, initCode)
  const exchange = flow === null ? null : exchangeOf(flow)
  if (flow === null || exchange === null) throw notYet()
  const { init, back, session: id, token: held } = exchange
  if (init !== hashOf(initCode) || back !== hashOf(returnCode)) throw notYet()
  if (typeof id !== 'string' || typeof held !== 'string') return { kind: 'unfinished', flow }

  const session = await deps.store.sessions.find(sessionId(id))
  if (session === null || !isLive(session, deps.clock.now())) throw notYet()
  const issued = deps.tokens.issue()
  const commit = await deps.store.commit([
    { kind: 'exchangeToken', sessionId: session.id, from: tokenHash(held), to: issued.hash, at: deps.clock.now() },
  ])
  if (commit.kind === 'conflict') throw notYet()
  return { kind: 'session', session, token: issued.token }
}

/** A sign-in that becomes a sign-up, and that a sign-in again. */
const MOST_FLOWS = 3

async function flowOf({ store }: FlowDeps, code: string): Promise<Flow | null> {
  const id = code.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  let flow = isUuid(id) ? await store.flows.find(flowId(id)) : null
  for (let hop = 0; hop < MOST_FLOWS && flow !== null; hop++) {
    const next = exchangeOf(flow)?.next
    if (typeof next !== 'string') return flow
    flow = await store.flows.find(flowId(next))
  }
  return flow
}
