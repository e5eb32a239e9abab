import type { Cost } from '../core/budget.ts'
import type { Effect } from '../core/effect.ts'
import type { Flow, LoginFlow, RecoveryFlow, RegistrationFlow, SettingsFlow, VerificationFlow } from '../core/flow.ts'
import type { AddressVia, IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Aal, Proof, Session } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage, UiNode } from '../core/ui.ts'
import type { Upstream, UpstreamPerson } from '../core/upstream.ts'

/** The method has done its part: this is who it is, or who they are to become. */
export type Passed = {
  readonly kind: 'passed'
  readonly identity: IdentityWithCredentials
  /** Who they were when they were read, where the attempt changes them: it is saved with everything else. */
  readonly before?: IdentityWithCredentials
  readonly aal: Aal
  /** What the session is to say it was proven by, where that is not the method's own name. */
  readonly proof?: Proof
  /** The provider somebody comes from. */
  readonly upstream?: Upstream
  readonly effects: readonly Effect[]
  /** Setting up a factor has shown it: the session in use is proven by it from now on (settings). */
  readonly proves?: Aal
}

/** How a form that asks for more reaches its client: as refused (400), as it is (200), or by a step elsewhere (422). Browsers are redirected. */
export type PendingAnswer = 'refused' | 'form' | { readonly redirectTo: string }

/** What a method makes of a submitted form. It reads, it never writes: a better password hash is one of its effects. */
export type Attempt<F extends Flow = Flow> =
  | Passed
  | { readonly kind: 'failed'; readonly messages: readonly FieldMessage[] }
  /** The flow goes on: a code is on its way, a failure was counted, a provider is asked. Its new state, form and memory are kept. */
  | {
      readonly kind: 'pending'
      readonly flow: F
      readonly effects: readonly Effect[]
      readonly answer: PendingAnswer
      /** What was sent along is not shown with the answer, as with Ory's. */
      readonly hidesPayload?: true
      /** The form is shown anew, as the flow now is, with these values in it. */
      readonly fills?: JsonObject
      /** Whoever sent this has shown a secret of the flow: it is theirs from now on, wherever it was started. */
      readonly handOver?: true
      /** The browser goes elsewhere and comes back: it has to bring this. */
      readonly continuity?: string
      /** Where a browser sees the form, if not at its usual page. */
      readonly browserTo?: string
    }
  /** The flow is spent. A new one of its kind says why. */
  | { readonly kind: 'replaced'; readonly messages: readonly FieldMessage[]; readonly effects: readonly Effect[] }
  /** What began here goes on in a flow of another kind, opened for it and asked about: a sign-in that becomes a sign-up. */
  | {
      readonly kind: 'continues'
      readonly flow: 'registration'
      attempt(flow: RegistrationFlow): Promise<Attempt<RegistrationFlow>>
    }
  | { readonly kind: 'continues'; readonly flow: 'login'; attempt(flow: LoginFlow): Promise<Attempt<LoginFlow>> }

/** When something is asked for, and by which request. */
export type Asked = { readonly at: Time; readonly request: RequestFacts }

/** A form as the method understood it: either what is wrong with it, or the attempt to be made once CSRF is checked. */
export type Reading<F extends Flow = Flow> =
  | { readonly kind: 'invalid'; readonly messages: readonly FieldMessage[] }
  | {
      readonly kind: 'ready'
      /** The submission proves by itself that it is meant: a secret from a mail, a signed state (ory-identity-api.md §1.8). */
      readonly withoutCsrf?: true
      /** Only for somebody who has proven lately who they are (settings). */
      readonly privileged?: true
      /** What the attempt is held to be worth, where it could be made again and again. */
      readonly costs?: readonly Cost[]
      attempt(): Promise<Attempt<F>>
    }

/** A browser is back from a provider: with somebody it knows, or with why it does not tell. */
export type Returned = {
  readonly provider: string
  readonly told:
    | { readonly kind: 'person'; readonly person: UpstreamPerson }
    | { readonly kind: 'refused'; readonly reason: string }
  /** What was typed before the browser left. */
  readonly traits: JsonObject
}

/** A submitted form: its fields as an object, whatever encoding they came in, and who sent it. */
export type Submitted<F extends Flow> = {
  readonly flow: F
  readonly fields: JsonObject
  readonly transientPayload: JsonObject
  readonly at: Time
  readonly request: RequestFacts
  readonly session: Session | null
  /** Whether the flow was started by this very browser. A native flow is whose who knows it. */
  readonly isOwner: boolean
  /** What a provider said, where it is one that sent the browser back. */
  readonly returned: Returned | null
  /** What the method itself keeps in this flow. */
  readonly memory: JsonObject
  /** Who is signed in, with credentials, where the flow is about them: settings, refresh, step-up. */
  readonly person: IdentityWithCredentials | null
}

export type Form<F extends Flow> = {
  readonly flow: F
  readonly person: IdentityWithCredentials | null
  /** What the method itself keeps in this flow. */
  readonly memory: JsonObject
}

/** What a method shows and does in one flow. */
export type MethodInFlow<F extends Flow> = {
  /** Whether it has any part in this very flow: what comes second has none in a first sign-in. */
  takesPart?(flow: F): boolean
  /** Whether it can be used in this flow at all, on top of being enabled. */
  isOffered?(form: Omit<Form<F>, 'memory'>): boolean
  /** What it has to keep once its form is shown: a challenge, a secret that is not confirmed yet. */
  prepare?(form: Form<F>): JsonObject
  nodes(form: Form<F>): readonly UiNode[]
  /** What it does as soon as a flow is opened, where there is nothing else to do in it: the one code is sent. */
  atOnce?(form: Omit<Form<F>, 'memory'>, asked: Asked): Promise<Challenged<F> | null>
  /** Fields that mean this method by being there, whatever `method` says (ory-identity-api.md §3). */
  readonly impliedBy?: readonly string[]
  read(submitted: Submitted<F>): Reading<F>
}

/** To whom a secret goes. */
export type Addressee = {
  readonly value: string
  readonly via: AddressVia
  /** Null where nobody has the address. */
  readonly identity: IdentityWithCredentials | null
}

/** A flow with a fresh secret awaited in it, and the mail that carries the secret. */
export type Challenged<F extends Flow> = { readonly flow: F; readonly effects: readonly Effect[] }

/** What a method does that proves an address by what it sends there. */
export type AddressMethod<F extends Flow> = MethodInFlow<F> & {
  challenge(flow: F, to: Addressee, asked: Asked): Promise<Challenged<F>>
}

/** The same for a secret that an administrator hands over. */
export type RecoveryMethod = AddressMethod<RecoveryFlow> & {
  issue(
    flow: RecoveryFlow,
    to: Addressee,
    until: { readonly at: Time; readonly expiresAt: Time },
  ): { readonly flow: RecoveryFlow; readonly secret: string }
}

/** A method supports exactly the flows it has a key for. */
export type Method = {
  readonly login?: MethodInFlow<LoginFlow>
  readonly registration?: MethodInFlow<RegistrationFlow>
  readonly settings?: MethodInFlow<SettingsFlow>
  readonly recovery?: RecoveryMethod
  readonly verification?: AddressMethod<VerificationFlow>
}
