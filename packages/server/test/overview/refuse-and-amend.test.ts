import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { CLIENTS, PASSWORD, startJourney } from '../journeys.ts'
import { type Receiver, startReceiver } from '../receiver.ts'

const REFUSAL = {
  messages: [
    {
      instance_ptr: '#/traits/email',
      messages: [{ id: 4711, text: 'This address is not invited.', type: 'error', context: { list: 'spring' } }],
    },
  ],
}

describe.each(DIALECTS)('an action that is asked before a registration is stored, on %s', (dialect) => {
  let receiver: Receiver
  let app: TestApp

  beforeAll(async () => {
    receiver = await startReceiver()
    app = await startTestApp({
      dialect,
      config: {
        selfservice: {
          flows: {
            registration: {
              before: { hooks: [webHook(receiver.url('/before'), { response: { parse: true } })] },
              after: {
                password: {
                  hooks: [
                    webHook(receiver.url('/asked'), { response: { parse: true } }),
                    webHook(receiver.url('/told'), { response: { ignore: true } }),
                    { hook: 'session' },
                  ],
                },
              },
            },
          },
        },
      },
    })
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  beforeEach(() => {
    receiver.reset()
    receiver.on('/before', { status: 204 })
  })

  const identities = async (email: string) => {
    const url = `${app.adminUrl}/admin/identities?credentials_identifier=${encodeURIComponent(email)}`
    return JSON.parse((await httpClient({ keepsCookies: false }).get(url)).text)
  }
  const form = (email: string) => ({ method: 'password', password: PASSWORD, traits: { email } })

  test.each(CLIENTS)('%s: a refusal stands beside its field, and nothing is stored or told', async (client) => {
    const email = `refused-${client}@example.test`
    receiver.on('/asked', { status: 400, json: REFUSAL })
    const journey = await startJourney(app.publicUrl, 'registration', client)
    const answer = await journey.submit(form(email))
    expect(answer.status).toBe(client === 'form' ? 302 : 400)

    const { json } = await journey.fetch()
    const nodes = at(json, 'ui.nodes')
    const field = Array.isArray(nodes) ? nodes.find((node) => at(node, 'attributes.name') === 'traits.email') : null
    expect(field).toMatchObject({
      attributes: { value: email },
      messages: [{ id: 4711, text: 'This address is not invited.', type: 'error', context: { list: 'spring' } }],
    })
    expect(await identities(email)).toEqual([])
    expect(receiver.callsTo('/told')).toEqual([])

    receiver.on('/asked', { status: 204 })
    const second = await journey.submit(form(email))
    expect(second.status).toBe(client === 'form' ? 303 : 200)
    expect(await identities(email)).toHaveLength(1)
    expect(await receiver.waitFor('/told')).toHaveLength(1)
  })

  test('an amendment is what is stored, shown and told', async () => {
    receiver.on('/asked', {
      json: {
        identity: {
          traits: { email: 'amended@example.test', newsletter: true },
          metadata_public: { plan: 'free' },
          metadata_admin: { source: 'campaign' },
        },
      },
    })
    const journey = await startJourney(app.publicUrl, 'registration', 'api')
    const answer = await journey.submit(form('typed@example.test'))
    expect(answer.json).toMatchObject({
      identity: { traits: { email: 'amended@example.test', newsletter: true }, metadata_public: { plan: 'free' } },
    })
    expect(await identities('typed@example.test')).toEqual([])
    expect(await identities('amended@example.test')).toMatchObject([
      { id: at(answer.json, 'identity.id'), metadata_admin: { source: 'campaign' } },
    ])
    const [told] = await receiver.waitFor('/told')
    expect(JSON.parse(told?.body ?? '')).toMatchObject({
      identity: { id: at(answer.json, 'identity.id'), traits: { email: 'amended@example.test', newsletter: true } },
    })

    const login = await startJourney(app.publicUrl, 'login', 'api')
    const signedIn = await login.submit({ method: 'password', identifier: 'amended@example.test', password: PASSWORD })
    expect(signedIn.status).toBe(200)
  })

  test('an amendment that the schema does not allow refuses the registration', async () => {
    receiver.on('/asked', { json: { identity: { traits: { email: 'not an address' } } } })
    const journey = await startJourney(app.publicUrl, 'registration', 'api')
    const answer = await journey.submit(form('typed2@example.test'))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('Enter a valid email address')
    expect(await identities('typed2@example.test')).toEqual([])
  })

  test('a refusal before the flow reaches the person, with every message', async () => {
    receiver.on('/before', { status: 403, json: REFUSAL })
    const native = await startJourney(app.publicUrl, 'registration', 'api')
    expect(native.started.status).toBe(403)
    expect(native.started.json).toMatchObject({
      error: {
        id: 'action_denied',
        reason: 'This address is not invited.',
        details: { messages: [{ field: 'traits.email', id: 4711, text: 'This address is not invited.' }] },
      },
    })
    const browser = await startJourney(app.publicUrl, 'registration', 'form')
    expect(browser.started.status).toBe(303)
    const id = URL.parse(browser.started.headers.get('location') ?? '')?.searchParams.get('id')
    const error = await browser.http.get(`${app.publicUrl}/self-service/errors?id=${id}`)
    expect(at(error.json, 'error.reason')).toBe('This address is not invited.')
  })

  test('two who register with one address at once: one is stored, the other reads why', async () => {
    receiver.on('/asked', { status: 204, delay: 100 })
    const journeys = await Promise.all([1, 2].map(() => startJourney(app.publicUrl, 'registration', 'api')))
    const answers = await Promise.all(journeys.map((journey) => journey.submit(form('twice@example.test'))))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400])
    expect(answers.find(({ status }) => status === 400)?.text).toContain('4000007')
    expect(await identities('twice@example.test')).toHaveLength(1)
    expect(await receiver.waitFor('/told')).toHaveLength(1)
  })

  test('one flow submitted twice at once completes once', async () => {
    receiver.on('/asked', { status: 204, delay: 100 })
    const journey = await startJourney(app.publicUrl, 'registration', 'api')
    const answers = await Promise.all([
      journey.submit(form('double@example.test')),
      journey.submit(form('double@example.test')),
    ])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400])
    expect(await receiver.waitFor('/told')).toHaveLength(1)
  })
})
