import type { Effect } from '../core/effect.ts'
import type { LoginFlow, RegistrationFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { Aal } from '../core/session.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage, UiNode } from '../core/ui.ts'

/** What a method makes of a submitted form. It reads, it never writes: a better password hash is one of its effects. */
export type Attempt =
  | {
      readonly kind: 'passed'
      readonly identity: IdentityWithCredentials
      readonly aal: Aal
      readonly effects: readonly Effect[]
    }
  | { readonly kind: 'failed'; readonly messages: readonly FieldMessage[] }

/** A form as the method understood it: either what is wrong with it, or the attempt to be made once CSRF is checked. */
export type Reading =
  | { readonly kind: 'invalid'; readonly messages: readonly FieldMessage[] }
  | { readonly kind: 'ready'; attempt(): Promise<Attempt> }

/** A submitted form: its fields as an object, whatever encoding they came in. */
export type Submitted<F> = { readonly flow: F; readonly fields: JsonObject; readonly at: Time }

/** What a method shows and does in one flow. */
export type MethodInFlow<F> = {
  nodes(flow: F): readonly UiNode[]
  read(submitted: Submitted<F>): Reading
}

/** A method supports exactly the flows it has a key for. */
export type Method = {
  readonly login?: MethodInFlow<LoginFlow>
  readonly registration?: MethodInFlow<RegistrationFlow>
}
