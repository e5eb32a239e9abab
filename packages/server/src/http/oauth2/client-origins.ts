import { textsOf } from '../../oauth2/client-metadata.ts'
import { findLiveToken } from '../../oauth2/find-token.ts'
import type { Answer, Exchange } from '../exchange.ts'
import { withHeaders } from '../exchange.ts'
import { formOf } from './answers.ts'
import type { OAuth2Doors } from './deps.ts'

/** Where a client shows who it is, so that its own origins count besides the configured ones. */
const WITH_CLIENT = new Set(['/oauth2/token', '/oauth2/revoke', '/oauth2/device/auth', '/userinfo'])

export const isForClients = (path: string) => WITH_CLIENT.has(path)

/** Lets a page of one of the client's `allowed_cors_origins` read the answer (ory-oauth2.md §2.4). */
export async function forOwnOrigin(doors: OAuth2Doors, exchange: Exchange, answer: Answer): Promise<Answer> {
  const origin = exchange.header('origin')
  const { cors } = doors.flow.settings.serve.public
  if (!cors.enabled || origin === null || !isForClients(exchange.path)) return answer
  const id = await clientIdOf(doors, exchange)
  const client = id === null ? null : await doors.flow.store.oauth2.clients.find(id)
  if (client === null || !textsOf(client.fields, 'allowed_cors_origins').includes(origin)) return answer
  return withHeaders(answer, {
    'access-control-allow-origin': origin,
    vary: 'Origin',
    ...(cors.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  })
}

async function clientIdOf({ flow }: OAuth2Doors, exchange: Exchange): Promise<string | null> {
  const authorization = exchange.header('authorization') ?? ''
  const [, basic] = /^basic +(.+)$/i.exec(authorization) ?? []
  if (basic !== undefined) return decodeURIComponent(Buffer.from(basic, 'base64').toString().split(':')[0] ?? '')
  const [, bearer] = /^bearer +(.+)$/i.exec(authorization) ?? []
  if (bearer !== undefined) return (await findLiveToken(flow, bearer))?.session.clientId ?? null
  return formOf(exchange).get('client_id')
}
