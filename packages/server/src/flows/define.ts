import type { AskOptions } from '../actions/ask.ts'
import type { AfterContext, BeforeContext, PlannedAction } from '../core/action.ts'
import type { Diversion, Wish } from '../core/decision.ts'
import type { Delivery } from '../core/delivery.ts'
import type { Effect } from '../core/effect.ts'
import type { WireError } from '../core/errors.ts'
import type { ContinueWith, Flow, OAuth2Login } from '../core/flow.ts'
import type { Identity, IdentityWithCredentials } from '../core/identity.ts'
import type { TokenHash } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { HandBack } from '../core/login-requests.ts'
import type { Message } from '../core/mail.ts'
import type { ActionPlan } from '../core/plan.ts'
import type { ClientKind, RequestFacts } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Random, Time } from '../core/time.ts'
import type { MethodName } from '../core/trigger.ts'
import type { FieldMessage, UiMessage, UiNode } from '../core/ui.ts'
import type { Passed, PendingAnswer, Returned } from '../methods/define.ts'
import type { Methods } from '../methods/registry.ts'
import type { Store } from '../store/store.ts'
import type { Counting } from './limits.ts'

/** Everything the flows touch, for one configuration. A request keeps the one it started with. */
export type FlowDeps = {
  readonly settings: Settings
  readonly plan: ActionPlan
  readonly clock: Clock
  readonly random: Random
  readonly store: Pick<Store, 'commit' | 'flows' | 'identities' | 'sessions' | 'pendingChanges' | 'budgets'>
  /** How tries are counted. */
  readonly counting: Counting
  readonly methods: Methods
  readonly csrf: Csrf
  readonly tokens: { issue(): { readonly token: string; readonly hash: TokenHash } }
  /** Keeps a submission that waits for somebody to prove who they are. */
  readonly seal: { seal(text: string): string; open(sealed: string): string | null }
  readonly traits: TraitForms
  /** Works out what follows from other traits: identifiers and addresses; or says what is wrong with them. */
  readonly retrait: Retrait
  readonly mail: (message: Message) => Promise<readonly Effect[]>
  readonly ask: (
    actions: readonly PlannedAction[],
    context: BeforeContext | AfterContext,
    options?: AskOptions,
  ) => Promise<Verdict>
  /** Makes the call of a told-and-awaited action; throws NeighbourError where its failure fails the answer. */
  readonly deliver: (delivery: Delivery) => Promise<void>
  /** Tells the OAuth2 server who signed in; returns where the browser goes on, or null if nobody waits for it any more. */
  readonly handBack: (to: HandBack) => Promise<string | null>
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
  /** The fields whose value names a person in an app or to an authenticator. */
  nameFields(purpose: Naming, schemaId: string | null): readonly string[]
  /** What the traits say a person is to be called there. */
  nameFor(purpose: Naming, schemaId: string | null, traits: JsonObject): string | null
}

/** What needs a name for a person. */
export type Naming = 'totp' | 'webauthn' | 'passkey'

export type Retrait = (
  identity: IdentityWithCredentials,
  traits: JsonObject,
) =>
  | { readonly kind: 'changed'; readonly identity: IdentityWithCredentials }
  | { readonly kind: 'invalid'; readonly messages: readonly FieldMessage[] }

/** What the actions of a trigger, asked together, came to. */
export type Verdict =
  | {
      readonly kind: 'proceed'
      /** The person with every amendment, where there is one. */
      readonly identity: Identity | null
      readonly effects: readonly (Effect | Wish)[]
      /** Deliveries the answer waits for; they are among the effects as well. */
      readonly awaited: readonly Delivery[]
    }
  | { readonly kind: 'deny'; readonly messages: readonly FieldMessage[] }
  | { readonly kind: 'divert'; readonly to: Diversion }

/** Who asks, and what they already have. */
export type Caller = {
  readonly client: ClientKind
  readonly request: RequestFacts
  readonly session: Session | null
  /** The secret of the anti-CSRF cookie. Browsers always have one by now; native clients never. */
  readonly csrfCookie: string | null
  /** The secret it gets where the answer replaces that cookie. */
  readonly nextCsrfCookie: string
}

/** A submitted body: its fields, or why it could not be read. */
export type Body =
  | { readonly kind: 'fields'; readonly fields: JsonObject; readonly encoding: 'json' | 'form' }
  | { readonly kind: 'unreadable'; readonly reason: string }

export type Submission = {
  readonly flow: Flow
  readonly caller: Caller
  readonly body: Body
  /** Parked by this browser until somebody proved who they are; it was checked when it came. */
  readonly parked?: Parked
  /** What a provider said that has sent this browser back. */
  readonly returned?: Returned
  /** Whether the flow was started by this very browser. */
  readonly isOwner: boolean
}

/** A submission that waited, and since when. */
export type Parked = { readonly fields: JsonObject; readonly since: Time }

