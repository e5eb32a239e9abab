import type { Json, JsonObject } from '../../core/json.ts'
import type { OAuth2Write } from '../../core/oauth2.ts'
import {
  acceptConsent,
  acceptDevice,
  acceptLogin,
  acceptLogout,
  rejectConsent,
  rejectLogin,
  rejectLogout,
  showConsent,
  showLogin,
  showLogout,
} from '../../oauth2/request-admin.ts'
import { consentView } from '../../oauth2/consent-view.ts'
import {
  clientView,
  createClient,
  deleteRotatedSecrets,
  type Issued,
  patchClient,
  replaceClient,
  replaceLifespans,
  rotateSecret,
} from '../../oauth2/clients.ts'
import { invalidRequest, malformed, notFound } from '../../oauth2/fault.ts'
import { introspect } from '../../oauth2/introspect.ts'
import { createKey, deleteKey, deleteKeySet, keySet, replaceKey, replaceKeySet } from '../../oauth2/key-admin.ts'
import { endSession } from '../../oauth2/logout.ts'
import { listOf } from '../../oauth2/scopes.ts'
import { issuerView, trustIssuer } from '../../oauth2/trust.ts'
import { type Answer, type Exchange, json, noContent, type Route, withHeaders } from '../exchange.ts'
import { answerOf, bodyOf, formOf, parameter, parsedBody } from './answers.ts'
import type { OAuth2Doors } from './deps.ts'
import { pageAnswer, pageOf } from './page.ts'

type Handle = (exchange: Exchange) => Promise<Answer>

const route = (method: Route['method'], path: string, handle: Handle): Route => ({
  method,
  path: `/admin${path}`,
  csrf: 'ignored',
  handle,
})

/** The admin API (ory-oauth2.md §2). */
export const oauth2AdminRoutes = (doors: OAuth2Doors): readonly Route[] => [
  ...clientRoutes(doors),
  ...requestRoutes(doors),
  ...sessionRoutes(doors),
  ...keyRoutes(doors),
  ...trustRoutes(doors),
  route('POST', '/oauth2/introspect', async (exchange) => {
    const form = formOf(exchange)
    if (!form.has('token')) throw invalidRequest('The POST body can not be empty.')
    const answer = await introspect(doors.flow, form.get('token') ?? '', listOf(form.getAll('scope')))
    return withHeaders(json(200, answer), { 'content-type': 'application/json;charset=UTF-8' })
  }),
  route('DELETE', '/oauth2/tokens', async (exchange) => {
    const clientId = parameter(exchange, 'client_id')
    await write(doors, { write: 'deleteAccessTokensOfClient', clientId })
    return noContent
  }),
]

const write = ({ flow }: OAuth2Doors, ...changes: readonly OAuth2Write[]) =>
  flow.store.commit(changes.map((change) => ({ kind: 'oauth2', change })))

