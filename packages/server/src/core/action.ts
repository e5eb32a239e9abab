import type { ChainPoint, Follow } from './chain.ts'
import type { Credentials } from './credentials.ts'
import type { Decision } from './decision.ts'
import type { Delivery, RenderedCall } from './delivery.ts'
import type { Flow } from './flow.ts'
import type { Identity, VerifiableAddress } from './identity.ts'
import type { ActionId, FlowId } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { RequestFacts } from './request.ts'
import type { Session } from './session.ts'
import type { Milliseconds, Time } from './time.ts'
import type { EventTrigger, FlowTrigger } from './trigger.ts'
import type { Upstream } from './upstream.ts'

/** What every action is told: the moment, the flow and the request that brought it about. */
export type BeforeContext = {
  readonly trigger: FlowTrigger
  readonly flow: Flow
  readonly request: RequestFacts
  /** Whoever is already signed in. */
  readonly session: Session | null
}

/** After a method has succeeded there is a person; after a login there is the session about to be issued. */
export type AfterContext = BeforeContext & {
  readonly identity: Identity
  /** Who it was before this change of settings. */
  readonly previous?: Identity
  /** What a provider said of them, where one was asked. */
  readonly upstream?: Upstream
  /** After a login: whether it is their first one ever. */
  readonly isFirstLogin?: boolean
}

/** What an action is told of an event: whom it is about, and what of them is different. */
export type EventContext = {
  readonly trigger: EventTrigger
  readonly identity: Identity
  /** Of an update: who it was before, and what has changed, as pointers into the identity. */
  readonly previous?: Identity
  readonly changed?: readonly string[]
  /** The address that is verified now. */
  readonly address?: VerifiableAddress
  /** The session that is revoked now, as it was. */
  readonly session?: Session
  /** The flow that caused it, where one did. */
  readonly flowId: FlowId | null
  /** The request that caused it. */
  readonly request: RequestFacts | null
}

/** Until when it has to decide is told on the stopwatch. */
export type Decides<Context> = (
  context: Context,
  deadline: Milliseconds,
  occasion: Occasion,
) => Decision | Promise<Decision>

/** What the calls of one trigger have in common, and whose this one is. `where` is the action's path in the configuration. */
export type Occasion = { readonly eventId: string; readonly actionId: ActionId; readonly where: string }

/** Makes the delivery of a queued call; null if there is nothing to tell. It runs after all gates, so it sees every amendment. */
export type Renders = (
  context: BeforeContext | AfterContext | EventContext,
  occasion: Occasion,
) => Delivery | null | Promise<Delivery | null>

/** What is made of what a template sees: a call, or why there is none. */
export type Rehearsal =
  | { readonly kind: 'call'; readonly call: RenderedCall; readonly chain?: ChainPoint }
  /** `when` is false. */
  | { readonly kind: 'skipped' }
  /** The body's template wants no call. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly detail: string }

/** Renders the call of an action from what its templates see, perhaps with another template of its body. Nothing is sent. */
export type Rehearses = {
  readonly timeout: Milliseconds
  readonly emitHeaders: boolean
  readonly render: (seen: JsonObject, template?: string) => Promise<Rehearsal>
}

/** What an attempt is signed with: headers for its delivery, its moment and its body. */
export type Sign = (deliveryId: string, at: Time, body: string) => { readonly [header: string]: string }

/** What becomes of the person when a blocking call gives no decision. */
export type OnFailure = 'deny' | 'continue' | 'queue'

/** What a delivery needs at the moment it is sent and what must not lie in the database. */
export type Sending = {
  readonly secretHeaders: { readonly [name: string]: string }
  /** What `${secrets.NAME}` in an address or a header stands for. */
  readonly secrets?: { readonly [name: string]: string }
  readonly sign?: Sign
  readonly credentials?: Credentials
  /** Scheme, host, port and path, as the log of actions shows where a call went. */
  readonly endpoint?: string
  /** The action's path in the configuration. */
  readonly where?: string
  /** How often an awaited delivery is tried while somebody waits. */
  readonly attempts: number
  /** For calls somebody waits for: takes a place and returns how to leave it; null where none is left. */
  readonly enter?: () => (() => void) | null
  /** What an answer that comes later refuses, in its own words; null where it refuses nothing. */
  readonly refusalIn?: (status: number, body: string) => string | null
  /** Of an awaited delivery, where it has a rule of its own. */
  readonly onFailure?: OnFailure
  /** Of queued deliveries, where it differs from the default. */
  readonly retry?: Partial<RetryPolicy>
  /** What its receiver can take. */
  readonly limits?: EndpointLimits
  /** Of a recipe: what an answer means, and what comes next. */
  readonly follow?: Follow
}

/** How a queued delivery is tried again. */
export type RetryPolicy = {
  /** How often it is tried at most. */
  readonly attempts: number
  /** No attempt begins later than this after the first. */
  readonly horizon: Milliseconds
  /** The longest first wait, which doubles with every attempt, and the longest of all. */
  readonly min: Milliseconds
  readonly max: Milliseconds
}

/** Where actions share an endpoint, the strictest counts. */
export type EndpointLimits = {
  /** Deliveries under way at once, on all nodes together. */
  readonly concurrency?: number
  /** Deliveries begun in a second, on all nodes together. */
  readonly rate?: number
}

/** An action whose configuration has been read: all that is left is to run it. What it cannot do it does not have. */
export type Action = {
  /** Asked when a flow starts. */
  readonly before?: Decides<BeforeContext>
  /** Asked when a method has succeeded, before anything is stored. */
  readonly after?: Decides<AfterContext>
  /** It may refuse or change what is to be stored; where that was decided earlier, it is not asked again. */
  readonly isGate?: true
  /** Told once the change is stored. */
  readonly render?: Renders
  /** Told and awaited: the answer waits for its delivery (registration and settings, ory-actions.md §4.1). */
  readonly awaited?: true
  readonly sending?: Sending
  /** How it can be tried without being run. */
  readonly rehearses?: Rehearses
}

/** An action in its place. `where` is its path in the configuration, for every message about it. */
export type PlannedAction = {
  readonly id: ActionId
  readonly kind: string
  readonly where: string
  readonly action: Action
}
