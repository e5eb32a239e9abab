import type { JsonObject } from '../../core/json.ts'
import type { OAuth2Client } from '../../core/oauth2.ts'
import { clientView, createClient, type Issued, replaceClient } from '../../oauth2/clients.ts'
import { OAuthFault } from '../../oauth2/fault.ts'
import { hashOf } from '../../oauth2/hash.ts'
import { type Exchange, json, noContent, type Route, withHeaders } from '../exchange.ts'
import { bodyOf } from './answers.ts'
import type { OAuth2Doors } from './deps.ts'

/** Clients that register themselves (RFC 7591, RFC 7592; ory-oauth2.md §2.4). */
export function registerRoutes({ flow }: OAuth2Doors): readonly Route[] {
  const route = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    csrf: 'ignored',
    handle: async (exchange) => {
      if (!flow.settings.registration.enabled)
        throw new OAuthFault(404, 'The requested resource could not be found', 'Dynamic registration is not enabled.')
      return handle(exchange)
    },
  })
  const own = async (exchange: Exchange): Promise<OAuth2Client> => {
    const [, token = ''] = /^bearer +(.+)$/i.exec(exchange.header('authorization') ?? '') ?? []
    const client = await flow.store.oauth2.clients.find(exchange.params['id'] ?? '')
    if (client === null || token === '' || client.registrationTokenHash !== hashOf(token))
      throw new OAuthFault(
        401,
        'The request could not be authorized',
        'The requested OAuth 2.0 client does not exist or you provided incorrect credentials.',
      )
    return client
  }
  return [
    route('POST', '/oauth2/register', async (exchange) => {
      const { client_secret: secret, ...body } = bodyOf(exchange)
      if (secret !== undefined && secret !== null && secret !== '')
        throw new OAuthFault(
          400,
          'invalid_client_metadata',
          'It is not allowed to choose your own OAuth2 Client secret.',
        )
      const issued = await createClient(flow, body, 'client')
      return withHeaders(json(201, shown(issued)), { location: `/oauth2/register/${issued.client.id}` })
    }),
    route('GET', '/oauth2/register/:id', async (exchange) =>
      json(200, withoutMetadata(clientView(await own(exchange)))),
    ),
    route('PUT', '/oauth2/register/:id', async (exchange) =>
      json(200, shown(await replaceClient(flow, await own(exchange), bodyOf(exchange), 'client'))),
    ),
    route('DELETE', '/oauth2/register/:id', async (exchange) => {
      const { id } = await own(exchange)
      await flow.store.commit([{ kind: 'oauth2', change: { write: 'deleteClient', id } }])
      return noContent
    }),
  ]
}

const shown = ({ client, shown: once }: Issued): JsonObject => withoutMetadata({ ...clientView(client), ...once })

const withoutMetadata = ({ metadata: _metadata, ...rest }: JsonObject): JsonObject => rest
