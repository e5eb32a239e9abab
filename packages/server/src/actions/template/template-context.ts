import type { AfterContext, BeforeContext, EventContext } from '../../core/action.ts'
import type { DeliveryId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { RequestFacts } from '../../core/request.ts'
import { isOwnCookie, seenHeaders } from '../../core/seen-headers.ts'
import { seenUrl } from '../../core/seen-url.ts'
import type { Settings } from '../../core/settings.ts'
import type { Time } from '../../core/time.ts'
import { flowView, identityView, sessionView, verifiableAddressView } from '../../core/views.ts'

type Moment = {
  readonly settings: Pick<Settings, 'clients' | 'serve' | 'session'>
  readonly deliveryId: DeliveryId
  readonly at: Time
}

/** The `ctx` of a template: Ory's keys (ory-actions.md §4.3), then what we add (design.md §3). */
export function templateContext(moment: Moment, context: BeforeContext | AfterContext | EventContext): JsonObject {
  return {
    ...('flow' in context ? flowContext(moment, context) : eventContext(moment, context)),
    // A body is rendered once and repeated as it is, so it is always that of the first attempt.
    delivery: { id: moment.deliveryId, attempt: 1 },
  }
}

/** Of an event: whom it is about, what is different, and the request that caused it, where one did. */
function eventContext({ settings, at }: Moment, context: EventContext): JsonObject {
  const { trigger, identity, previous, changed, address, session, flowId, request } = context
  const publicUrl = settings.serve.public.baseUrl
  return {
    trigger: { phase: trigger.phase, event: trigger.event },
    identity: identityView(identity, publicUrl),
    ...(previous === undefined ? {} : { previous_identity: identityView(previous, publicUrl) }),
    ...(changed === undefined ? {} : { changed }),
    ...(address === undefined ? {} : { address: verifiableAddressView(address) }),
    ...(session === undefined ? {} : { session: sessionView(session, publicUrl, at) }),
    ...(flowId === null ? {} : { flow_id: flowId }),
    ...(request === null ? {} : requestKeys(request, settings)),
  }
}

const requestKeys = (request: RequestFacts, settings: Seen): JsonObject => ({
  request_headers: seenHeaders(request, settings),
  request_method: request.method,
  request_url: seenUrl(request.url),
  request_cookies: seenCookies(request, settings),
  client_ip: withoutPort(request.clientIp),
})

function flowContext({ settings, at }: Moment, context: BeforeContext | AfterContext): JsonObject {
  const { trigger, flow, request, session } = context
  const publicUrl = settings.serve.public.baseUrl
  const isBefore = (name: typeof trigger.flow) => trigger.phase === 'before' && trigger.flow === name
  const previous = 'previous' in context && context.previous ? identityView(context.previous, publicUrl) : null
  const settled = session === null ? null : identityView(session.identity, publicUrl)
  return {
    flow: flowView(flow, {
      ...(isBefore('login') ? { unsaved: true } : {}),
      ...(isBefore('settings') ? { unpopulated: true } : {}),
      ...(flow.name === 'settings' && settled !== null ? { identity: settled } : {}),
    }),
    ...('identity' in context ? { identity: identityView(context.identity, publicUrl) } : {}),
    ...(previous === null ? {} : { previous_identity: previous }),
    ...sessionKey(context, publicUrl, at),
    ...requestKeys(request, settings),
    trigger:
      trigger.phase === 'before'
        ? { flow: trigger.flow, phase: trigger.phase }
        : {
            flow: trigger.flow,
            phase: trigger.phase,
            method: trigger.method,
            ...('isFirstLogin' in context ? { first_login: context.isFirstLogin } : {}),
          },
    ...('upstream' in context && context.upstream
      ? { upstream: { provider: context.upstream.provider, claims: context.upstream.claims } }
      : {}),
  }
}

/** The address alone: devices show the port of a direct connection as well, as Ory does, and nobody judges by that. */
const withoutPort = (address: string) =>
  address
    .replace(/^\[(.+)\](?::\d+)?$/, '$1')
    .replace(/^((?:::ffff:)?\d+(?:\.\d+){3}):\d+$/i, '$1')
    .replace(/^::ffff:(?=\d+(?:\.\d+){3}$)/i, '')

/** A session is shown where it is being made or used: after a login, and around settings. */
function sessionKey(context: BeforeContext | AfterContext, publicUrl: string, at: Time): JsonObject {
  const { trigger, session } = context
  if (session === null || !(trigger.flow === 'settings' || (trigger.flow === 'login' && trigger.phase === 'after'))) {
    return {}
  }
  const isSamePerson = 'identity' in context && trigger.flow === 'login'
  return { session: sessionView(isSamePerson ? { ...session, identity: context.identity } : session, publicUrl, at) }
}

type Seen = Pick<Settings, 'clients' | 'session'>

function seenCookies({ cookies }: RequestFacts, settings: Seen): JsonObject {
  const { cookieAllowlist } = settings.clients
  const seen = Object.entries(cookies).filter(
    ([name]) =>
      name !== '' && !isOwnCookie(name, settings) && (cookieAllowlist === 'all' || cookieAllowlist.includes(name)),
  )
  return Object.fromEntries(seen)
}
