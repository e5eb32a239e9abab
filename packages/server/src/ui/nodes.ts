import type { Json } from '../core/json.ts'
import type { InputNode, InputType, UiMessage, UiNode } from '../core/ui.ts'
import { attributes, type Markup, markup } from './markup.ts'
import { FORM_MESSAGES, renderNotes } from './messages.ts'
import { renderSecrets } from './secrets.ts'

/** The node that has the cursor when the page opens, and whether the form's own messages describe it. */
export type Focus = { readonly node: UiNode | null; readonly describedByForm: boolean }

/** One node of a form, whatever its type (ory-identity-api.md §4.2). */
export function renderNode(node: UiNode, focus: Focus): Markup {
  switch (node.type) {
    case 'input':
      return INPUTS[node.attributes.type](node, focus)
    case 'text':
      return markup`<div class="field">${heading(node)}${renderSecrets(node.attributes, node === focus.node) ?? renderText(node.attributes)}${notes(node, node.attributes.id)}</div>`
    case 'img': {
      const { id, src, width, height } = node.attributes
      const alt = node.meta.label?.text ?? ''
      return markup`<figure>${heading(node)}<img${attributes({ id, src, width, height, alt })}></figure>`
    }
    case 'a':
      return renderAnchor(node.attributes)
    case 'script': {
      const { src, type, integrity, crossorigin, referrerpolicy, nonce, id } = node.attributes
      return markup`<script${attributes({ id, src, type, async: true, integrity, crossorigin, referrerpolicy, nonce })}></script>`
    }
    default:
      return node satisfies never
  }
}

export const renderHidden = ({ attributes: { name, value, onloadTrigger } }: InputNode) =>
  markup`<input${attributes({ type: 'hidden', name, value: textOf(value), 'data-load': onloadTrigger })}>
`

/** A button of a form. The browser checks the fields only for the first one: the others don't need them. */
export function renderButton(node: InputNode, { isFirst }: { readonly isFirst: boolean }): Markup {
  const { name, type, value, disabled, onclickTrigger } = node.attributes
  const isForKeys = onclickTrigger !== undefined
  const ofButton = {
    class: isFirst && name === 'method' && 'first',
    type,
    name,
    value: textOf(value),
    // Until the script is there, there is nothing to call.
    disabled: disabled || isForKeys,
    'data-call': onclickTrigger,
    'data-off': isForKeys && disabled,
    formnovalidate: type === 'submit' && !isFirst,
  }
  const button = markup`<button${attributes(ofButton)}>${labelOf(node)}</button>
`
  const said = notes(node, idOf(name))
  return said === null ? button : markup`<div class="field">${button}${said}</div>`
}

/** An unticked box sends nothing, so a hidden `false` goes before it: of a repeated key the last value counts (§1.6). */
function renderCheckbox(node: InputNode, focus: Focus): Markup {
  const { name, value, disabled } = node.attributes
  const id = idOf(name)
  // Not `required`: to a browser that means ticked, to a schema only present.
  const box = {
    ...shared(node, focus),
    type: 'checkbox',
    id,
    name,
    value: 'true',
    checked: value === true || value === 'true',
  }
  return markup`<div class="check">
<input${attributes({ type: 'hidden', name, value: 'false', disabled })}>
<input${attributes(box)}>
<label${attributes({ for: id })}>${labelOf(node)}</label>
${notes(node, id)}</div>
`
}

