import { expect, test } from 'vitest'
import { startTestApp } from '../app.ts'
import { httpClient } from '../http-client.ts'
import { PASSWORD, register, startJourney } from '../journeys.ts'

/** Dear enough that others can be seen to wait. */
const DEAR = { hashers: { algorithm: 'bcrypt', bcrypt: { cost: 11 } } }
const from = (address: string) => {
  const http = httpClient({ keepsCookies: false })
  return {
    ...http,
    send: (url: string, asking: Parameters<typeof http.send>[1]) =>
      http.send(url, { ...asking, headers: { ...asking.headers, 'x-forwarded-for': address } }),
  }
}

test('one place that has hundreds of passwords checked holds nobody else up', async () => {
  const app = await startTestApp({ config: { hashers: { ...DEAR.hashers, queue: { concurrency: 1, length: 20 } } } })
  await register(app.publicUrl, 'ann@example.test')
  const enter = async (address: string, identifier: string) => {
    const login = await startJourney(app.publicUrl, 'login', 'api', { http: from(address) })
    return () => login.submit({ method: 'password', identifier, password: PASSWORD })
  }
  const noisy = await Promise.all(Array.from({ length: 60 }, (_, i) => enter('198.51.100.1', `n${i}@example.test`)))
  const ann = await enter('203.0.113.7', 'ann@example.test')
  const flood = noisy.map((submit) => submit())
  await new Promise((resolve) => setTimeout(resolve, 50))
  const began = performance.now()
  const answer = await ann()
  const took = performance.now() - began
  const answers = await Promise.all(flood)
  expect(answer.status).toBe(200)
  const whole = performance.now() - began
  expect(took).toBeLessThan(whole / 2)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(20)
  expect(answers.every(({ status }) => status === 400 || status === 429)).toBe(true)
  expect(refused[0]?.headers.get('retry-after')).toBe('1')
  expect(refused[0]?.json).toMatchObject({ error: { id: 'rate_limited', code: 429 } })
  await app.close()
})

test('where everybody waits too long they are told to come back; a page says so', async () => {
  const queue = { concurrency: 1, length: 100, wait: '100ms' }
  const app = await startTestApp({ config: { hashers: { ...DEAR.hashers, queue } } })
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const login = await startJourney(app.publicUrl, 'login', 'api', { http: from(`198.51.100.${i}`) })
      return login.submit({ method: 'password', identifier: `n${i}@example.test`, password: PASSWORD })
    }),
  )
  const busy = answers.filter(({ status }) => status === 503)
  expect(busy.length).toBeGreaterThan(0)
  expect(busy[0]?.headers.get('retry-after')).toBe('1')
  expect(busy[0]?.json).toMatchObject({
    error: { id: 'overloaded', code: 503, reason: expect.stringContaining('try again') },
  })
  // It is over as soon as they are gone.
  expect((await register(app.publicUrl, 'later@example.test')).status).toBe(200)
  await app.close()
})

test('a password nobody types is refused, and not hashed', async () => {
  const app = await startTestApp({ profile: 'safe', config: { hashers: { algorithm: 'argon2' } } })
  const flow = await startJourney(app.publicUrl, 'registration', 'api')
  const answer = await flow.submit({
    method: 'password',
    password: 'x'.repeat(4_097),
    traits: { email: 'x@example.test' },
  })
  expect(answer.text).toContain('"id":4000033')
  await register(app.publicUrl, 'ann@example.test')
  const login = await startJourney(app.publicUrl, 'login', 'api')
  const refused = await login.submit({
    method: 'password',
    identifier: 'ann@example.test',
    password: PASSWORD + 'x'.repeat(1_000_000),
  })
  expect(refused.text).toContain('"id":4000006')
  await app.close()
})
