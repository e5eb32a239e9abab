import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { withCodes } from '../code/base.ts'
import { again, codeOf, connectApp, factors, nowOf, signedUp, writeCodes } from '../factors/world.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, type HttpClient, httpClient, textAt } from '../http-client.ts'
import { PASSWORD, startJourney } from '../journeys.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { freshPostgres } from '../postgres.ts'
import { somebody } from '../somebody.ts'
import { freshFolder } from '../stores.ts'

/** Somebody at an address of their own. */
const from = (address: string, keepsCookies = false): HttpClient => {
  const http = httpClient({ keepsCookies })
  const behind = { 'x-forwarded-for': address }
  return {
    cookies: http.cookies,
    get: (url, headers = {}) => http.get(url, { ...headers, ...behind }),
    send: (url, asking) => http.send(url, { ...asking, headers: { ...asking.headers, ...behind } }),
  }
}

const HOME = '203.0.113.7'
const limits = (rates: JsonObject): JsonObject => ({ security: { rate_limits: { enabled: true, ...rates } } })

const signUp = async (app: TestApp, email: string, http = from(HOME)) =>
  (await startJourney(app.publicUrl, 'registration', 'api', { http })).submit({
    method: 'password',
    password: PASSWORD,
    traits: { email },
  })
const signIn = async (app: TestApp, identifier: string, password: string, http = from(HOME)) =>
  (await startJourney(app.publicUrl, 'login', 'api', { http })).submit({ method: 'password', identifier, password })
const recover = async (app: TestApp, email: string, http = from(HOME)) => {
  const flow = await http.get(`${app.publicUrl}/self-service/recovery/api`)
  return http.send(textAt(flow.json, 'ui.action'), { body: { method: 'code', email } })
}

const WRONG = 'not-the-password-9'