/** What a submission came to. */
export type Outcome =
  /** The flow goes on. Browsers are led to its page, or to where else the next step is. */
  | {
      readonly kind: 'kept'
      readonly flow: Flow
      readonly answer: PendingAnswer
      readonly continueWith?: readonly ContinueWith[]
      readonly browserTo?: string
      /** The flow has become this browser's own: its anti-CSRF cookie is replaced. */
      readonly renewsCsrf?: true
      /** What the browser has to bring back. */
      readonly continuity?: string
    }
  | {
      readonly kind: 'replaced'
      readonly flow: Flow
      readonly instead: Flow
      readonly because: 'expired' | 'retried'
    }
  | { readonly kind: 'signed_in'; readonly flow: Flow }
  /** Not now: what a script is told, and where a browser goes for it. */
  | {
      readonly kind: 'sent_away'
      readonly error: WireError
      readonly browserTo: string
      /** A submission was parked: what the browser has to bring back for it. */
      readonly continuity?: string
    }
  | Completed
  | Settled
  | Recovered

/** Somebody signed in or up. */
export type Completed = {
  readonly kind: 'completed'
  readonly flow: Flow
  readonly identity: Identity
  readonly session: Session
  /** Null where the session was only renewed, or is not handed out. */
  readonly token: string | null
  readonly handedOut: boolean
  readonly continueWith: readonly ContinueWith[]
  readonly returnTo: string
  /** Where browsers go first: a verification that an action leads to. */
  readonly browserTo: string | null
  /** With this and its own code a native app fetches what its browser has got (ory-identity-api.md §7.3). */
  readonly returnCode?: string
  /** Where another factor is to be shown before anything else, if one has to be. */
  readonly stepUpTo: string | null
}

/** A change of settings was saved; the flow may be used again. */
export type Settled = {
  readonly kind: 'settled'
  readonly flow: Flow
  readonly identity: Identity
  readonly session: Session
  readonly continueWith: readonly ContinueWith[]
  readonly returnTo: string
}

/** Somebody is back in their account, with a session and mostly a settings flow to go on in. */
export type Recovered = {
  readonly kind: 'recovered'
  readonly flow: Flow
  readonly session: Session
  readonly token: string
  readonly settings: Flow | null
  readonly returnTo: string
}

/** What a flow is opened with. */
export type StartRequest = {
  readonly name: Flow['name']
  readonly type: Flow['type']
  readonly requestUrl: string
  readonly query: { readonly [name: string]: string }
  readonly caller: Caller
  /** The login an OAuth2 client waits for. */
  readonly oauth2?: OAuth2Login | undefined
}

/** A flow that may be stored; or not, because somebody is signed in already. */
export type Opening =
  | { readonly kind: 'opened'; readonly flow: Flow; readonly effects?: readonly Effect[] }
  /** The actions before it are asked all the same (ory-actions.md §2.3). */
  | { readonly kind: 'opened_unless_signed_in'; readonly flow: Flow }
  | { readonly kind: 'signed_in' }

/** What is to be said of a method's success: everything one flow needs to complete. */
export type Passing = {
  readonly attempt: Passed
  readonly method: MethodName
  readonly transientPayload: JsonObject
  readonly caller: Caller
  readonly person: IdentityWithCredentials | null
  readonly parked: Parked | null
  readonly at: Time
}

/** How a flow ends: all that is to be committed and what is then told, or why it does not end. */
export type Closing =
  | {
      readonly kind: 'closed'
      readonly effects: readonly Effect[]
      readonly awaited: readonly Delivery[]
      readonly outcome: Outcome
    }
  | {
      readonly kind: 'denied'
      readonly messages: readonly FieldMessage[]
      /** The flow as it stays, where the denial leaves a trace. */
      readonly flow?: Flow
      readonly answer?: PendingAnswer
    }
  | { readonly kind: 'needs_proof' }

/** What is particular to a kind of flow, for one flow that exists. */
export type FlowRules = {
  /** Whether this caller may submit it: says that somebody is signed in already, or throws. */
  admit(caller: Caller): 'welcome' | 'signed_in'
  /** Whom it is about, with credentials, where that is known from the start. */
  person(caller: Caller): Promise<IdentityWithCredentials | null>
  coerce(fields: JsonObject, encoding: 'json' | 'form'): JsonObject
  expired(times: { readonly now: Time; readonly expiredAt: Time }): UiMessage
  /** Whether the actions before the flow are asked when it is opened anew in place of an old one (ory-actions.md §2.4). */
  readonly asksWhenReplaced: boolean
  /** A completed flow is submitted once more: what it says, and whether a new one says it. */
  resubmitted(fields: JsonObject): {
    readonly kind: 'kept' | 'replaced'
    readonly messages: readonly FieldMessage[]
  }
  /** No method is responsible for the fields. */
  unclaimed(fields: JsonObject): {
    readonly messages: readonly FieldMessage[]
    readonly fields: JsonObject
  }
  /** Whether what is asked for may be done without proving anew who one is. */
  isPrivileged(caller: Caller, parked: Parked | null, at: Time): boolean
  close(passing: Passing): Promise<Closing>
}
