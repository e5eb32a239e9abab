import { isJsonObject, type Json, type JsonObject } from './json.ts'
import type { FlowName } from './trigger.ts'
import type { FieldMessage, InputAttributes, InputNode, InputType, NodeGroup, Ui, UiMessage, UiNode } from './ui.ts'

type Input = Omit<InputAttributes, 'node_type' | 'disabled' | 'required' | 'label'> & {
  readonly group: NodeGroup
  readonly type: InputType
  readonly required?: boolean
  readonly label?: UiMessage
}

/** A field of a form. `required` is only ever said when it is true (ory-identity-api.md §4.2). */
export const inputNode = ({ group, required, label, ...attributes }: Input): InputNode => ({
  type: 'input',
  group,
  attributes: { node_type: 'input', disabled: false, ...attributes, ...(required ? { required } : {}) },
  messages: [],
  meta: label === undefined ? {} : { label },
})

/** A button that submits the form, and what it says by that. */
export const submitNode = (group: NodeGroup, name: string, value: string, label: UiMessage) =>
  inputNode({ group, name, type: 'submit', value, label })

/** The form's anti-CSRF token; native clients have the field too, with nothing in it. */
export const csrfNode = (token: string) =>
  inputNode({ group: 'default', name: 'csrf_token', type: 'hidden', value: token, required: true })

type Order = { readonly groups: readonly NodeGroup[]; readonly names: readonly string[] }

/** Ory's order (§4.3): groups first, names within a group. A flow without an entry keeps the order of insertion. */
const ORDER: { readonly [F in FlowName]?: Order } = {
  login: {
    groups: ['oidc', 'default', 'webauthn', 'passkey', 'code', 'password', 'totp', 'lookup_secret'],
    names: ['csrf_token', 'identifier', 'password'],
  },
  registration: {
    groups: ['oidc', 'default', 'webauthn', 'passkey', 'code', 'password', 'profile'],
    names: ['csrf_token'],
  },
  settings: {
    groups: ['default', 'profile', 'password', 'oidc', 'lookup_secret', 'webauthn', 'passkey', 'totp'],
    names: [
      'csrf_token',
      'lookup_secret_reveal',
      'lookup_secret_regenerate',
      'lookup_secret_codes',
      'lookup_secret_confirm',
      'webauthn_remove',
      'webauthn_register_displayname',
      'webauthn_register',
      'passkey_remove',
      'passkey_register',
      'totp_qr',
      'totp_secret_key',
      'totp_unlink',
      'totp_code',
    ],
  },
}

/** Sorts stably: groups, then names, then what is named nowhere; the button that names the method comes last in its group. */
export function sortNodes(flow: FlowName, nodes: readonly UiNode[]): readonly UiNode[] {
  const order = ORDER[flow]
  return order === undefined ? nodes : nodes.toSorted((a, b) => compare(order, a, b))
}

const compare = (order: Order, a: UiNode, b: UiNode) =>
  // A group nobody lists comes first: indexOf is -1.
  order.groups.indexOf(a.group) - order.groups.indexOf(b.group) || nameRank(order, a) - nameRank(order, b)

function nameRank({ names }: Order, node: UiNode): number {
  const name = nameOf(node)
  if (name === 'method' && node.type === 'input' && node.attributes.type === 'submit') return names.length + 1
  const rank = names.indexOf(name)
  return rank === -1 ? names.length : rank
}

/** What a message can point at: the name of a field, the id of anything else. */
const nameOf = ({ attributes }: UiNode) => (attributes.node_type === 'input' ? attributes.name : attributes.id)

/**
 * A field that several methods show is one field: the later one adds to the earlier. A script is loaded once. Buttons stay
 * apart, as each says something else.
 */
export function merged(nodes: readonly UiNode[]): readonly UiNode[] {
  const isSame = (a: UiNode, b: UiNode) =>
    a.type === b.type && nameOf(a) === nameOf(b) && !(a.type === 'input' && a.attributes.type === 'submit')
  return nodes.reduce<readonly UiNode[]>((all, node) => {
    const at = all.findIndex((known) => isSame(known, node))
    const known = all[at]
    if (known === undefined) return [...all, node]
    return node.type === 'input' && known.type === 'input'
      ? all.with(at, { ...known, ...node, attributes: { ...known.attributes, ...node.attributes } })
      : all
  }, [])
}

