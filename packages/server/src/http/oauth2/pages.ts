import { type Answer, type Exchange, html } from '../exchange.ts'

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const page = (title: string, body: string, head = '') => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escape(title)}</title>${head}</head>
<body><main>${body}</main></body>
</html>
`

/** Tells other clients of a logout in frames, then goes on (OpenID Connect Front-Channel Logout §3). */
export const framesPage = (frames: readonly string[], location: string) =>
  page(
    'Signing out',
    `<p>You are being signed out. <a href="${escape(location)}">Go on</a></p>${frames
      .map((url) => `<iframe hidden src="${escape(url)}" title="sign out"></iframe>`)
      .join('')}`,
    `<meta http-equiv="refresh" content="2;url=${escape(location)}">`,
  )

const KEYS: { readonly [page: string]: string } = {
  login: 'urls.login',
  consent: 'urls.consent',
  logout: 'urls.logout',
  'logout/callback': 'urls.post_logout_redirect',
  device: 'urls.device.verification',
  'device/done': 'urls.device.success',
}

/** Shown where the configuration names no page of one's own. */
export function fallbackPage(name: string, exchange: Exchange): Answer {
  if (name === 'error') {
    const [error, description] = ['error', 'error_description'].map((key) => escape(exchange.query.get(key) ?? ''))
    return html(400, page('Error', `<h1>An error occurred</h1><p><code>${error}</code></p><p>${description}</p>`))
  }
  if (name === 'logout/callback') return html(200, page('Signed out', '<h1>You are signed out</h1>'))
  if (name === 'device/done') return html(200, page('Done', '<h1>Your device is connected</h1>'))
  return html(
    200,
    page(
      'Not configured',
      `<h1>This page is not configured</h1><p>Set <code>${KEYS[name] ?? ''}</code> to the address of your own.</p>`,
    ),
  )
}