describe.each(DIALECTS)('who tries too often, on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({
      dialect,
      config: {
        ...fiveFlows(),
        ...limits({
          sign_in: { per_account: ['6/1h'], per_account_and_address: ['3/3m'], per_address: ['30/1h'] },
          registration: { per_address: ['4/1h'] },
          mail: { per_recipient: ['2/1h', '3/24h'], per_address: ['5/1h'] },
        }),
      },
    })
  })
  afterAll(() => app.close())

  test.each(['known', 'unknown'])(
    'an account that is %s is refused alike, and says when to come back',
    async (which) => {
      const email = `${which}@example.test`
      const http = from(which === 'known' ? '198.51.100.1' : '198.51.100.2')
      if (which === 'known') await signUp(app, email)
      for (let i = 0; i < 3; i++)
        expect(at((await signIn(app, email, WRONG, http)).json, 'ui.messages.0.id')).toBe(4000006)
      const refused = await signIn(app, email, PASSWORD, http)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
      expect(refused.json).toEqual({
        error: {
          id: 'rate_limited',
          code: 429,
          status: 'Too Many Requests',
          reason: expect.stringMatching(
            /^This was tried too often\. Please wait (?:60|59|58) seconds and try again\.$/,
          ),
          message: 'Too many requests',
        },
      })
      app.turn(61_000)
      expect((await signIn(app, email, PASSWORD, http)).status).toBe(which === 'known' ? 200 : 400)
    },
  )

  test('good tries cost nothing, however many', async () => {
    await signUp(app, 'busy@example.test')
    for (let i = 0; i < 8; i++) expect((await signIn(app, 'busy@example.test', PASSWORD)).status).toBe(200)
  })

  test('strangers who spend the budget of an account stop nobody where they have signed in before', async () => {
    const victim = 'victim@example.test'
    await signUp(app, victim, from('203.0.113.50'))
    for (let i = 0; i < 8; i++) await signIn(app, victim, WRONG, from(`198.51.100.${100 + i}`))
    expect((await signIn(app, victim, PASSWORD, from('198.51.100.200'))).status).toBe(429)
    expect((await signIn(app, victim, PASSWORD, from('203.0.113.50'))).status).toBe(200)
    // The way back by mail is open from everywhere, and makes its place a known one.
    const http = from('203.0.113.60')
    const flow = await http.get(`${app.publicUrl}/self-service/recovery/api`)
    await http.send(textAt(flow.json, 'ui.action'), { body: { method: 'code', email: victim } })
    const code = (await mailsTo(app, victim)).findLast(({ template }) => template.startsWith('recovery'))?.code ?? ''
    const recovered = await http.send(textAt(flow.json, 'ui.action'), { body: { method: 'code', code } })
    expect(recovered.status).toBe(422)
    expect((await signIn(app, victim, PASSWORD, http)).status).toBe(200)
  })

  test('of a hundred tries at once no more are looked at than may', async () => {
    const email = 'raced@example.test'
    await signUp(app, email, from('203.0.113.70'))
    const http = from('198.51.100.60')
    const flows = await Promise.all(
      Array.from({ length: 100 }, () => startJourney(app.publicUrl, 'login', 'api', { http })),
    )
    const answers = await Promise.all(
      flows.map((flow) => flow.submit({ method: 'password', identifier: email, password: WRONG })),
    )
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(3)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(97)
  })

  test('a page shows it in its form', async () => {
    const email = 'page@example.test'
    const http = from('198.51.100.61', true)
    const page = await startJourney(app.publicUrl, 'login', 'form', { http })
    for (let i = 0; i < 4; i++) {
      const answer = await page.submit({ method: 'password', identifier: email, password: WRONG })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringContaining(page.flowId)])
    }
    expect(at((await page.fetch()).json, 'ui.messages')).toEqual([
      expect.objectContaining({ id: 4000001, text: expect.stringContaining('Please wait') }),
    ])
  })

  test('signing up is limited by where it comes from', async () => {
    const http = from('198.51.100.62')
    for (let i = 0; i < 4; i++) expect((await signUp(app, `many-${i}@example.test`, http)).status).toBe(200)
    expect((await signUp(app, 'many-5@example.test', http)).status).toBe(429)
    expect((await signUp(app, 'elsewhere@example.test', from('198.51.100.63'))).status).toBe(200)
  })

  test.each(['known', 'unknown'])('nobody is written to more often than wanted, be they %s', async (which) => {
    const email = `mailed-${which}@example.test`
    if (which === 'known') await signUp(app, email, from('203.0.113.80'))
    const sources = Array.from({ length: 6 }, (_, i) => from(`198.51.100.${(which === 'known' ? 70 : 80) + i}`))
    const answers = await Promise.all(sources.map((http) => recover(app, email, http)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 429, 429, 429, 429])
    const sent = (await mailsTo(app, email)).filter(({ template }) => template.startsWith('recovery'))
    expect(sent).toHaveLength(which === 'known' ? 2 : 0)
    // The greater span holds as well.
    app.turn(3_700_000)
    expect([(await recover(app, email)).status, (await recover(app, email)).status]).toEqual([200, 429])
  })

  test('one place does not have more mail sent than it may, to whomever', async () => {
    const http = from('198.51.100.90')
    const answers = []
    for (let i = 0; i < 6; i++) answers.push((await recover(app, `bombed-${i}@example.test`, http)).status)
    expect(answers).toEqual([200, 200, 200, 200, 200, 429])
  })
})

