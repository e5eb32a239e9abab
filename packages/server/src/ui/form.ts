import type { FlowName } from '../core/trigger.ts'
import type { InputNode, InputType, NodeGroup, Ui, UiNode } from '../core/ui.ts'
import { renderKeyParts } from './keys.ts'
import { attributes, type Markup, markup } from './markup.ts'
import { renderMessages } from './messages.ts'
import { type Focus, isWrong, renderButton, renderHidden, renderNode } from './nodes.ts'
import { hasSecrets } from './secrets.ts'

/** What a flow has to show: its messages, then its forms. */
export function renderForms(flow: FlowName, ui: Ui): Markup {
  const parts = partsOf(
    flow,
    ui.nodes.filter(({ type }) => type !== 'script'),
  )
  const focus = focusOf(ui, parts)
  // A hidden field has no place of its own to speak at.
  const unseen = ui.nodes.filter(isHidden).flatMap(({ messages }) => messages)
  return markup`${renderMessages([...ui.messages, ...unseen])}${renderKeyParts(ui.nodes)}${parts.map((part) => renderPart(ui, part, focus))}`
}

export const hasErrors = ({ messages, nodes }: Ui) =>
  [...messages, ...nodes.flatMap((node) => node.messages)].some(({ type }) => type === 'error')

/** Nodes that are sent together. */
type Part = {
  readonly kind: 'main' | 'alternative' | 'section'
  readonly group: NodeGroup | null
  readonly hidden: readonly InputNode[]
  readonly content: readonly UiNode[]
  /** The first is what Enter does: browsers take the first button they find. */
  readonly buttons: readonly InputNode[]
}

function partsOf(flow: FlowName, nodes: readonly UiNode[]): readonly Part[] {
  const shared = nodes.filter(isHidden).filter(({ group }) => group === 'default')
  const others = nodes.filter((node) => !(isHidden(node) && node.group === 'default'))
  // Settings are one form per group, so that Enter in a field saves what the field belongs to.
  if (flow === 'settings') {
    // Each stays where it is, whatever it shows.
    const groups = [...new Set(others.map(({ group }) => group))].toSorted((a, b) => placeOf(a) - placeOf(b))
    return groups.map((group) => partOf('section', [...shared, ...others.filter((node) => node.group === group)]))
  }
  // Second factors are alternatives: each has fields of its own that must be filled in.
  if (others.some(({ group }) => SECOND.has(group))) {
    const groups = [...new Set(others.map(({ group }) => group))]
    return groups.map((group, i) =>
      partOf(i === 0 ? 'main' : 'alternative', [...shared, ...others.filter((node) => node.group === group)]),
    )
  }
  // Signing in elsewhere needs none of the fields, unless its button is the only way to send them.
  const elsewhere = others.filter(({ group }) => group === 'oidc')
  const here = others.filter(({ group }) => group !== 'oidc')
  if (elsewhere.length === 0 || !here.some(isSubmit)) return [partOf('main', [...shared, ...others])]
  return [partOf('main', [...shared, ...here]), partOf('alternative', [...shared, ...elsewhere])]
}

/** Groups that only ever come second. */
const SECOND: ReadonlySet<NodeGroup> = new Set(['totp', 'lookup_secret'])

function partOf(kind: Part['kind'], nodes: readonly UiNode[]): Part {
  const content = nodes.filter((node) => !isHidden(node) && !isButton(node))
  const buttons = nodes.filter(isButton)
  const submits = buttons.filter(isSubmit)
  const methods = submits.filter(({ attributes }) => attributes.name === 'method')
  const ofFields = methods.find(({ group }) => content.some((node) => node.type === 'input' && node.group === group))
  const first = ofFields ?? methods.at(-1) ?? submits[0]
  return {
    kind,
    group: nodes.at(-1)?.group ?? null,
    hidden: nodes.filter(isHidden),
    content,
    buttons: first === undefined ? buttons : [first, ...buttons.filter((button) => button !== first)],
  }
}

// Narrower than InputNode, so that "not hidden" still may be an input.
type InputOf<Type extends InputType> = InputNode & { readonly attributes: { readonly type: Type } }
const isHidden = (node: UiNode): node is InputOf<'hidden'> => node.type === 'input' && node.attributes.type === 'hidden'
const isButton = (node: UiNode): node is InputOf<'submit' | 'button'> =>
  node.type === 'input' && (node.attributes.type === 'submit' || node.attributes.type === 'button')
const isSubmit = (node: UiNode): node is InputOf<'submit'> => node.type === 'input' && node.attributes.type === 'submit'

/** Where the cursor is when the page opens: the first error, else codes to be kept, else the first field that waits for something. */
function focusOf(ui: Ui, parts: readonly Part[]): Focus {
  const fields = parts.flatMap(({ content }) => content).filter((node) => node.type === 'input')
  const wrong = fields.find(isWrong)
  if (wrong !== undefined) return { node: wrong, describedByForm: false }
  const codes = ui.nodes.find(hasSecrets)
  if (codes !== undefined) return { node: codes, describedByForm: false }
  const describedByForm = ui.messages.some(({ type }) => type === 'error')
  // A page of several forms has no obvious place to begin.
  const isCalm = !describedByForm && parts.some(({ kind }) => kind === 'section')
  return { node: (isCalm ? undefined : (fields.find(isEmpty) ?? fields[0])) ?? null, describedByForm }
}

const isEmpty = ({ attributes: { type, value } }: InputNode) =>
  type !== 'checkbox' && (value === undefined || value === null || value === '')

function renderPart(ui: Ui, part: Part, focus: Focus): Markup {
  const title = part.group === null ? undefined : TITLES[part.group]
  const form = markup`<form${attributes({ action: ui.action, method: ui.method.toLowerCase(), 'aria-label': part.kind === 'section' && title })}>
${part.hidden.map(renderHidden)}${part.content.map((node) => renderNode(node, focus))}${part.buttons.map((node, i) => renderButton(node, { isFirst: i === 0 && part.kind !== 'alternative' }))}</form>
`
  switch (part.kind) {
    case 'main':
      return form
    case 'alternative':
      return markup`<p class="or">or</p>
${form}`
    case 'section':
      return markup`<section class="group">${title !== undefined && markup`<h2>${title}</h2>`}
${form}</section>
`
    default:
      return part.kind satisfies never
  }
}

/** The sections of the settings, in their order. */
const TITLES: { readonly [group in NodeGroup]?: string } = {
  profile: 'Profile',
  password: 'Password',
  oidc: 'Linked accounts',
  totp: 'Authenticator app',
  lookup_secret: 'Recovery codes',
  webauthn: 'Security keys',
  passkey: 'Passkeys',
}

const PLACES = Object.keys(TITLES)
const placeOf = (group: NodeGroup) => (PLACES.includes(group) ? PLACES.indexOf(group) : PLACES.length)
