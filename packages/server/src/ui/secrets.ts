import { isJsonObject, type Json } from '../core/json.ts'
import type { UiMessage, UiNode } from '../core/ui.ts'
import { attributes, type Markup, markup, trusted } from './markup.ts'

type Secret = { readonly text: string; readonly isUsed: boolean }

/** The list of codes that a text stands for, if it stands for one. */
const secretsIn = ({ context }: UiMessage): readonly Secret[] =>
  (Array.isArray(context?.secrets) ? context.secrets : [])
    .filter(isJsonObject)
    .map(({ id, text }) => ({ text: textOf(text), isUsed: id === USED }))

const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : '')

/** What stands in place of a code that has been used (ory-identity-api.md §6). */
const USED = 1050014

export const hasSecrets = (node: UiNode): boolean => node.type === 'text' && secretsIn(node.attributes.text).length > 0

/** Codes to keep: to read, to copy, and to save as a file, the last without any script. */
export function renderSecrets(
  { id, text }: { readonly id: string; readonly text: UiMessage },
  isFocused: boolean,
): Markup | null {
  const secrets = secretsIn(text)
  if (secrets.length === 0) return null
  const usable = secrets.filter(({ isUsed }) => !isUsed).map((secret) => secret.text)
  const list = { class: 'secrets', id, tabindex: '-1', autofocus: isFocused }
  const file = { class: 'button', download: 'recovery-codes.txt', href: fileOf(usable) }
  const copy = { type: 'button', 'data-copy': usable.join('\n'), hidden: true }
  return markup`<ul${attributes(list)}>${secrets.map((secret) => markup`<li><code>${secret.text}</code></li>`)}</ul>
${
  usable.length > 0 &&
  markup`<p class="row end"><a${attributes(file)}>Save as a file</a><button${attributes(copy)}>Copy</button></p>
`
}`
}

const fileOf = (codes: readonly string[]) =>
  `data:text/plain;charset=utf-8,${encodeURIComponent(codes.map((code) => `${code}\r\n`).join(''))}`

/** Wakes the buttons that copy, where there is a clipboard. */
export const COPY_GLUE = trusted(`;(() => {
  if (!navigator.clipboard) return
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false
    button.addEventListener('click', async () => {
      const said = await navigator.clipboard.writeText(button.dataset.copy).then(() => 'Copied', () => 'Could not copy')
      button.textContent = said
    })
  }
})()`).html
