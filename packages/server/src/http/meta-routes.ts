import { WireError } from '../core/errors.ts'
import { toTimestamp } from '../core/time.ts'
import type { DoorDeps } from './doors.ts'
import { forwardError } from './doors.ts'
import { errorObject } from './errors.ts'
import { type Answer, type Exchange, json, redirect, type Route, withHeaders } from './exchange.ts'
import { pageLinks, pageToken, readPage, USUAL } from './session-list.ts'

type MetaDeps = DoorDeps & {
  readonly ping: () => Promise<void>
  readonly version: string
  /** What somebody should look at although the server can work; told to administrators alone. */
  readonly warnings?: () => readonly string[]
}

/** Whether the server lives and can work; the same on both listeners. */
export const healthRoutes = (deps: MetaDeps): readonly Route[] => [
  { method: 'GET', path: '/health/alive', csrf: 'ignored', handle: async () => json(200, { status: 'ok' }) },
  {
    method: 'GET',
    path: '/health/ready',
    csrf: 'ignored',
    handle: async () => {
      try {
        await deps.ping()
        const warnings = deps.warnings?.() ?? []
        return json(200, { status: 'ok', ...(warnings.length === 0 ? {} : { warnings }) })
      } catch (error) {
        deps.log(error, { reference: deps.random.uuid(), request: 'GET /health/ready' })
        return json(503, { errors: { database: 'error; the log has the details' } })
      }
    },
  },
]

/** Which configuration is in force, and which build this is. */
export const adminMetaRoutes = (deps: MetaDeps): readonly Route[] => [
  {
    method: 'GET',
    path: '/health/config',
    csrf: 'ignored',
    handle: async () => json(200, { revision: deps.settings.revision }),
  },
  { method: 'GET', path: '/version', csrf: 'ignored', handle: async () => json(200, { version: deps.version }) },
]

/** The identity schemas, and what the error page shows. */
export const publicMetaRoutes = (deps: DoorDeps): readonly Route[] => [
  {
    method: 'GET',
    path: '/.well-known/change-password',
    csrf: 'global',
    // Where password managers send people (W3C change-password-url).
    handle: async () => redirect(303, deps.settings.selfservice.flows.settings.uiUrl),
  },
  { method: 'GET', path: '/schemas', csrf: 'global', handle: (exchange) => listSchemas(deps, exchange) },
  {
    method: 'GET',
    path: '/schemas/:id',
    csrf: 'ignored',
    handle: async (exchange) => {
      const asked = exchange.params.id ?? ''
      const decoded = Buffer.from(asked, 'base64url').toString()
      const found = deps.settings.identity.schemas.find(({ id }) => id === asked || id === decoded)
      if (found) return json(200, found.document)
      const error = new WireError(404, null, { reason: `Identity schema \`${asked}\` could not be found.` })
      return forwardError(deps, exchange, error, 'ajax')
    },
  },
  {
    method: 'GET',
    path: '/self-service/errors',
    csrf: 'global',
    handle: async (exchange) => {
      const id = exchange.query.get('id') ?? exchange.query.get('error') ?? ''
      if (id === 'stub:500') return json(200, stub(deps))
      const found = await deps.store.errors.find(id)
      if (found === null)
        return forwardError(deps, exchange, new WireError(404, 'Unable to locate the resource'), 'ajax')
      const { error, createdAt, updatedAt } = found
      return json(200, { id, error, created_at: toTimestamp(createdAt), updated_at: toTimestamp(updatedAt) })
    },
  },
]

/** The schemas, counted from page 0 (ory-identity-api.md §9.4). */
async function listSchemas(deps: DoorDeps, { query }: Exchange): Promise<Answer> {
  const schemas = deps.settings.identity.schemas.map(({ id, document }) => ({ id, schema: document }))
  const { page, index, size } = readPage(query)
  const perPage = size ?? USUAL
  const from = (query.get('page_token') ? index : page) * perPage
  const shown = schemas.slice(from, from + perPage)
  const link = pageLinks('/schemas', query, {
    page,
    size: size ?? (shown.length || USUAL),
    next: from + perPage < schemas.length ? pageToken(page + 1, null) : null,
    prev: page > 0 ? pageToken(page - 1, null) : null,
  })
  return withHeaders(json(200, shown), { link, 'x-total-count': String(schemas.length) })
}

/** A made-up error, so that people who write an error page have something to look at. */
const stub = ({ clock }: DoorDeps) => ({
  id: 'stub:500',
  error: errorObject(new WireError(500, 'This is a stub error.', { reason: 'This is a stub error.' })),
  created_at: toTimestamp(clock.now()),
  updated_at: toTimestamp(clock.now()),
})
