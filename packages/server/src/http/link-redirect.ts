import type { Answer } from './exchange.ts'
import type { Addressed } from './listener.ts'

const STATUS_TEXTS: { readonly [status: number]: string } = {
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
}

const HTML: { readonly [c: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }

/** A redirect of a GET carries a link, for whoever does not follow it by itself (RFC 9110 §15.4), as Go writes it. */
export function linkRedirect(answer: Answer, { method }: Pick<Addressed, 'method'>): Answer {
  const { location } = answer.headers
  if (location === undefined || answer.body !== null || (method !== 'GET' && method !== 'HEAD')) return answer
  const href = location.replace(/[&<>"']/g, (c) => HTML[c] ?? c)
  return {
    ...answer,
    headers: { ...answer.headers, 'content-type': 'text/html; charset=utf-8' },
    body: `<a href="${href}">${STATUS_TEXTS[answer.status] ?? 'Redirect'}</a>.\n\n`,
  }
}
