import type { RenderedMessage } from '../courier/message.ts'
import type { StoredMessage } from '../store/store.ts'
import { DEV_LINKS, LIVE } from './dev-pages.ts'
import { type Markup, markup } from './markup.ts'
import type { Page } from './page.ts'
import { renderTime } from './time.ts'

/** A message with what it says; null where the secrets of today do not open it. */
export type Letter = { readonly stored: StoredMessage; readonly message: RenderedMessage | null }

export type MailboxPage = {
  readonly home: string
  readonly letters: readonly Letter[]
  readonly hasMore: boolean
}

/** The newest mail and messages. */
export const mailboxPage = ({ home, letters, hasMore }: MailboxPage): Page => ({
  title: 'Mailbox',
  home,
  links: DEV_LINKS,
  refresh: 5,
  script: LIVE,
  main: markup`<div class="bench">
<div>
<h1>Mailbox</h1>
<p class="lead">Every mail and message this server sends, newest first. Only here with <code>--dev</code>.</p>
</div>
<p class="reference" id="count" role="status">${countOf(letters.length, hasMore)}</p>
${letters.length === 0 && renderEmpty(home)}<ol class="calls" id="calls">
${letters.map(renderItem)}</ol>
<p>As JSON: <a href="/dev/mailbox.json">/dev/mailbox.json</a>.</p>
</div>`,
})

const countOf = (count: number, hasMore: boolean) => {
  if (count === 0) return 'Nothing was sent yet.'
  return hasMore ? `The newest ${count}` : count === 1 ? '1 message' : `${count} messages`
}

const renderEmpty = (home: string) => markup`<div class="empty">
<h2>Make the server write to somebody</h2>
<ol>
<li><a href="${home}">Open the sign-in pages</a> and create an account with any address: nothing leaves this machine as long as no mail server is configured.</li>
<li>Come back: the mail that verifies the address is here. So is the one that follows “Forgot your password?”.</li>
</ol>
</div>
`

const renderItem = ({ stored, message }: Letter) => markup`<li class="call" id="call-${stored.id}">
<h2><a href="/dev/mailbox/${stored.id}">${titleOf(message)}</a></h2>
${renderFacts(stored)}
</li>
`

const titleOf = (message: RenderedMessage | null) => {
  if (message === null) return '(sealed with other secrets)'
  if (message.channel === 'email') return message.subject || '(no subject)'
  return message.text.split('\n', 1)[0] || '(empty)'
}

const renderFacts = (stored: StoredMessage) => markup`<ul class="facts">
<li>${renderTime(stored.createdAt)}</li>
<li>To <strong>${stored.recipient}</strong></li>
<li>${stored.channel === 'sms' ? 'Message' : 'Mail'} <strong>${stored.templateType}</strong></li>
<li>State <strong>${stored.status}</strong></li>
</ul>`

/** One message, with all its parts. */
export const letterPage = (home: string, { stored, message }: Letter): Page => ({
  title: titleOf(message),
  home,
  links: DEV_LINKS,
  hasFrames: true,
  main: markup`<div class="bench">
<p><a href="/dev/mailbox">All messages</a></p>
<h1>${titleOf(message)}</h1>
${renderFacts(stored)}
${message === null && markup`<p>What it says was sealed with secrets that are not configured any more.</p>`}
${message?.html != null && markup`<iframe class="letter" title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/dev/mailbox/${stored.id}/html"></iframe>`}
${
  message !== null &&
  markup`<details class="call"${message.html === null && markup` open`}><summary>As plain text</summary>
<pre>${withLinks(message.text)}</pre>
</details>`
}
</div>`,
})

const ADDRESS = /https?:\/\/[^\s"'<>]+/g

/** Plain text in which addresses can be opened. */
function withLinks(text: string): Markup {
  const parts: Markup[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const [url] = match
    parts.push(markup`${text.slice(end, match.index)}<a href="${url}">${url}</a>`)
    end = match.index + url.length
  }
  return markup`${parts}${text.slice(end)}`
}

/** There is no such message. */
export const noLetterPage = (home: string): Page => ({
  title: 'No such message',
  home,
  links: DEV_LINKS,
  main: markup`<div class="bench"><h1>No such message</h1><p><a href="/dev/mailbox">All messages</a></p></div>`,
})