function clientRoutes(doors: OAuth2Doors): readonly Route[] {
  const { flow } = doors
  const client = async ({ params }: Exchange) => {
    const found = await flow.store.oauth2.clients.find(params['id'] ?? '')
    if (found === null) throw notFound()
    return found
  }
  const shown = ({ client, shown }: Issued): JsonObject =>
    Object.fromEntries(Object.entries({ ...clientView(client), ...shown }).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return [
    route('GET', '/clients', async (exchange) => {
      const page = pageOf(exchange, flow.seals.pages)
      const rows = await flow.store.oauth2.clients.list({
        after: page.after,
        size: page.size + 1,
        name: exchange.query.get('client_name'),
        owner: exchange.query.get('owner'),
      })
      return pageAnswer(exchange, flow.seals.pages, page, { rows, key: ({ id }) => id, show: clientView })
    }),
    route('POST', '/clients', async (exchange) => {
      const issued = await createClient(flow, bodyOf(exchange), 'admin')
      return withHeaders(json(201, shown(issued)), { location: `/admin/clients/${issued.client.id}` })
    }),
    route('GET', '/clients/:id', async (exchange) => json(200, clientView(await client(exchange)))),
    route('PUT', '/clients/:id', async (exchange) =>
      json(200, shown(await replaceClient(flow, await client(exchange), bodyOf(exchange), 'admin'))),
    ),
    route('PATCH', '/clients/:id', async (exchange) => {
      const operations = parsedBody(exchange)
      const patched = await patchClient(flow, await client(exchange), isJson(operations) ? operations : undefined)
      return json(200, clientView(patched))
    }),
    route('DELETE', '/clients/:id', async (exchange) => {
      const { id } = await client(exchange)
      await write(doors, { write: 'deleteClient', id })
      return noContent
    }),
    route('PUT', '/clients/:id/lifespans', async (exchange) =>
      json(200, clientView(await replaceLifespans(flow, await client(exchange), bodyOf(exchange)))),
    ),
    route('POST', '/clients/:id/secrets/rotate', async (exchange) =>
      json(200, shown(await rotateSecret(flow, await client(exchange)))),
    ),
    route('DELETE', '/clients/:id/secrets/rotate', async (exchange) =>
      json(200, clientView(await deleteRotatedSecrets(flow, await client(exchange)))),
    ),
  ]
}

const isJson = (value: unknown): value is Json => value !== undefined

function requestRoutes({ flow }: OAuth2Doors): readonly Route[] {
  const base = '/oauth2/auth/requests'
  const challenge = (exchange: Exchange, kind: string) => parameter(exchange, `${kind}_challenge`, 'challenge')
  return [
    route('GET', `${base}/login`, async (exchange) => json(200, await showLogin(flow, challenge(exchange, 'login')))),
    route('PUT', `${base}/login/accept`, async (exchange) =>
      json(200, await acceptLogin(flow, challenge(exchange, 'login'), answerOf(exchange))),
    ),
    route('PUT', `${base}/login/reject`, async (exchange) =>
      json(200, await rejectLogin(flow, challenge(exchange, 'login'), answerOf(exchange))),
    ),
    route('GET', `${base}/consent`, async (exchange) =>
      json(200, await showConsent(flow, challenge(exchange, 'consent'))),
    ),
    route('PUT', `${base}/consent/accept`, async (exchange) =>
      json(200, await acceptConsent(flow, challenge(exchange, 'consent'), answerOf(exchange))),
    ),
    route('PUT', `${base}/consent/reject`, async (exchange) =>
      json(200, await rejectConsent(flow, challenge(exchange, 'consent'), answerOf(exchange))),
    ),
    route('GET', `${base}/logout`, async (exchange) =>
      json(200, await showLogout(flow, challenge(exchange, 'logout'))),
    ),
    route('PUT', `${base}/logout/accept`, async (exchange) =>
      json(200, await acceptLogout(flow, challenge(exchange, 'logout'))),
    ),
    route('PUT', `${base}/logout/reject`, async (exchange) => {
      await rejectLogout(flow, challenge(exchange, 'logout'))
      return noContent
    }),
    route('PUT', `${base}/device/accept`, async (exchange) =>
      json(200, await acceptDevice(flow, challenge(exchange, 'device'), answerOf(exchange))),
    ),
  ]
}

function sessionRoutes(doors: OAuth2Doors): readonly Route[] {
  const { flow } = doors
  const base = '/oauth2/auth/sessions'
  return [
    route('GET', `${base}/consent`, async (exchange) => {
      const subject = parameter(exchange, 'subject')
      const page = pageOf(exchange, flow.seals.pages)
      const [, handledAt, id] = /^(\d+):(.+)$/.exec(page.after) ?? []
      const rows = await flow.store.oauth2.consents.ofSubject({
        subject,
        sid: exchange.query.get('login_session_id'),
        before: id === undefined ? null : { handledAt: Number(handledAt), id },
        at: flow.clock.now(),
        size: page.size + 1,
      })
      const clients = new Map(
        await Promise.all(
          [...new Set(rows.map(({ clientId }) => clientId))].map(
            async (each) => [each, await flow.store.oauth2.clients.find(each)] as const,
          ),
        ),
      )
      return pageAnswer(exchange, flow.seals.pages, page, {
        rows,
        key: (consent) => `${consent.handledAt}:${consent.id}`,
        show: (consent) => consentView(consent, clients.get(consent.clientId) ?? null),
      })
    }),
    route('DELETE', `${base}/consent`, async ({ query }) => {
      const [subject, client, id] = ['subject', 'client', 'consent_request_id'].map((name) => query.get(name) ?? '')
      const isAll = query.get('all') === 'true'
      const chosen = [id !== '', subject !== '' && client !== '', subject !== '' && isAll].filter(Boolean)
      if (chosen.length !== 1 || (id !== '' && (subject !== '' || client !== '')))
        throw invalidRequest(
          "Exactly one of 'consent_request_id', 'subject' with 'client', or 'subject' with 'all=true' must be given.",
        )
      const selector =
        id === undefined || id === ''
          ? client === undefined || client === ''
            ? ({ by: 'subject', subject: subject ?? '' } as const)
            : ({ by: 'client', subject: subject ?? '', clientId: client } as const)
          : ({ by: 'id', id } as const)
      await write(doors, { write: 'withdrawConsents', selector })
      return noContent
    }),
    route('DELETE', `${base}/login`, async ({ query }) => {
      const [sid, subject] = [query.get('sid') ?? '', query.get('subject') ?? '']
      if (sid === '' && subject === '') throw invalidRequest("Query parameter 'subject' or 'sid' must be given.")
      if (sid !== '') await endSession(flow, sid)
      else await write(doors, { write: 'deleteLoginsOf', subject })
      return noContent
    }),
  ]
}

function keyRoutes({ flow }: OAuth2Doors): readonly Route[] {
  const set = ({ params }: Exchange) => params['set'] ?? ''
  const kid = ({ params }: Exchange) => params['kid'] ?? ''
  return [
    route('GET', '/keys/:set', async (exchange) => json(200, await keySet(flow, set(exchange), null))),
    route('POST', '/keys/:set', async (exchange) => json(201, await createKey(flow, set(exchange), bodyOf(exchange)))),
    route('PUT', '/keys/:set', async (exchange) =>
      json(200, await replaceKeySet(flow, set(exchange), bodyOf(exchange))),
    ),
    route('DELETE', '/keys/:set', async (exchange) => {
      await deleteKeySet(flow, set(exchange))
      return noContent
    }),
    route('GET', '/keys/:set/:kid', async (exchange) => json(200, await keySet(flow, set(exchange), kid(exchange)))),
    route('PUT', '/keys/:set/:kid', async (exchange) =>
      json(200, await replaceKey(flow, set(exchange), kid(exchange), bodyOf(exchange))),
    ),
    route('DELETE', '/keys/:set/:kid', async (exchange) => {
      await deleteKey(flow, set(exchange), kid(exchange))
      return noContent
    }),
  ]
}

function trustRoutes(doors: OAuth2Doors): readonly Route[] {
  const { flow } = doors
  const base = '/trust/grants/jwt-bearer/issuers'
  const issuer = async ({ params }: Exchange) => {
    const id = params['id'] ?? ''
    if (!/^[0-9a-f-]{36}$/i.test(id)) throw malformed('the id is not a UUID')
    const found = await flow.store.oauth2.issuers.find(id)
    if (found === null) throw notFound()
    return found
  }
  return [
    route('GET', base, async (exchange) => {
      const page = pageOf(exchange, flow.seals.pages)
      const rows = await flow.store.oauth2.issuers.list({
        after: page.after,
        size: page.size + 1,
        issuer: exchange.query.get('issuer'),
      })
      return pageAnswer(exchange, flow.seals.pages, page, { rows, key: ({ id }) => id, show: issuerView })
    }),
    route('POST', base, async (exchange) => json(201, issuerView(await trustIssuer(flow, bodyOf(exchange))))),
    route('GET', `${base}/:id`, async (exchange) => json(200, issuerView(await issuer(exchange)))),
    route('DELETE', `${base}/:id`, async (exchange) => {
      const { id } = await issuer(exchange)
      await write(doors, { write: 'deleteIssuer', id })
      return noContent
    }),
  ]
}
