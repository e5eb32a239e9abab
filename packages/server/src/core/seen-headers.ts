import type { JsonObject } from './json.ts'
import type { RequestFacts } from './request.ts'
import { seenUrl } from './seen-url.ts'
import type { Settings } from './settings.ts'

type Seen = Pick<Settings, 'session'> & { readonly clients: Pick<Settings['clients'], 'headerAllowlist'> }

/** The request's headers that the operator lets templates of calls and messages see (ory-actions.md §4.4). */
export function seenHeaders({ headers }: RequestFacts, settings: Seen): JsonObject {
  const allowed = new Set(settings.clients.headerAllowlist.map((name) => name.toLowerCase()))
  const seen = Object.entries(headers)
    .filter(([name]) => allowed.has(name.toLowerCase()))
    .map(([name, values]): readonly [string, readonly string[]] =>
      name.toLowerCase() === 'cookie'
        ? [name, values.map(withoutOwnCookies(settings)).filter(Boolean)]
        : [name, name.toLowerCase() === 'referer' ? values.map(seenUrl) : values],
    )
    .filter(([, values]) => values.length > 0)
  return Object.fromEntries(seen)
}

const withoutOwnCookies = (settings: Seen) => (line: string) =>
  line
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => !isOwnCookie(pair.split('=', 1)[0]?.trim() ?? '', settings))
    .join('; ')

const OWN = /^(?:__Host-|__Secure-)?(?:csrf_token|(?:ory_kratos|cardea)_(?:session|continuity))/i

/** Whoever holds one of these is the person, or can act in their browser. */
export const isOwnCookie = (name: string, { session }: Pick<Settings, 'session'>) =>
  name === session.cookie.name || OWN.test(name)
