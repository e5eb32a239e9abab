import type { Route } from './exchange.ts'

/**
 * Every admin route is canonically under `/admin`; callers may leave it out, and may put it in front of the health
 * and version routes (ory-identity-api.md §1.1). Returns the URL under which the route is registered.
 */
export function adminPath(routes: readonly Route[]): (url: string) => string {
  const prefixed = routes.filter(({ path }) => path.startsWith('/admin/')).map(({ path }) => firstPart(path.slice(6)))
  const plain = routes.filter(({ path }) => !path.startsWith('/admin/')).map(({ path }) => firstPart(path))
  const [underAdmin, bare] = [new Set(prefixed), new Set(plain)]
  return (url) => {
    if (url.startsWith('/admin/')) return bare.has(firstPart(url.slice(6))) ? url.slice(6) : url
    return underAdmin.has(firstPart(url)) ? `/admin${url}` : url
  }
}

/** `/identities` of `/identities/x?y`. */
const firstPart = (url: string) => /^\/[^/?#]*/.exec(url)?.[0] ?? ''
