import type { AfterContext, BeforeContext, PlannedAction } from '../core/action.ts'
import type { Delivery } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import type { Identity, IdentityWithCredentials } from '../core/identity.ts'
import type { TokenHash } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { ActionPlan } from '../core/plan.ts'
import type { ClientKind, RequestFacts } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Random } from '../core/time.ts'
import type { FieldMessage, UiNode } from '../core/ui.ts'
import type { Methods } from '../methods/registry.ts'
import type { Store } from '../store/store.ts'

/** Everything the flows touch, for one configuration. A request keeps the one it started with. */
export type FlowDeps = {
  readonly settings: Settings
  readonly plan: ActionPlan
  readonly clock: Clock
  readonly random: Random
  readonly store: Pick<Store, 'commit' | 'flows' | 'identities'>
  readonly methods: Methods
  readonly csrf: Csrf
  readonly tokens: { issue(): { readonly token: string; readonly hash: TokenHash } }
  readonly traits: TraitForms
  readonly ask: (actions: readonly PlannedAction[], context: BeforeContext | AfterContext) => Promise<Verdict>
  /** Makes the call of a told-and-awaited action; throws NeighbourError where its failure fails the answer. */
  readonly deliver: (delivery: Delivery) => Promise<void>
  /** Tells the outbox that there is something to send. */
  readonly wake: () => void
}

export type Csrf = {
  /** A fresh one-time form of the cookie's secret. */
  mask(cookie: string): string
  matches(token: string, cookie: string): boolean
}

/** What the identity schemas say about forms. Null stands for the default schema. */
export type TraitForms = {
  nodes(schemaId: string | null): readonly UiNode[]
  /** Dotted keys and form texts, typed by the schema (ory-identity-api.md §1.6). */
  coerce(schemaId: string | null, fields: JsonObject, encoding: 'json' | 'form'): JsonObject
  validate(schemaId: string | null, traits: JsonObject): readonly FieldMessage[]
  isSelectable(schemaId: string): 'yes' | 'no' | 'unknown'
}

/** What the actions of a trigger, asked together, came to. */
export type Verdict =
  | {
      readonly kind: 'proceed'
      /** The person with every amendment, where there is one. */
      readonly identity: Identity | null
      readonly effects: readonly Effect[]
      /** Deliveries the answer waits for; they are among the effects as well. */
      readonly awaited: readonly Delivery[]
    }
  | { readonly kind: 'deny'; readonly messages: readonly FieldMessage[] }
  | { readonly kind: 'divert'; readonly effects: readonly Effect[] }

/** Who asks, and what they already have. */
export type Caller = {
  readonly client: ClientKind
  readonly request: RequestFacts
  readonly session: Session | null
  /** The secret of the anti-CSRF cookie. Browsers always have one by now; native clients never. */
  readonly csrfCookie: string | null
}

/** A submitted body: its fields, or why it could not be read. */
export type Body =
  | { readonly kind: 'fields'; readonly fields: JsonObject; readonly encoding: 'json' | 'form' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** What a submission came to. */
export type Outcome =
  | { readonly kind: 'kept'; readonly flow: Flow }
  | { readonly kind: 'replaced'; readonly flow: Flow; readonly expired: Flow }
  | { readonly kind: 'signed_in'; readonly flow: Flow }
  | {
      readonly kind: 'completed'
      readonly flow: Flow
      readonly identity: IdentityWithCredentials | Identity
      readonly session: Session
      /** Null where the session was only renewed, or is not handed out. */
      readonly token: string | null
      readonly handedOut: boolean
      readonly effects: readonly Effect[]
      readonly returnTo: string
    }
