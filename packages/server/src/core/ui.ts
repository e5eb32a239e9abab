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

/** One element of a form, as every client renders it. Other node types arrive with the methods that need them. */
export type UiNode = {
  readonly type: 'input'
  readonly group: NodeGroup
  readonly attributes: InputAttributes
  readonly messages: readonly UiMessage[]
  readonly meta: { readonly label?: UiMessage }
}

/** The form of a flow. `messages` speak of the form as a whole. */
export type Ui = {
  readonly action: string
  readonly method: 'POST' | 'GET'
  readonly nodes: readonly UiNode[]
  readonly messages: readonly UiMessage[]
}
