import type { UiMessage } from '../core/ui.ts'
import { attributes, type Markup, markup, trusted } from './markup.ts'

/** The element that speaks of a form as a whole; fields refer to it. */
export const FORM_MESSAGES = 'form-messages'

/** Messages of a whole form: errors interrupt a screen reader, everything else waits. */
export const renderMessages = (messages: readonly UiMessage[]): Markup | null =>
  messages.length === 0
    ? null
    : markup`<div class="messages" id="${FORM_MESSAGES}">
${messages.map(
  ({ type, text }) =>
    markup`<p class="message ${type}" role="${type === 'error' ? 'alert' : 'status'}">${icon(type)}<span dir="auto">${text}</span></p>
`,
)}</div>
`

/** Messages beside their field, under the id by which the field is described. */
export const renderNotes = (id: string, messages: readonly UiMessage[]): Markup | null =>
  messages.length === 0
    ? null
    : markup`<div${attributes({ id })}>${messages.map(({ type, text }) => markup`<p class="note ${type}">${icon(type)}<span dir="auto">${text}</span></p>`)}</div>`

// Colour is never the only sign (WCAG 1.4.1), so that each kind has a shape and a word of its own too.
const icon = (type: UiMessage['type']) => (type === 'error' ? ERROR : type === 'success' ? SUCCESS : INFO)

const drawn = (word: string, path: string) =>
  trusted(
    `<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${path}</svg><span class="hidden">${word}: </span>`,
  )
const ERROR = drawn('Error', '<path d="M8 1.5l6.5 12h-13z"/><path d="M8 6v3.5M8 11.6v.1"/>')
const SUCCESS = drawn('Done', '<path d="M2.5 8.5l3.5 4 7.5-9"/>')
const INFO = drawn('Note', '<circle cx="8" cy="8" r="6.5"/><path d="M8 7.5v3.5M8 5v.1"/>')