describe.each(DIALECTS)('second factors and codes, on %s', (dialect) => {
  const tight = limits({
    second_factor: { per_account: ['4/1h'], per_account_and_address: ['2/1h'] },
    mail: { per_recipient: ['2/1h'], per_address: ['50/1h'] },
  })

  test('guesses at one factor are bounded, close no other, and stop nobody who has shown it there before', async () => {
    const app = await startTestApp({ dialect, config: { ...factors(), ...tight } })
    onTestFinished(() => app.close())
    const { ann, email } = await signedUp(app, 'api')
    const secret = await connectApp(ann)
    const codes = await writeCodes(ann)
    // At home it has been shown once.
    const home = await again(app, email, 'api')
    const shown = await home.ann.start('login', '?aal=aal2')
    expect((await home.ann.submit(shown.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })).status).toBe(
      200,
    )

    const guess = async (address: string, method: 'totp' | 'lookup_secret', code: string) => {
      const http = from(address)
      const token = textAt((await signIn(app, email, PASSWORD, http)).json, 'session_token')
      const headers = { 'x-session-token': token }
      const { json } = await http.get(`${app.publicUrl}/self-service/login/api?aal=aal2`, headers)
      const field = method === 'totp' ? 'totp_code' : 'lookup_secret'
      const url = textAt(json, 'ui.action')
      return (await http.send(url, { headers, body: { method, [field]: code } })).status
    }
    const places = ['198.51.100.1', '198.51.100.1', '198.51.100.1', '198.51.100.2', '198.51.100.2', '198.51.100.3']
    const statuses = []
    for (const place of places) statuses.push(await guess(place, 'totp', '000000'))
    expect(statuses).toEqual([400, 400, 429, 400, 400, 429])
    expect(await guess('198.51.100.3', 'lookup_secret', codes[0] ?? '')).toBe(200)
    const later = await again(app, email, 'api')
    const step = await later.ann.start('login', '?aal=aal2')
    app.turn(30_000)
    const entered = await later.ann.submit(step.flow, { method: 'totp', totp_code: codeOf(secret, nowOf(30_000)) })
    expect(entered.status).toBe(200)
  })

  test('a code that is used costs no mail; those that are not run out, whoever has the address', async () => {
    const app = await startTestApp({ dialect, config: { ...withCodes(), ...tight } })
    onTestFinished(() => app.close())
    const email = 'ann@example.test'
    await signUp(app, email)
    const ask = async (identifier: string) => {
      const login = await startJourney(app.publicUrl, 'login', 'api', { http: from(HOME) })
      return { login, status: (await login.submit({ method: 'code', identifier })).status }
    }
    for (let i = 0; i < 4; i++) {
      const { login, status } = await ask(email)
      expect(status).toBe(400)
      const answer = await login.submit({ method: 'code', identifier: email, code: await codeTo(app, email) })
      expect(answer.status).toBe(200)
    }
    for (const identifier of [email, 'nobody@example.test']) {
      const statuses = [await ask(identifier), await ask(identifier), await ask(identifier)].map(({ status }) => status)
      expect(statuses).toEqual([400, 400, 429])
    }
    const sign = async (address: string) => {
      const flow = await startJourney(app.publicUrl, 'registration', 'api', { http: from(address) })
      return (await flow.submit({ method: 'code', traits: { email: 'new@example.test' } })).status
    }
    expect([await sign('198.51.100.1'), await sign('198.51.100.2'), await sign('198.51.100.3')]).toEqual([
      400, 400, 429,
    ])
    expect((await mailsTo(app, 'new@example.test')).length).toBe(2)
  })

  test('who is signed in does not have strangers written to without end', async () => {
    const app = await startTestApp({ dialect, config: { ...fiveFlows(), ...tight } })
    onTestFinished(() => app.close())
    const ann = somebody(app, 'api')
    await ann.signUp('ann@example.test')
    const { flow } = await ann.start('settings')
    const change = async (email: string) => (await ann.submit(flow, { method: 'profile', traits: { email } })).status
    const statuses = []
    for (let i = 0; i < 3; i++) {
      statuses.push(await change('stranger@example.test'))
      await change('ann@example.test')
    }
    expect(statuses).toEqual([200, 200, 429])
    expect(await mailsTo(app, 'stranger@example.test')).toHaveLength(2)
  })
})

test.each(DIALECTS)('limits on %s outlive the process and are shared by all', async (dialect) => {
  const postgres = dialect === 'postgres' ? await freshPostgres() : null
  const dsn = postgres?.url ?? `sqlite://${join(freshFolder(), 'limits.db')}`
  const config = { dsn, ...limits({ sign_in: { per_account_and_address: ['4/1h'] } }) }
  const first = await startTestApp({ config })
  onTestFinished(() => postgres?.drop())
  const second = postgres === null ? null : await startTestApp({ config })
  const statuses = []
  for (const app of [first, second ?? first, first, second ?? first, first]) {
    statuses.push((await signIn(app, 'shared@example.test', WRONG)).status)
  }
  expect(statuses).toEqual([400, 400, 400, 400, 429])
  await first.close()
  await second?.close()
  const third = await startTestApp({ config })
  expect((await signIn(third, 'shared@example.test', WRONG)).status).toBe(429)
  await third.close()
})

test('where nothing is limited nothing is counted', async () => {
  const app = await startTestApp()
  for (let i = 0; i < 15; i++) expect((await signIn(app, 'free@example.test', WRONG)).status).toBe(400)
  await app.close()
})
