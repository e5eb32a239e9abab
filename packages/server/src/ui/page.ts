import { createHash } from 'node:crypto'
import { type Answer, html, withHeaders } from '../http/exchange.ts'
import { attributes, type Markup, markup, trusted } from './markup.ts'
import { STYLE } from './style.ts'

/** A page as data: what is said, and what its policy must allow beyond the stylesheet. */
export type Page = {
  readonly title: string
  readonly main: Markup
  /** Where the mark at the top leads. */
  readonly home: string
  readonly links?: readonly Link[]
  /** Our own inline script. */
  readonly script?: string
  /** Whether it holds frames with other documents of this listener. */
  readonly hasFrames?: boolean
  /** Nonces of scripts that a form brings along. */
  readonly nonces?: readonly string[]
  /** Reload after so many seconds where scripts do not run. */
  readonly refresh?: number
}

export type Link = { readonly href: string; readonly text: string }

/** A page as an answer, with the headers that keep foreign content and frames out. */
export const pageAnswer = (status: number, page: Page): Answer =>
  withHeaders(html(status, renderPage(page)), {
    'content-security-policy': policy(page),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // Not `no-referrer`: with it, browsers post our own forms with `Origin: null`.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  })

/** One whole HTML document. */
export function renderPage({ title, main, home, links = [], script, refresh }: Page): string {
  const refreshing = refresh === undefined ? null : attributes({ 'http-equiv': 'refresh', content: refresh })
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Cardea</title>
<link rel="icon" href="${ICON}">
<style>${trusted(STYLE)}</style>
${refreshing && markup`<noscript><meta${refreshing}></noscript>`}
</head>
<body>
<header class="top">
<a class="brand" href="${home}">${MARK}<span>Cardea</span></a>
${links.length > 0 && markup`<nav aria-label="Pages"><ul>${links.map(({ href, text }) => markup`<li><a href="${href}">${text}</a></li>`)}</ul></nav>`}
</header>
<main>
${main}
</main>
<footer class="bottom">Cardea opens what is shut, and shuts what is open.</footer>
${script !== undefined && markup`<script>${trusted(script)}</script>`}
</body>
</html>
`.html
}

/**
 * Nothing but what we sent ourselves (CSP Level 3). There is no `form-action`: browsers apply it to the redirects after a
 * post as well, and those lead to the operator's applications and to identity providers.
 */
function policy({ script, hasFrames = false, nonces = [] }: Page): string {
  const scripts = [
    ...(script === undefined ? [] : [sourceHash(script)]),
    ...nonces.filter(isNonce).map((nonce) => `'nonce-${nonce}'`),
  ]
  return [
    "default-src 'none'",
    `style-src ${sourceHash(STYLE)}`,
    "img-src 'self' data:",
    ...(scripts.length === 0 ? [] : [`script-src ${scripts.join(' ')}`, "connect-src 'self'"]),
    ...(hasFrames ? ["frame-src 'self'"] : []),
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The grammar of a nonce (CSP Level 3, §2.3.1); anything else could end the directive. */
const isNonce = (text: string) => /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)

const sourceHash = (source: string) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`

/** A door on its hinge: one leaf on the wall, one swung open, a pin between them. */
const MARK = trusted(
  `<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path class="mark-leaf" d="M3 5h9v22H3a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z"/><path class="mark-open" stroke-width="2.2" stroke-linejoin="round" d="M20 6l9.5 3.6v12.8L20 26z"/><rect class="mark-pin" x="13" y="2" width="6" height="8" rx="2"/><rect class="mark-pin" x="13" y="12" width="6" height="8" rx="2"/><rect class="mark-pin" x="13" y="22" width="6" height="8" rx="2"/></svg>`,
)

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2f7565" d="M3 5h9v22H3z"/><path fill="none" stroke="#2f7565" stroke-width="2.2" d="M20 6l9.5 3.6v12.8L20 26z"/><path fill="#c9a24f" d="M13 2h6v8h-6zM13 12h6v8h-6zM13 22h6v8h-6z"/></svg>',
)}`
