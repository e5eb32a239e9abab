import type { Decision } from './decision.ts'
import type { Delivery } from './delivery.ts'
import type { Flow } from './flow.ts'
import type { Identity } from './identity.ts'
import type { ActionId } from './ids.ts'
import type { RequestFacts } from './request.ts'
import type { Session } from './session.ts'
import type { Trigger } from './trigger.ts'

/** What every action is told: the moment, the flow and the request that brought it about. */
export type BeforeContext = {
  readonly trigger: Trigger
  readonly flow: Flow
  readonly request: RequestFacts
  /** Whoever is already signed in. */
  readonly session: Session | null
}

/** After a method has succeeded there is a person; after a login there is the session about to be issued. */
export type AfterContext = BeforeContext & { readonly identity: Identity }

export type Decides<Context> = (context: Context) => Promise<Decision>

/** Makes the delivery of a queued call. It runs after all gates, so it sees every amendment. */
export type Renders = (context: BeforeContext | AfterContext) => Delivery | null | Promise<Delivery | null>

/** An action whose configuration has been read: all that is left is to run it. What it cannot do it does not have. */
export type Action = {
  /** Asked when a flow starts. */
  readonly before?: Decides<BeforeContext>
  /** Asked when a method has succeeded, before anything is stored. */
  readonly after?: Decides<AfterContext>
  /** Told once the change is stored. */
  readonly render?: Renders
  /** Told and awaited: the answer waits for its delivery (registration and settings, ory-actions.md §4.1). */
  readonly awaited?: true
}

/** An action in its place. `where` is its path in the configuration, for every message about it. */
export type PlannedAction = {
  readonly id: ActionId
  readonly kind: string
  readonly where: string
  readonly action: Action
}
