import type { Route } from './exchange.ts'

/** Routes by name: `GET /sessions/:id`. */
export type RouteTable = ReadonlyMap<string, Route>

/** What a route is called. */
export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`

export const routeTable = (routes: readonly Route[]): RouteTable =>
  new Map(routes.map((route) => [nameOf(route), route]))

/** The routes that are open at a path, whatever their method: what may be asked there instead. */
export function routesAt(routes: RouteTable, path: string): readonly Route[] {
  const parts = path.split('/')
  return [...routes.values()].filter((route) => !route.isClosed && covers(route.path.split('/'), parts))
}

/** `:name` stands for one part, `*` at the end for all that follow. */
const covers = (pattern: readonly string[], path: readonly string[]) =>
  (pattern.at(-1) === '*' ? pattern.length <= path.length : pattern.length === path.length) &&
  pattern.every((part, at) => part === '*' || (part.startsWith(':') ? path[at] !== '' : part === path[at]))

/** Routes that are no part of an API. */
export const outsideApi = (routes: readonly Route[]): readonly Route[] =>
  routes.map((route) => ({ ...route, isOutsideApi: true }))