/** What was typed stays in the form, with the type it came in; secrets, tokens and buttons never take a value. */
export function withValues(ui: Ui, fields: JsonObject): Ui {
  const values = new Map(leaves(fields))
  const nodes = ui.nodes.map((node): UiNode => {
    if (node.type !== 'input') return node
    const value = values.get(node.attributes.name)
    if (value !== undefined && ONE_TIME.has(node.attributes.name)) return withoutValue(node)
    return value === undefined || !keepsValue(node.attributes)
      ? node
      : { ...node, attributes: { ...node.attributes, value } }
  })
  return { ...ui, nodes }
}

const keepsValue = ({ type, name, autocomplete }: InputAttributes) => {
  if (type === 'password' || type === 'submit' || type === 'button') return false
  if (autocomplete === 'one-time-code' || SECRETS.has(name)) return false
  // Of what is hidden only the identifier and the traits are the person's own words.
  return type !== 'hidden' || name === 'identifier' || name.startsWith('traits.')
}

const SECRETS = new Set(['code', 'totp_code', 'lookup_secret', 'csrf_token'])

/** What was tried once is not even empty any more: Ory takes the value away (ory-identity-api.md §5.2). */
const ONE_TIME = new Set(['totp_code', 'lookup_secret', 'webauthn_login'])

const withoutValue = (node: InputNode): InputNode => {
  const { value: _, ...attributes } = node.attributes
  return { ...node, attributes }
}

/** Dotted names and their values; lists have no field of their own. */
function leaves(fields: JsonObject, prefix = ''): [string, Json][] {
  return Object.entries(fields).flatMap(([key, value]): [string, Json][] => {
    const name = `${prefix}${key}`
    if (typeof value !== 'object') return [[name, value]]
    return isJsonObject(value) ? leaves(value, `${name}.`) : []
  })
}

/** A form as receivers of actions see it: keys and codes that are shown to a person are nobody else's. */
export const withoutSecrets = (ui: Ui): Ui => ({
  ...ui,
  nodes: ui.nodes.map((node): UiNode => {
    if (node.type === 'img') return { ...node, attributes: { ...node.attributes, src: 'data:image/png;base64,' } }
    if (node.type !== 'text') return node
    const { text } = node.attributes
    const hidden = Object.fromEntries(Object.keys(text.context ?? {}).map((name) => [name, '']))
    return { ...node, attributes: { ...node.attributes, text: { ...text, text: '', context: hidden } } }
  }),
})

/** The form without what it said last time. */
export const clearMessages = (ui: Ui): Ui => ({
  ...ui,
  messages: [],
  nodes: ui.nodes.map((node): UiNode => (node.messages.length === 0 ? node : { ...node, messages: [] })),
})

/** Puts each message beside its field. One for a field the form lacks gets a field of its own, as in Ory's forms. */
export function withMessages(ui: Ui, told: readonly FieldMessage[]): Ui {
  const byField = Map.groupBy(told, ({ field }) => field)
  const said = (field: string) => (byField.get(field) ?? []).map(({ message }) => message)
  const known = new Set(ui.nodes.map(nameOf))
  const missing = [...byField.keys()]
    .filter((field) => field !== '' && !known.has(field))
    .map((name) => inputNode({ group: 'default', name, type: 'text' }))

  // Where several nodes share a name (`method`), the first one speaks for it.
  const spoken = new Set<string>()
  const nodes = insertAfterDefaults(ui.nodes, missing).map((node): UiNode => {
    const name = nameOf(node)
    const more = spoken.has(name) ? [] : said(name)
    spoken.add(name)
    return more.length === 0 ? node : { ...node, messages: [...node.messages, ...more] }
  })
  return { ...ui, nodes, messages: [...ui.messages, ...said('')] }
}

const insertAfterDefaults = (nodes: readonly UiNode[], added: readonly UiNode[]): readonly UiNode[] => {
  const last = nodes.findLastIndex(({ group }) => group === 'default')
  return nodes.toSpliced(last + 1, 0, ...added)
}
