import type { Json, JsonObject } from './json.ts'

/** A text for a person, with the id that UIs translate by. Ids and texts are Ory's; see `messages.ts`. */
export type UiMessage = {
  readonly id: number
  readonly text: string
  readonly type: 'info' | 'error' | 'success'
  readonly context?: JsonObject
}

/** A message and the field it belongs to; the empty field is the form itself. */
export type FieldMessage = { readonly field: string; readonly message: UiMessage }

export type NodeGroup =
  | 'default'
  | 'password'
  | 'oidc'
  | 'profile'
  | 'link'
  | 'code'
  | 'totp'
  | 'lookup_secret'
  | 'webauthn'
  | 'passkey'
  | 'identifier_first'

export type InputType =
  | 'text'
  | 'password'
  | 'number'
  | 'checkbox'
  | 'hidden'
  | 'email'
  | 'tel'
  | 'submit'
  | 'button'
  | 'datetime-local'
  | 'date'
  | 'url'

/** Attributes of an input node, spelled as on the wire (ory-identity-api.md §4.2). */
export type InputAttributes = {
  readonly node_type: 'input'
  readonly name: string
  readonly type: InputType
  readonly value?: Json
  readonly required?: true
  readonly disabled: boolean
  readonly autocomplete?: string
  readonly label?: UiMessage
  readonly pattern?: string
  readonly maxlength?: number
  readonly options?: readonly { readonly value: Json }[]
  readonly onclick?: string
  readonly onclickTrigger?: string
  readonly onload?: string
  readonly onloadTrigger?: string
}

/** A text for the person, such as a secret key to type or a list of recovery codes. */
export type TextAttributes = { readonly node_type: 'text'; readonly id: string; readonly text: UiMessage }

/** A picture, such as the QR code of an authenticator app. */
export type ImageAttributes = {
  readonly node_type: 'img'
  readonly id: string
  readonly src: string
  readonly width: number
  readonly height: number
}

/** A link out of the form. */
export type AnchorAttributes = {
  readonly node_type: 'a'
  readonly id: string
  readonly href: string
  readonly title: UiMessage
}

/** A script that buttons of the form call; browsers check it against its hash. */
export type ScriptAttributes = {
  readonly node_type: 'script'
  readonly id: string
  readonly src: string
  readonly async: true
  readonly referrerpolicy: 'no-referrer'
  readonly crossorigin: 'anonymous'
  readonly integrity: string
  readonly type: 'text/javascript'
  readonly nonce: string
}

type NodeOf<Attributes extends { readonly node_type: string }> = {
  /** `attributes.node_type` repeats it, as SDKs discriminate by that one. */
  readonly type: Attributes['node_type']
  readonly group: NodeGroup
  readonly attributes: Attributes
  readonly messages: readonly UiMessage[]
  readonly meta: { readonly label?: UiMessage }
}

export type InputNode = NodeOf<InputAttributes>

/** One element of a form, as every client renders it (ory-identity-api.md §4.2). */
export type UiNode =
  | InputNode
  | NodeOf<TextAttributes>
  | NodeOf<ImageAttributes>
  | NodeOf<AnchorAttributes>
  | NodeOf<ScriptAttributes>

/** The form of a flow. `messages` speak of the form as a whole. */
export type Ui = {
  readonly action: string
  readonly method: 'POST' | 'GET'
  readonly nodes: readonly UiNode[]
  readonly messages: readonly UiMessage[]
}
