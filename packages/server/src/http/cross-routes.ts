import { FLOWS } from '../core/trigger.ts'
import { type Exchange, redirect, type Route } from './exchange.ts'

type Spelling = readonly [Route['method'], string]

/** Where administrators knock at the wrong door: each is told the right one (ory-identity-api.md §1.1). */
export function toAdminRoutes(adminUrl: string): readonly Route[] {
  const target = ({ path }: Exchange) => `admin${path.replace(/^\/admin(?=\/)/, '')}`
  const both = ADMIN.flatMap(([method, path]): readonly Spelling[] => [
    [method, path],
    [method, `/admin${path}`],
  ])
  return [...both, ['GET', '/admin/courier/messages'] as const].map((spelling) => sendOn(spelling, adminUrl, target))
}

const ADMIN: readonly Spelling[] = [
  ['GET', '/identities'],
  ['POST', '/identities'],
  ['PATCH', '/identities'],
  ['GET', '/identities/by/external/:externalID'],
  ['GET', '/identities/:id'],
  ['PUT', '/identities/:id'],
  ['PATCH', '/identities/:id'],
  ['DELETE', '/identities/:id'],
  ['DELETE', '/identities/:id/credentials/:type'],
  ['DELETE', '/identities/:id/sessions'],
  ['POST', '/recovery/code'],
  ['POST', '/recovery/link'],
]

/** The same for people; the paths are spelt as the admin listener does, with its prefix. */
export const toPublicRoutes = (publicUrl: string): readonly Route[] =>
  PUBLIC.map(([method, path]) =>
    sendOn([method, `/admin${path}`], publicUrl, (exchange) => exchange.path.slice('/admin/'.length)),
  )

const PUBLIC: readonly Spelling[] = [
  ...FLOWS.flatMap((flow): readonly Spelling[] => [
    ['GET', `/self-service/${flow}/browser`],
    ['GET', `/self-service/${flow}/api`],
    ['GET', `/self-service/${flow}/flows`],
    ['GET', `/self-service/${flow}`],
    ['POST', `/self-service/${flow}`],
  ]),
  ['GET', '/self-service/logout/browser'],
  ['GET', '/self-service/logout'],
  ['DELETE', '/self-service/logout/api'],
  ['GET', '/self-service/errors'],
  ['GET', '/schemas'],
  ['GET', '/schemas/:id'],
  ['GET', '/sessions/whoami'],
  ['DELETE', '/sessions'],
]

const sendOn = ([method, path]: Spelling, base: string, target: (exchange: Exchange) => string): Route => ({
  method,
  path,
  csrf: 'ignored',
  handle: async (exchange) => {
    const query = exchange.query.toString()
    return redirect(307, new URL(`${target(exchange)}${query === '' ? '' : `?${query}`}`, base).href)
  },
})
