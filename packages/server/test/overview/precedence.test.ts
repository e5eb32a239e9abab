import { Configuration, FrontendApi } from '@ory/client-fetch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient, textAt } from '../http-client.ts'
import { CLIENTS, PASSWORD, register, startJourney } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'

/**
 * S41 of the overview: hook_1 at every start, hook_3 for password, hook_2 for every other method. The overview's own
 * configuration, with three web_hooks in place of the three names.
 */
describe.each(DIALECTS)('the configuration of the overview on %s', (dialect) => {
  let receiver: Receiver
  let app: TestApp

  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({
      dialect,
      config: {
        selfservice: {
          flows: {
            login: {
              before: { hooks: [webHook(receiver.url('/hook_1'))] },
              after: {
                hooks: [webHook(receiver.url('/hook_2'))],
                password: { hooks: [webHook(receiver.url('/hook_3'))] },
              },
            },
          },
        },
      },
    })
    await register(app.publicUrl, 'ann@example.test')
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const called = () => receiver.calls.map(({ path }) => path)

  test.each(CLIENTS)(
    '%s: hook_1 when the flow starts, hook_3 when the password is right, hook_2 never',
    async (client) => {
      receiver.reset()
      const journey = await startJourney(app.publicUrl, 'login', client)
      expect(called()).toEqual(['/hook_1'])

      const wrong = await journey.submit({ method: 'password', identifier: 'ann@example.test', password: 'wrong' })
      expect(wrong.status).toBe(client === 'form' ? 303 : 400)
      expect(called()).toEqual(['/hook_1'])

      const right = await journey.submit({ method: 'password', identifier: 'ann@example.test', password: PASSWORD })
      expect(right.status).toBe(client === 'form' ? 303 : 200)
      expect(called()).toEqual(['/hook_1', '/hook_3'])

      const [before, after] = receiver.calls.map(({ body }) => JSON.parse(body))
      expect(before).toMatchObject({ flow: { id: journey.flowId }, trigger: { flow: 'login', phase: 'before' } })
      expect(before.identity).toBeUndefined()
      expect(after).toMatchObject({
        flow: { id: journey.flowId },
        identity: { traits: { email: 'ann@example.test' } },
        trigger: { flow: 'login', phase: 'after', method: 'password' },
      })
    },
  )

  test('the official client signs in, and the same hooks run', async () => {
    receiver.reset()
    const ory = new FrontendApi(new Configuration({ basePath: app.publicUrl }))
    const flow = await ory.createNativeLoginFlow()
    const { session, session_token } = await ory.updateLoginFlow({
      flow: flow.id,
      updateLoginFlowBody: { method: 'password', identifier: 'ann@example.test', password: PASSWORD },
    })
    expect(called()).toEqual(['/hook_1', '/hook_3'])
    const own = await ory.toSession({ xSessionToken: session_token ?? '' })
    expect(own.id).toBe(session.id)
    expect(own.identity?.traits).toEqual({ email: 'ann@example.test', name: {} })

    await ory.performNativeLogout({ performNativeLogoutBody: { session_token: session_token ?? '' } })
    await expect(ory.toSession({ xSessionToken: session_token ?? '' })).rejects.toMatchObject({
      response: { status: 401 },
    })
  })

  test('a browser signs in, sees who it is, and signs out', async () => {
    const journey = await startJourney(app.publicUrl, 'login', 'form')
    const { http } = journey
    const signedIn = await journey.submit({ method: 'password', identifier: 'ANN@example.test ', password: PASSWORD })
    expect(signedIn.headers.get('location')).toBe('http://ui.example.test/')

    const whoami = await http.get(`${app.publicUrl}/sessions/whoami`, { accept: 'application/json' })
    expect(whoami.json).toMatchObject({ active: true, identity: { traits: { email: 'ann@example.test' } } })

    const { json } = await http.get(`${app.publicUrl}/self-service/logout/browser`, { accept: 'application/json' })
    const out = await http.get(textAt(json, 'logout_url'), { accept: 'text/html' })
    expect(out.status).toBe(303)
    const after = await http.get(`${app.publicUrl}/sessions/whoami`, { accept: 'application/json' })
    expect(after.status).toBe(401)
  })

  test('an unknown person costs hook_1 and no more', async () => {
    receiver.reset()
    const journey = await startJourney(app.publicUrl, 'login', 'api')
    const answer = await journey.submit({ method: 'password', identifier: 'nobody@example.test', password: PASSWORD })
    expect(answer.status).toBe(400)
    expect(called()).toEqual(['/hook_1'])
  })

  test('a stolen cookie of nobody signs nobody in', async () => {
    const http = httpClient({ keepsCookies: true })
    http.cookies.set('ory_kratos_session', 'AAAA')
    const answer = await http.get(`${app.publicUrl}/sessions/whoami`, { accept: 'application/json' })
    expect(answer.status).toBe(401)
  })
})
