import { aboutCall, type EchoCall, parseJson } from './echo.ts'
import { attributes, type Markup, markup } from './markup.ts'
import type { Page } from './page.ts'
import { renderTime } from './time.ts'

export const DEV_LINKS = [
  { href: '/dev', text: 'Dev tools' },
  { href: '/dev/mailbox', text: 'Mailbox' },
  { href: '/dev/echo', text: 'Echo' },
]

/** The list of the dev tools. */
export const devPage = (publicHome: string): Page => ({
  title: 'Dev tools',
  home: publicHome,
  links: DEV_LINKS,
  main: markup`<div class="bench">
<div>
<h1>Dev tools</h1>
<p class="lead">Only here with <code>--dev</code>. A production server has none of these pages.</p>
</div>
<ul class="calls">
<li class="call"><h2><a href="/dev/mailbox">Mailbox</a></h2><p>Every mail and message the server sends, with its codes and links.</p></li>
<li class="call"><h2><a href="/dev/echo">Echo</a></h2><p>A receiver that shows what your actions send. Point a <code>web_hook</code> at it and watch the calls arrive.</p></li>
</ul>
</div>`,
})

export type EchoPage = {
  readonly home: string
  /** Where a `web_hook` is pointed to. */
  readonly receiver: string
  readonly calls: readonly EchoCall[]
  readonly isLive: boolean
  readonly showsAll: boolean
}

const SHOWN = 50

/** What arrived at the echo receiver, newest first. */
export function echoPage({ home, receiver, calls, isLive, showsAll }: EchoPage): Page {
  const shown = showsAll ? calls : calls.slice(0, SHOWN)
  return {
    title: 'Echo',
    home,
    links: DEV_LINKS,
    ...(isLive ? { refresh: 5, script: LIVE } : {}),
    main: markup`<div class="bench">
<div class="bar">
<div>
<h1>Echo</h1>
<p class="lead">What your actions sent to <code>${receiver}</code>, newest first.</p>
</div>
<div class="row">
<a class="button" href="/dev/echo${isLive && '?live=off'}">${isLive ? 'Pause' : 'Go live'}</a>
${calls.length > 0 && markup`<form method="post" action="/dev/echo/clear"><button type="submit">Clear</button></form>`}
</div>
</div>
<p class="reference" id="count" role="status">${countOf(calls)}</p>
${calls.length === 0 && renderEmpty(home, receiver)}<ol class="calls" id="calls">
${shown.map(renderCall)}</ol>
${calls.length > shown.length && markup`<p><a href="/dev/echo?all=yes">Show all ${calls.length}</a></p>`}
<details${attributes({ open: calls.length === 0 })}><summary>Try other answers</summary>
<p>Add these to the URL of a <code>web_hook</code> to see what an answer does:</p>
<dl class="headers">
<dt><code>?status=503</code></dt><dd>answers with this status</dd>
<dt><code>?delay=2000</code></dt><dd>answers after so many milliseconds</dd>
<dt><code>?message=Not+today&amp;field=%23/traits/email</code></dt><dd>refuses, with a message for a field (<code>%23</code> is <code>#</code>)</dd>
<dt><code>?body={"identity":{"traits":{}}}</code></dt><dd>answers with this body</dd>
</dl>
<p>As JSON: <a href="/dev/echo.json">/dev/echo.json</a>. <code>DELETE /dev/echo</code> forgets everything.</p>
</details>
</div>`,
  }
}

const countOf = (calls: readonly EchoCall[]) =>
  calls.length === 0 ? 'Nothing has arrived yet.' : calls.length === 1 ? '1 call' : `${calls.length} calls`

const renderEmpty = (home: string, receiver: string) => markup`<div class="empty" id="empty">
<h2>Make an action run</h2>
<ol>
<li><a href="${home}">Open the sign-in pages</a> and create an account, or sign in.</li>
<li>Come back: the calls of the sample actions are here.</li>
</ol>
<p>Your own actions arrive here too, once their <code>url</code> is <code>${receiver}</code> or anything below it.</p>
</div>
`

function renderCall(call: EchoCall): Markup {
  const { trigger, flow, identity } = aboutCall(call)
  return markup`<li class="call" id="call-${call.id}">
<h2><span class="verb">${call.method}</span><span>${call.path}</span><span class="status">answered ${call.answered}</span></h2>
<ul class="facts">
<li>${renderTime(call.at)}</li>
${fact('Trigger', trigger)}${fact('Identity', identity)}${fact('Flow', flow)}</ul>
<details><summary>Headers</summary>
<dl class="headers">
${Object.entries(call.headers).map(
  ([name, values]) => markup`<dt>${name}</dt><dd><code>${values.join(', ')}</code></dd>
`,
)}</dl>
</details>
<details open><summary>Body, ${sizeOf(call.size)}</summary>
${call.size === 0 ? markup`<p class="reference">empty</p>` : markup`<pre tabindex="0" aria-label="Body">${renderBody(call)}</pre>`}
${call.isCut && markup`<p class="reference">Only the beginning was kept.</p>`}
</details>
</li>
`
}

const fact = (name: string, value: string | null) =>
  value !== null &&
  markup`<li>${name} <strong>${value}</strong></li>
`

const sizeOf = (bytes: number) => (bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`)

/** JSON is indented and coloured; anything else is shown as it came. */
function renderBody({ body }: EchoCall): Markup {
  const parsed = parseJson(body)
  return parsed === undefined ? markup`${body}` : colour(JSON.stringify(parsed, null, 2))
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

function colour(text: string): Markup {
  const parts: Markup[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [token, string, colon] = match
    const kind = string === undefined ? 'literal' : colon === undefined ? 'text' : 'key'
    parts.push(markup`${text.slice(end, match.index)}<span class="${kind}">${string ?? token}</span>${colon}`)
    end = match.index + token.length
  }
  return markup`${parts}${text.slice(end)}`
}

/** For a list `calls` whose items have ids, and its `count`. Fetches the page every other second and puts new calls on top, so that what is open or selected stays so. */
export const LIVE = `
setInterval(async () => {
  if (document.hidden) return
  const answer = await fetch(location.href).catch(() => null)
  if (!answer || !answer.ok) return
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const list = document.getElementById('calls')
  const fresh = [...next.querySelectorAll('#calls > li')].filter(({ id }) => !document.getElementById(id))
  const count = next.getElementById('count').textContent
  const shown = document.getElementById('count')
  if (shown.textContent === count && fresh.length === 0) return
  if (!list.firstElementChild || !next.querySelector('#calls > li')) return location.reload()
  list.prepend(...fresh)
  shown.textContent = count
}, 2000)
`