function renderField(node: InputNode, focus: Focus): Markup {
  const { name, type, value, required, autocomplete, pattern, maxlength, options } = node.attributes
  const id = idOf(name)
  const field = {
    ...shared(node, focus),
    id,
    name,
    required: required === true,
    autocomplete: autocomplete ?? guessed(name),
  }
  const isWord = type === 'email' || type === 'url' || name === 'identifier'
  const input = {
    ...field,
    type,
    value: textOf(value),
    pattern,
    maxlength,
    step: type === 'number' && 'any',
    dir: type === 'text' && 'auto',
    inputmode: autocomplete === 'one-time-code' && 'numeric',
    autocapitalize: isWord && 'none',
    spellcheck: isWord && 'false',
  }
  const optional = required === true ? null : markup` <span class="optional">(optional)</span>`
  return markup`<div class="field">
<label${attributes({ for: id })}>${labelOf(node)}${optional}</label>
${options === undefined ? markup`<input${attributes(input)}>` : renderSelect(field, options, value)}
${notes(node, id)}</div>
`
}

const INPUTS: Record<InputType, (node: InputNode, focus: Focus) => Markup> = {
  hidden: (node) => renderHidden(node),
  submit: (node) => renderButton(node, { isFirst: false }),
  button: (node) => renderButton(node, { isFirst: false }),
  checkbox: renderCheckbox,
  text: renderField,
  password: renderField,
  number: renderField,
  email: renderField,
  tel: renderField,
  'datetime-local': renderField,
  date: renderField,
  url: renderField,
}

type SelectAttributes = Parameters<typeof attributes>[0] & { readonly required: boolean }

function renderSelect(field: SelectAttributes, options: readonly { readonly value: Json }[], value?: Json): Markup {
  const chosen = textOf(value)
  return markup`<select${attributes(field)}>
<option value="">${field.required ? 'Please choose' : 'None'}</option>
${options.map((option) => {
  const text = textOf(option.value)
  return markup`<option${attributes({ value: text, selected: text === chosen })}>${text}</option>
`
})}</select>`
}

/** What every field says about its state. */
function shared(node: InputNode, { node: focused, describedByForm }: Focus) {
  const isFocused = node === focused
  const describedBy = [
    ...(isFocused && describedByForm ? [FORM_MESSAGES] : []),
    ...(node.messages.length > 0 ? [notesOf(idOf(node.attributes.name))] : []),
  ]
  return {
    disabled: node.attributes.disabled,
    'aria-invalid': isWrong(node) && 'true',
    'aria-describedby': describedBy.length > 0 && describedBy.join(' '),
    autofocus: isFocused,
  }
}

export const isWrong = ({ messages }: UiNode) => messages.some(({ type }) => type === 'error')

// A name is any text, an id must not contain white space.
const idOf = (name: string) => `field-${encodeURIComponent(name)}`
const notesOf = (id: string) => `${id}-notes`
const notes = (node: UiNode, id: string) => renderNotes(notesOf(id), node.messages)

/** Ory gives the identifier of a password sign-in no `autocomplete`; password managers and WCAG 1.3.5 want one. */
const guessed = (name: string) => (name === 'identifier' ? 'username' : undefined)

const heading = ({ meta }: UiNode) =>
  meta.label === undefined ? null : markup`<p class="label">${meta.label.text}</p>`

/** The label, else words made of the name: a trait without a title has no label (§4.2). */
export function labelOf({ meta, attributes: { label, name, value, type } }: InputNode): string {
  const given = meta.label?.text ?? label?.text
  if (given !== undefined && given !== '') return given
  const source =
    type === 'submit' && typeof value === 'string' && value !== '' ? value : (name.split('.').at(-1) ?? name)
  const words = source
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim()
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A text as one piece to copy. */
const renderText = ({ id, text }: { readonly id: string; readonly text: UiMessage }) =>
  markup`<code class="secret"${attributes({ id })}>${text.text}</code>`

/** A link is followed only where it leads to a page; anything else is shown as text. */
function renderAnchor({ id, href, title }: { readonly id: string; readonly href: string; readonly title: UiMessage }) {
  const url = URL.parse(href)
  if (url !== null && ['javascript:', 'data:', 'vbscript:'].includes(url.protocol)) return markup`<p>${title.text}</p>`
  return markup`<a class="button first"${attributes({ id, href })}>${title.text}</a>`
}

const textOf = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
