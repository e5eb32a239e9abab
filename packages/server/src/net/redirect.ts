import type { Answered, OutgoingCall } from './outgoing.ts'

/** What another origin may see of a call: nothing that proves who we are (design.md §3, row 12). */
const HARMLESS = new Set(['accept', 'accept-language', 'content-type', 'traceparent', 'user-agent', 'webhook-id'])

/** Where a redirect leads, if it may be followed at all: only those that keep method and body, and never away from TLS. */
export function nextHop(call: OutgoingCall, { status, headers }: Answered): OutgoingCall | null {
  if (status !== 307 && status !== 308) return null
  const from = new URL(call.url)
  const to = headers.location === undefined ? null : URL.parse(headers.location, call.url)
  if (to === null || !(to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'))) return null
  // A receiver must not choose credentials for us.
  to.username = ''
  to.password = ''
  if (to.origin === from.origin) return { ...call, url: to.href }
  const { credentials: _, ...bare } = call
  const kept = Object.entries(call.headers).filter(([name]) => HARMLESS.has(name.toLowerCase()))
  return { ...bare, url: to.href, headers: Object.fromEntries(kept) }
}
