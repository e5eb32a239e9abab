import { createHash } from 'node:crypto'
import type { Flow } from '../../core/flow.ts'
import { flowId, type FlowId, isUuid } from '../../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Milliseconds, Time } from '../../core/time.ts'
import { FLOWS, type FlowName } from '../../core/trigger.ts'
import type { UpstreamPerson } from '../../core/upstream.ts'
import type { Seal } from '../../crypto/seal.ts'
import { memoryOf, remembering } from '../../flows/memory.ts'

/** A browser's way to a provider and back: what has to be known when it returns. It lies sealed in its flow. */
export type RoundTrip = {
  readonly id: string
  readonly provider: string
  readonly verifier: string | null
  readonly nonce: string | null
  /** What the browser holds, hashed. */
  readonly ticketHash: string
  readonly traits: JsonObject
  readonly transientPayload: JsonObject
  readonly startedAt: Time
}

/** What `state` says: to which trip of which flow an answer belongs. */
export type Arriving = { readonly flow: FlowName; readonly id: FlowId; readonly trip: string }

/** As long as Ory waits (ory-identity-api.md §7.3). */
const LIFESPAN: Milliseconds = 30 * 60 * 1000
/** Tabs that are on their way at once. */
const MOST = 4

export const ticketHash = (ticket: string) => createHash('sha256').update(ticket).digest('hex')

export const sealState = (seal: Seal, flow: Flow, trip: string) => seal.seal(JSON.stringify([flow.name, flow.id, trip]))

export function openState(seal: Seal, state: string): Arriving | null {
  const opened = seal.open(state)
  const parts: Json = opened === null ? null : JSON.parse(opened)
  const [name, id, trip] = isList(parts) ? parts : []
  const flow = FLOWS.find((each) => each === name)
  if (flow === undefined || typeof id !== 'string' || !isUuid(id) || typeof trip !== 'string') return null
  return { flow, id: flowId(id), trip }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** The flow with one more trip; those of other tabs stay. */
export function withTrip<F extends Flow>(seal: Seal, flow: F, trip: RoundTrip): F {
  const others = tripsIn(flow).slice(1 - MOST)
  return remembering(flow, 'oidc', { trips: [...others, seal.seal(JSON.stringify(trip))] })
}

function tripsIn(flow: Flow): readonly string[] {
  const { trips = [] } = memoryOf(flow, 'oidc')
  return (isList(trips) ? trips : []).filter((each) => typeof each === 'string')
}

/** The trip an answer belongs to; null if it is none of this flow's, or took too long. */
export function tripOf(seal: Seal, flow: Flow, id: string, at: Time): RoundTrip | null {
  const found = tripsIn(flow)
    .map((sealed) => readTrip(seal.open(sealed)))
    .find((trip) => trip?.id === id)
  return found !== undefined && found !== null && found.startedAt + LIFESPAN > at ? found : null
}

function readTrip(opened: string | null): RoundTrip | null {
  const trip: Json = opened === null ? null : JSON.parse(opened)
  if (!isJsonObject(trip)) return null
  const { id, provider, verifier = null, nonce = null, ticketHash: hash, traits, transientPayload, startedAt } = trip
  if (typeof id !== 'string' || typeof provider !== 'string' || typeof hash !== 'string') return null
  if (!isTextOrNull(verifier) || !isTextOrNull(nonce) || typeof startedAt !== 'number') return null
  if (!isJsonObject(traits) || !isJsonObject(transientPayload)) return null
  return { id, provider, verifier, nonce, ticketHash: hash, traits, transientPayload, startedAt }
}

/** The flow with somebody kept in it until their app says, with the code, that it was its own browser that came back. */
export function awaitingApp<F extends Flow>(seal: Seal, flow: F, person: UpstreamPerson, code: string): F {
  const back = { hash: ticketHash(code), person: seal.seal(JSON.stringify(person)) }
  return remembering(flow, 'oidc', { ...memoryOf(flow, 'oidc'), back })
}

/** Who has come back with this code; null if nobody has. */
export function broughtBack(seal: Seal, flow: Flow, code: string): UpstreamPerson | null {
  const { back } = memoryOf(flow, 'oidc')
  if (!isJsonObject(back) || back.hash !== ticketHash(code) || typeof back.person !== 'string') return null
  const opened = seal.open(back.person)
  const person: Json = opened === null ? null : JSON.parse(opened)
  return isPerson(person) ? person : null
}

const isPerson = (person: unknown): person is UpstreamPerson =>
  isJsonObject(person) && typeof person.subject === 'string'

const isTextOrNull = (value: Json): value is string | null => value === null || typeof value === 'string'
