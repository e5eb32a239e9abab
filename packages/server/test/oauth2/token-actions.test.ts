import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS } from '../app.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import {
  claimsOf,
  introspect,
  type OAuth2TestServer,
  refresh,
  register,
  startOAuth2Server,
  type TestClient,
  token,
  tokensFor,
} from './server.ts'

describe.each(DIALECTS)('on %s', (dialect) => {
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
  })
  afterAll(() => receiver.close())
  afterEach(() => receiver.reset())

  const hook = (path: string, more: JsonObject = {}, config: JsonObject = {}): JsonObject => ({
    hook: 'web_hook',
    ...more,
    config: { url: receiver.url(path), method: 'POST', timeout: '1s', ...config },
  })
  const run = async (tokens: JsonObject, test: (server: OAuth2TestServer, client: TestClient) => Promise<void>) => {
    const server = await startOAuth2Server({
      dialect,
      profile: 'safe',
      config: { tokens, oauth2: { pkce: { enforced: false } } },
    })
    try {
      await test(server, await register(server))
    } finally {
      await server.close()
    }
  }
  const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

  test('actions amend in their order, each told what those before it did', async () => {
    receiver.on('/one', {
      json: { claims: { access_token: { set: { tier: 'gold', seen: 1 } }, id_token: { set: { role: 'admin' } } } },
    })
    receiver.on('/two', (call, response) => {
      expect(JSON.parse(call.body).session.extra).toMatchObject({ tier: 'gold', from_consent: 'at' })
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          claims: { access_token: { remove: ['seen', 'from_consent'] } },
          scope: ['openid', 'offline'],
          lifetimes: { access_token: 60 },
        }),
      )
    })
    await run({ before_issue: { hooks: [hook('/one'), hook('/two')] } }, async (server, client) => {
      const { body } = await tokensFor(server, client)
      expect(body).toMatchObject({ scope: 'openid offline', expires_in: 60 })
      expect(await introspect(server, body.access_token)).toMatchObject({
        scope: 'openid offline',
        ext: { tier: 'gold' },
      })
      expect(claimsOf(body.id_token)).toMatchObject({ role: 'admin', from_consent: 'id' })
      receiver.on('/one', { status: 204 })
      receiver.on('/two', { status: 204 })
      const next = await refresh(server, client, body.refresh_token)
      // What was taken away does not come back by refreshing.
      expect(await introspect(server, next.body.access_token)).toMatchObject({
        scope: 'openid offline',
        ext: { tier: 'gold' },
      })
    })
  })

  test('T80: a refusal is told in the action’s own words, and nothing is used up', async () => {
    await run({ before_issue: { hooks: [hook('/gate', { grants: ['refresh_token'] })] } }, async (server, client) => {
      const { body } = await tokensFor(server, client)
      receiver.on('/gate', {
        status: 400,
        json: { error: 'invalid_grant', error_description: 'This account is closed.' },
      })
      expect(await refresh(server, client, body.refresh_token)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'This account is closed.' },
      })
      receiver.on('/gate', { status: 204 })
      expect((await refresh(server, client, body.refresh_token)).status).toBe(200)
    })
  })

  test('the more special action replaces the more general one', async () => {
    for (const path of ['/all', '/refresh']) receiver.on(path, { status: 204 })
    await run(
      { before_issue: { hooks: [hook('/all'), hook('/refresh', { grants: ['refresh_token'] })] } },
      async (server, client) => {
        const { body } = await tokensFor(server, client)
        await refresh(server, client, body.refresh_token)
        expect([receiver.callsTo('/all').length, receiver.callsTo('/refresh').length]).toEqual([1, 1])
      },
    )
  })

  test.each([
    ['deny', 500],
    ['continue', 200],
  ])('on_failure: %s answers %d when the receiver fails', async (onFailure, status) => {
    receiver.on('/broken', { status: 500 })
    await run({ before_issue: { hooks: [hook('/broken', {}, { on_failure: onFailure })] } }, async (server, client) => {
      expect((await token(server, client, { grant_type: 'client_credentials' })).status).toBe(status)
      expect(server.logged.some(({ event }) => event === 'token_action_failed')).toBe(true)
      expect(server.records).toMatchObject([
        {
          trigger: 'token.before.client_credentials',
          outcome: onFailure === 'deny' ? 'failed' : 'let_through',
          endpoint: receiver.url('/broken'),
        },
      ])
      expect(server.records[0]?.attempts).toHaveLength(3)
    })
  })

  test('a body of one’s own and a condition see the same ctx', async () => {
    receiver.on('/own', { status: 204 })
    const body = base64(
      'function(ctx) { grant: ctx.trigger.token, client: ctx.client.client_name, scopes: ctx.request.granted_scopes }',
    )
    const when = "std.member(ctx.request.granted_scopes, 'read')"
    await run({ before_issue: { hooks: [hook('/own', {}, { body, when })] } }, async (server) => {
      const client = await register(server, { client_name: 'The shop' })
      await token(server, client, { grant_type: 'client_credentials', scope: 'write' })
      expect(receiver.calls).toHaveLength(0)
      await token(server, client, { grant_type: 'client_credentials', scope: 'read' })
      expect(JSON.parse(receiver.calls[0]?.body ?? '')).toEqual({
        grant: 'client_credentials',
        client: 'The shop',
        scopes: ['read'],
      })
      expect(JSON.stringify(receiver.calls)).not.toContain(client.client_secret)
    })
  })

  test('what is told after issue is queued with the token, and not for one that was refused', async () => {
    const tokens = {
      before_issue: { hooks: [hook('/gate')] },
      after_issue: {
        hooks: [
          hook(
            '/told',
            {},
            { headers: { 'X-Key': 'a-secret-header' }, signing: { secrets: ['a-signing-secret-of-enough-bytes'] } },
          ),
        ],
      },
    }
    await run(tokens, async (server, client) => {
      receiver.on('/gate', { status: 403 })
      await token(server, client, { grant_type: 'client_credentials' })
      receiver.on('/gate', { json: { claims: { access_token: { set: { tier: 'gold' } } } } })
      await token(server, client, { grant_type: 'client_credentials' })
      const [call] = await receiver.waitFor('/told')
      expect(call?.headers['x-key']).toBe('a-secret-header')
      expect(call?.headers['webhook-id']).toBeTruthy()
      expect(call?.headers['webhook-signature']).toMatch(/^v1,/)
      // Rendered after all amendments.
      expect(JSON.parse(call?.body ?? '').session.extra).toEqual({ tier: 'gold' })
      expect(receiver.callsTo('/told')).toHaveLength(1)
    })
  })

  test('a receiver that is too slow costs no more than its budget', async () => {
    receiver.on('/slow', { status: 204, delay: 3_000 })
    await run({ before_issue: { hooks: [hook('/slow', {}, { timeout: '200ms' })] } }, async (server, client) => {
      const began = performance.now()
      expect((await token(server, client, { grant_type: 'client_credentials' })).status).toBe(500)
      expect(performance.now() - began).toBeLessThan(1_500)
    })
  })

  test('huge claims are issued or refused, never half', async () => {
    receiver.on('/huge', { json: { claims: { access_token: { set: { blob: 'x'.repeat(300_000) } } } } })
    await run({ before_issue: { hooks: [hook('/huge')] } }, async (server, client) => {
      const { status, body } = await token(server, client, { grant_type: 'client_credentials' })
      expect([200, 500]).toContain(status)
      if (status === 200)
        expect((await introspect(server, body.access_token)).ext).toMatchObject({ blob: 'x'.repeat(300_000) })
    })
  })

  test('a mistake in the list keeps the server from starting, and names the key', async () => {
    await expect(
      startOAuth2Server({
        dialect,
        config: { tokens: { before_issue: { hooks: [hook('/x', { grants: ['password'] })] } } },
      }),
    ).rejects.toThrow(/tokens\.before_issue\.hooks\[0\]\.grants\[0\]/)
  })
})
