import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const http = httpClient({ keepsCookies: false })

describe.each(DIALECTS)('the metrics on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
    receiver.on('/gate', { status: 500 }, { status: 200, delay: 40 })
    app = await startTestApp({
      dialect,
      config: {
        actions: { backoff: { base: '10ms' } },
        selfservice: {
          flows: {
            login: { before: { hooks: [webHook(receiver.url('/gate?token=hush-hush'), { id: 'gate' })] } },
            registration: {
              after: {
                password: {
                  hooks: [
                    webHook(receiver.url('/crm'), { id: 'crm', response: { ignore: true } }),
                    { hook: 'session' },
                  ],
                },
              },
            },
          },
        },
      },
    })
    await somebody(app, 'api').signUp('ann@example.test')
    await somebody(app, 'api').start('login')
    await http.get(`${app.publicUrl}/no/such/path/${'x'.repeat(9)}`)
    await receiver.waitFor('/crm')
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const scrape = async () => (await http.get(`${app.adminUrl}/metrics/prometheus`)).text
  const valueOf = (text: string, name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    )

  test('requests are counted by the routes they took, never by their paths', async () => {
    const text = await scrape()
    const of = (route: string, method: string, status: number) =>
      valueOf(
        text,
        `cardea_http_request_duration_seconds_count{listener="public",method="${method}",route="${route}",status="${status}"}`,
      )
    expect(of('/self-service/login/api', 'GET', 200)).toBe(1)
    expect(of('/self-service/registration', 'POST', 200)).toBe(1)
    expect(of('none', 'GET', 404)).toBe(1)
    expect(text).not.toContain('/no/such/path')
  })

  test('a blocking call is split into our part, its receiver’s and the pause between tries', async () => {
    const text = await scrape()
    const sum = (part: string) =>
      valueOf(text, `cardea_action_duration_seconds_sum{action="gate",trigger="login.before",part="${part}"}`)
    expect(valueOf(text, 'cardea_action_calls_total{action="gate",trigger="login.before",outcome="proceeded"}')).toBe(1)
    expect(sum('receiver')).toBeGreaterThan(0.03)
    expect(sum('own')).toBeLessThan(sum('receiver'))
    expect(sum('pause')).toBeGreaterThan(0.004)
    expect(valueOf(text, 'cardea_action_attempts_total{action="gate",lane="asked",result="5xx"}')).toBe(1)
    expect(valueOf(text, 'cardea_action_attempts_total{action="gate",lane="asked",result="2xx"}')).toBe(1)
  })

  test('a queued delivery is counted once it is told', async () => {
    const delivered =
      'cardea_deliveries_total{action="crm",trigger="registration.after.password",lane="call",outcome="delivered"}'
    await expect.poll(async () => valueOf(await scrape(), delivered)).toBe(1)
    expect(valueOf(await scrape(), 'cardea_delivery_first_attempt_seconds_count{lane="call"}')).toBe(1)
  })

  test('nothing of a call, a person or a secret is in them, and the public listener has none', async () => {
    expect(await scrape()).not.toMatch(/hush-hush|ann@example\.test/)
    expect((await http.get(`${app.publicUrl}/metrics/prometheus`)).status).toBe(404)
    expect((await http.get(`${app.adminUrl}/admin/metrics/prometheus`)).status).toBe(200)
  })
})
