import { deliveryId, isUuid } from '../core/ids.ts'
import { toTimestamp } from '../core/time.ts'
import type { RenderedMessage } from '../courier/message.ts'
import { type Answer, type Exchange, html, json, type Route, withHeaders } from '../http/exchange.ts'
import type { Store, StoredMessage } from '../store/store.ts'
import { type Letter, letterPage, mailboxPage, noLetterPage } from './mailbox-pages.ts'
import { pageAnswer } from './page.ts'

export type MailboxDeps = {
  readonly messages: Store['messages']
  readonly openMessage: (sealed: string) => RenderedMessage | null
  readonly publicUrl: string
}

const SHOWN = 50

/** The mailbox of the dev tools: the same rows as the courier's, registered only with `--dev` (design.md §7). */
export function mailboxRoutes(deps: MailboxDeps): readonly Route[] {
  const home = new URL('ui/', deps.publicUrl).href
  const letter = (stored: StoredMessage): Letter => ({ stored, message: deps.openMessage(stored.sealed) })
  const newest = async () => (await deps.messages.list({ before: null, size: SHOWN + 1 })).map(letter)
  const find = async ({ params: { id = '' } }: Exchange) => {
    const stored = isUuid(id) ? await deps.messages.find(deliveryId(id)) : null
    return stored === null ? null : letter(stored)
  }
  const route = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, csrf: 'ignored', handle })
  return [
    route('/dev/mailbox', async () => {
      const letters = await newest()
      const hasMore = letters.length > SHOWN
      return pageAnswer(200, mailboxPage({ home, letters: letters.slice(0, SHOWN), hasMore }))
    }),
    route('/dev/mailbox.json', async () => json(200, { messages: (await newest()).slice(0, SHOWN).map(asJson) })),
    route('/dev/mailbox/:id', async (exchange) => {
      const found = await find(exchange)
      return found === null ? pageAnswer(404, noLetterPage(home)) : pageAnswer(200, letterPage(home, found))
    }),
    route('/dev/mailbox/:id/html', async (exchange) => letterAnswer((await find(exchange))?.message?.html ?? null)),
  ]
}

/** A message for scripts. */
const asJson = ({ stored, message }: Letter) => ({
  id: stored.id,
  status: stored.status,
  template: stored.templateType,
  channel: stored.channel,
  to: stored.recipient,
  created_at: toTimestamp(stored.createdAt),
  subject: message?.subject ?? null,
  text: message?.text ?? null,
  html: message?.html ?? null,
  data: message?.data ?? null,
})

/**
 * A mail as a document of its own, which may do nothing but look as it likes and open links in a new tab. A frame with
 * `srcdoc` would have the page's own policy, and mails are styled in place.
 */
const letterAnswer = (document: string | null): Answer =>
  withHeaders(
    html(document === null ? 404 : 200, `<!doctype html><base target="_blank">${withoutDoctype(document ?? '')}`),
    {
      'content-security-policy':
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; form-action 'none'; frame-ancestors 'self'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  )

const withoutDoctype = (document: string) => document.replace(/^\s*<!doctype[^>]*>/i, '')
