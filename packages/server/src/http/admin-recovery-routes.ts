import { parseDuration } from '../core/duration.ts'
import { WireError } from '../core/errors.ts'
import type { RecoveryFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { identityId, isUuid } from '../core/ids.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Milliseconds } from '../core/time.ts'
import { toTimestamp } from '../core/time.ts'
import { openRecoveryFor } from '../flows/admin-recovery.ts'
import type { FlowDeps } from '../flows/define.ts'
import { checkReturnTo } from '../flows/return-url.ts'
import { uiUrl } from './answer-flow.ts'
import { parseJson } from './body.ts'
import { type Answer, type Exchange, json, type Route } from './exchange.ts'

type Deps = { readonly flows: FlowDeps }

/** Codes and links that administrators make for people (ory-identity-api.md §9.6). */
export const adminRecoveryRoutes = (deps: Deps): readonly Route[] => [
  { method: 'POST', path: '/admin/recovery/code', csrf: 'ignored', handle: (x) => makeCode(deps, x) },
  { method: 'POST', path: '/admin/recovery/link', csrf: 'ignored', handle: (x) => makeLink(deps, x) },
]

const bad = (reason: string) => new WireError(400, null, { reason })

async function makeCode(deps: Deps, exchange: Exchange): Promise<Answer> {
  const { settings } = deps.flows
  const body = bodyOf(exchange)
  const lifespan = lifespanOf(body, settings.methods.code.lifespan)
  const type = typeOf(body)
  const identity = await find(deps, body)
  if (identity === null)
    throw new WireError(404, 'Unable to locate the resource', { reason: 'could not find identity' })
  const request = exchange.facts
  const made = await openRecoveryFor(deps.flows, { by: 'code', identity, type, returnTo: null, lifespan, request })
  return unescaped(201, {
    recovery_code: made.secret,
    recovery_link: uiUrl({ settings }, made.flow),
    expires_at: toTimestamp(made.expiresAt),
  })
}

async function makeLink(deps: Deps, exchange: Exchange): Promise<Answer> {
  const { settings } = deps.flows
  if (!settings.methods.link.enabled) {
    throw new WireError(404, null, {
      reason:
        'This endpoint was disabled by system administrator. Please check your url or contact the system administrator to enable it.',
    })
  }
  const body = bodyOf(exchange)
  const lifespan = lifespanOf(body, settings.methods.link.lifespan)
  const returnTo = checkReturnTo(settings, exchange.query.get('return_to'))
  const identity = await find(deps, body)
  if (identity === null) throw bad('The requested identity id does not exist.')
  const request = exchange.facts
  const made = await openRecoveryFor(deps.flows, { by: 'link', identity, type: 'browser', returnTo, lifespan, request })
  return unescaped(200, { recovery_link: made.secret, expires_at: toTimestamp(made.expiresAt) })
}

function bodyOf({ body }: Exchange): JsonObject {
  const value = parseJson(body.toString())
  if (value === undefined || !isJsonObject(value)) throw bad('The body must be a JSON object: {"identity_id": "…"}.')
  return value
}

function lifespanOf({ expires_in }: JsonObject, usual: Milliseconds): Milliseconds {
  if (expires_in === undefined || expires_in === null || expires_in === '') return usual
  const text = typeof expires_in === 'string' ? expires_in : JSON.stringify(expires_in)
  const lifespan = parseDuration(text.replace(/^-/, ''))
  if (lifespan === null) {
    throw bad(`Unable to parse "expires_in" as a duration string (e.g. "1h", "1m30s", "500ms"): ${text}`)
  }
  if (lifespan <= 0 || text.startsWith('-')) {
    throw bad(`Value from "expires_in" must result to a future time: ${text}`)
  }
  return lifespan
}

function typeOf({ flow_type }: JsonObject): RecoveryFlow['type'] {
  if (flow_type === undefined || flow_type === null) return 'browser'
  if (flow_type === 'browser' || flow_type === 'api') return flow_type
  throw bad(`Value from "flow_type" is not valid: ${JSON.stringify(flow_type)}`)
}

async function find({ flows }: Deps, { identity_id }: JsonObject): Promise<IdentityWithCredentials | null> {
  return typeof identity_id === 'string' && isUuid(identity_id)
    ? flows.store.identities.find(identityId(identity_id.toLowerCase()))
    : null
}

/** Ory leaves the `&` of these links as it is (ory-identity-api.md §1.2). */
const unescaped = (status: number, body: JsonObject): Answer => ({
  ...json(status, body),
  body: `${JSON.stringify(body)}\n`,
})
