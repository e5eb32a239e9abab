import { expect, test } from 'vitest'
import { introspect, refresh, register, startOAuth2Server, tokensFor } from '../oauth2/server.ts'
import { startReceiver } from '../receiver.ts'

test('S7: OAuth2 runs actions when an access token is refreshed, and what they say is in the new token', async () => {
  const receiver = await startReceiver()
  receiver.on('/refreshed', { json: { claims: { access_token: { set: { tier: 'gold' } } } } })
  const hook = {
    hook: 'web_hook',
    grants: ['refresh_token'],
    config: { url: receiver.url('/refreshed'), method: 'POST' },
  }
  const server = await startOAuth2Server({ config: { tokens: { before_issue: { hooks: [hook] } } } })
  const client = await register(server)
  const { body } = await tokensFor(server, client)
  expect(receiver.calls).toHaveLength(0)
  const refreshed = await refresh(server, client, body.refresh_token)
  expect(receiver.callsTo('/refreshed')).toHaveLength(1)
  expect((await introspect(server, refreshed.body.access_token)).ext).toMatchObject({ tier: 'gold' })
  await server.close()
  await receiver.close()
})
