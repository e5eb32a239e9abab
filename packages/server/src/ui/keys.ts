import type { UiNode } from '../core/ui.ts'
import { type Markup, markup, trusted } from './markup.ts'
import { renderNode } from './nodes.ts'

/** What forms with keys need besides their fields: the script that talks to authenticators, and a place for what it says. */
export function renderKeyParts(nodes: readonly UiNode[]): Markup | null {
  const scripts = nodes.filter(({ type }) => type === 'script')
  if (scripts.length === 0) return null
  return markup`<p class="message error" role="alert" data-key-failure hidden></p>
<noscript><p>Security keys and passkeys need JavaScript.</p></noscript>
${scripts.map((script) => renderNode(script, { node: null, describedByForm: false }))}
`
}

/**
 * Binds buttons to the functions that their nodes name: a page as strict as ours runs no handler that stands in an
 * attribute. They wake once the script is there, so that none is pressed in vain.
 */
export const KEY_GLUE = trusted(`;(() => {
  const call = (name) => typeof window[name] === 'function' && window[name]()
  const start = () => {
    for (const button of document.querySelectorAll('[data-call]')) {
      if (button.dataset.call && button.dataset.off === undefined) button.disabled = false
      button.addEventListener('click', () => {
        document.querySelector('[data-key-failure]').hidden = true
        call(button.dataset.call)
      })
    }
    for (const field of document.querySelectorAll('[data-load]')) call(field.dataset.load)
  }
  const WORDS = {
    NotAllowedError: 'Nothing was sent: it was cancelled, or it took too long.',
    InvalidStateError: 'This key is yours already.',
    SecurityError: 'Keys do not work on this address.',
  }
  window.addEventListener('cardea:key-failed', ({ detail }) => {
    if (detail.name === 'AbortError') return
    const note = document.querySelector('[data-key-failure]')
    note.textContent = WORDS[detail.name] || 'The key could not be used.'
    note.hidden = false
    note.scrollIntoView({ block: 'center' })
  })
  if (window.oryWebAuthnInitialized) start()
  else window.addEventListener('oryWebAuthnInitialized', start, { once: true })
})()`).html
