import type { Route } from './exchange.ts'

export type Params = { readonly [name: string]: string }

/** What is behind a method and a path. */
export type Found =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Params }
  /** The path is known, the method is not. */
  | { readonly kind: 'wrong_method'; readonly allow: readonly string[]; readonly csrf: Route['csrf'] }
  | { readonly kind: 'unknown' }
  /** An escape in the path is none. */
  | { readonly kind: 'malformed' }

export type Router = (method: string, path: string) => Found

type Place = { readonly parts: readonly string[]; readonly routes: Map<string, Route> }

/**
 * Finds the route of a request: by the whole path where it has no parameters, else by its parts. `:name` stands for one
 * part, `*` at the end for all that follow. HEAD is served by GET.
 */
export function createRouter(routes: readonly Route[]): Router {
  const places = new Map<string, Place>()
  for (const route of routes) {
    const place = places.get(route.path) ?? { parts: route.path.split('/'), routes: new Map<string, Route>() }
    place.routes.set(route.method, route)
    places.set(route.path, place)
  }
  const patterns = [...places.values()].filter(({ parts }) => parts.some(isParameter))

  return (method, path) => {
    const exact = places.get(path)
    const direct = exact === undefined ? undefined : routeAt(exact, method)
    if (direct !== undefined) return { kind: 'route', route: direct, params: NONE }
    const given = decoded(path)
    if (given === null) return { kind: 'malformed' }
    const matching = patterns.filter(({ parts }) => matches(parts, given))
    for (const place of matching) {
      const route = routeAt(place, method)
      if (route !== undefined) return { kind: 'route', route, params: paramsOf(place.parts, given) }
    }
    const here = [...(exact === undefined ? [] : [exact]), ...matching].flatMap((place) => [...place.routes.values()])
    return here.length === 0 ? { kind: 'unknown' } : wrongMethod(here)
  }
}

const NONE: Params = {}

const isParameter = (part: string) => part.startsWith(':') || part === '*'

const routeAt = ({ routes }: Place, method: string) => routes.get(method === 'HEAD' ? 'GET' : method)

const matches = (parts: readonly string[], given: readonly string[]) =>
  (parts.at(-1) === '*' ? parts.length <= given.length : parts.length === given.length) &&
  parts.every((part, at) => part === '*' || (isParameter(part) ? given[at] !== '' : part === given[at]))

/** The parts of a path; null where an escape in it is not well formed. */
function decoded(path: string): readonly string[] | null {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return null
  }
}

const paramsOf = (parts: readonly string[], given: readonly string[]): Params =>
  Object.fromEntries(parts.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), given[at] ?? '']] : [])))

/** A path is spared the CSRF layer only if all that is there is (ory-identity-api.md §1.8). */
const wrongMethod = (here: readonly Route[]): Found => ({
  kind: 'wrong_method',
  allow: [...new Set(here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))],
  csrf: here.every(({ csrf }) => csrf === 'ignored') ? 'ignored' : 'global',
})
