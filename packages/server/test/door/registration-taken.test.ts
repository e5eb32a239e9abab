import { describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, type HttpAnswer } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { mailsTo } from '../mails.ts'
import { saidIn, somebody } from '../somebody.ts'

const ANN = 'ann@example.test'
const ui_url = 'http://ui.example.test/registration'

const withoutSession = (more: JsonObject = {}, registration: JsonObject = {}): JsonObject =>
  fiveFlows(
    {
      registration: {
        ui_url,
        style: 'unified',
        after: { password: { hooks: [{ hook: 'show_verification_ui' }] } },
        ...registration,
      },
    },
    {},
    more,
  )
const HIDING: JsonObject = { security: { account_enumeration: { mitigate: true } } }

async function start(dialect: 'sqlite' | 'postgres', config: JsonObject): Promise<TestApp> {
  const app = await startTestApp({ dialect, config })
  onTestFinished(() => app.close())
  return app
}

/** What is different with every answer, taken out of it. */
const plain = ({ status, headers, text }: HttpAnswer, email: string) => ({
  status,
  headers: [...headers.keys()].filter((name) => name !== 'content-length').toSorted(),
  location: hidden(headers.get('location') ?? '', email),
  body: hidden(text, email),
})
const hidden = (text: string, email: string) =>
  text
    .replaceAll(email, 'EMAIL')
    .replaceAll(encodeURIComponent(email), 'EMAIL')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, 'TIME')
    .replaceAll(/"csrf_token","type":"hidden","value":"[^"]+"/g, '"csrf_token"')

describe.each(DIALECTS)('signing up with an address that is taken, on %s', (dialect) => {
  test.each(CLIENTS)('looks like any other sign-up to a %s client, and its owner is told', async (client) => {
    const app = await start(dialect, withoutSession(HIDING))
    await somebody(app, 'api').signUp(ANN)
    const before = (await mailsTo(app, ANN)).length
    const taken = await somebody(app, client).signUp(ANN)
    const free = await somebody(app, client).signUp('free@example.test')
    expect(plain(taken, ANN)).toEqual(plain(free, 'free@example.test'))
    expect(taken.status).toBe(client === 'form' ? 303 : 200)

    const told = (await mailsTo(app, ANN)).slice(before)
    expect(told.map(({ template }) => template)).toEqual(['registration_duplicate'])
    expect(told[0]?.text).toContain('There is an account with this address already')
    // Nobody got a second account, and the password of the first one is what it was.
    const people = await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${ANN}`)
    expect(JSON.parse(await people.text())).toHaveLength(1)
    expect((await somebody(app, 'api').signIn(ANN)).status).toBe(200)
    // The verification that both are led to takes no code for it.
    const id = textOf(at(taken.json, 'continue_with.0.flow.id'))
    if (client === 'api') {
      const shown = await somebody(app, 'api').see('verification', id)
      const wrong = await somebody(app, 'api').submit(shown.flow, { method: 'code', code: '123456' })
      expect(saidIn(wrong.flow)).toEqual(['4070006'])
    }
  })

  test('is said where people would be signed in at once', async () => {
    const session = { after: { password: { hooks: [{ hook: 'session' }] } } }
    const app = await start(dialect, withoutSession(HIDING, session))
    await somebody(app, 'api').signUp(ANN)
    expect(saidIn((await somebody(app, 'api').signUp(ANN)).flow)).toEqual(['4000007'])
    expect((await mailsTo(app, ANN)).map(({ template }) => template)).not.toContain('registration_duplicate')
  })

  test('tells its owner no more often than they may be written to', async () => {
    const rate_limits = { enabled: true, mail: { per_recipient: ['2/1h'] } }
    const app = await start(
      dialect,
      withoutSession({ security: { account_enumeration: { mitigate: true }, rate_limits } }),
    )
    await somebody(app, 'api').signUp(ANN)
    for (let i = 0; i < 4; i++) expect((await somebody(app, 'api').signUp(ANN)).status).toBe(200)
    const told = (await mailsTo(app, ANN)).filter(({ template }) => template === 'registration_duplicate')
    expect(told).toHaveLength(2)
  })

  test('is said with how its owner signs in, where people are to be told', async () => {
    const app = await start(dialect, withoutSession({}, { login_hints: true }))
    await somebody(app, 'api').signUp(ANN)
    const answer = await somebody(app, 'api').signUp(ANN)
    expect(at(answer.flow, 'ui.messages')).toEqual([
      {
        id: 4000028,
        type: 'error',
        text: `You tried signing in with ${ANN} which is already in use by another account. You can sign in using your password.`,
        context: {
          available_credential_types: ['password'],
          available_oidc_providers: [],
          credential_identifier_hint: ANN,
        },
      },
    ])
    await app.reload({
      security: { account_enumeration: { mitigate: true } },
      selfservice: { flows: { registration: { after: { password: { hooks: [{ hook: 'session' }] } } } } },
    })
    expect(saidIn((await somebody(app, 'api').signUp(ANN)).flow)).toEqual(['4000007'])
  })
})

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
