import { claimSome } from './claim-some.ts'
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WireError } from '../src/core/errors.ts'
import { deliveryId } from '../src/core/ids.ts'
import { packMessage, unpackMessage } from '../src/courier/message.ts'
import { createSeal } from '../src/crypto/seal.ts'
import { courierRoutes } from '../src/http/courier-routes.ts'
import type { Exchange } from '../src/http/exchange.ts'
import { rowIds } from '../src/crypto/row-id.ts'
import { mailboxRoutes } from '../src/ui/mailbox-routes.ts'
import { DIALECTS, startTestApp, type TestApp } from './app.ts'
import { fiveFlows } from './flows/base.ts'
import { httpClient, textAt } from './http-client.ts'
import { startMailServer, type MailServer } from './mail-server.ts'
import { queued } from './store-samples.ts'
import { freshStore } from './stores.ts'

describe.each(DIALECTS)('a recovery on %s, from the form to the mail server and back', (dialect) => {
  let app: TestApp
  let mailServer: MailServer
  const http = httpClient({ keepsCookies: false })

  beforeAll(async () => {
    mailServer = await startMailServer()
    const smtp = {
      connection_uri: `smtp://127.0.0.1:${mailServer.port}/?disable_starttls=true`,
      from_address: 'no-reply@example.test',
      from_name: 'Example',
    }
    app = await startTestApp({ dialect, config: { ...fiveFlows(), courier: { smtp } } })
  })
  afterAll(async () => {
    await app.close()
    await mailServer.close()
  })

  test('the message is listed and shown as Ory shows it', async () => {
    const identity = { schema_id: 'default', traits: { email: 'ann@example.test' } }
    expect((await http.send(`${app.adminUrl}/admin/identities`, { body: identity })).status).toBe(201)
    const flow = await http.get(`${app.publicUrl}/self-service/recovery/api`)
    const answer = await http.send(textAt(flow.json, 'ui.action'), {
      body: { method: 'code', email: 'ann@example.test' },
    })
    expect(answer.status).toBe(200)

    const [arrived] = await mailServer.waitFor(1)
    expect(arrived).toMatchObject({ from: 'no-reply@example.test', to: ['ann@example.test'] })
    const code = /\b\d{6}\b/.exec(arrived?.parsed.text ?? '')?.[0] ?? ''
    expect(arrived?.parsed.subject).toContain(code)

    const url = `${app.adminUrl}/admin/courier/messages?recipient=ann%40example.test`
    const sent = async () => {
      const list: unknown = JSON.parse((await http.get(url)).text)
      return Array.isArray(list) && list[0]?.status === 'sent' ? list : null
    }
    await expect.poll(sent).not.toBeNull()
    const [message] = (await sent()) ?? []
    const shown = {
      id: expect.any(String),
      status: 'sent',
      type: 'email',
      recipient: 'ann@example.test',
      body: expect.stringContaining(code),
      subject: expect.stringContaining(code),
      template_type: 'recovery_code_valid',
      channel: 'email',
      send_count: 1,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    }
    expect(message).toEqual(shown)
    const one = await http.get(`${app.adminUrl}/admin/courier/messages/${message.id}`)
    expect(one.json).toEqual({
      ...shown,
      dispatches: [
        {
          id: expect.any(String),
          message_id: message.id,
          status: 'success',
          error: null,
          created_at: expect.any(String),
          updated_at: expect.any(String),
        },
      ],
    })
    // The same without the prefix, as old clients ask.
    expect((await http.get(`${app.adminUrl}/courier/messages/${message.id}`)).json).toEqual(one.json)
  })

  test('the mailbox of the dev tools shows the mail, whole and harmless', async () => {
    const list = await http.get(`${app.adminUrl}/dev/mailbox`)
    expect(list.status).toBe(200)
    expect(list.text).toContain('Your recovery code')
    const id = /\/dev\/mailbox\/([0-9a-f-]{36})/.exec(list.text)?.[1] ?? ''
    const page = await http.get(`${app.adminUrl}/dev/mailbox/${id}`)
    expect(page.text).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"')
    expect(page.headers.get('content-security-policy')).toContain("frame-src 'self'")
    const letter = await http.get(`${app.adminUrl}/dev/mailbox/${id}/html`)
    expect(letter.headers.get('content-security-policy')).toMatch(/^sandbox allow-popups.*default-src 'none'/)
    expect(letter.text).toContain('Use this code')
    expect((await http.get(`${app.adminUrl}/dev/mailbox.json`)).json).toMatchObject({
      messages: [{ template: 'recovery_code_valid', to: 'ann@example.test', status: 'sent' }],
    })
    expect((await http.get(`${app.adminUrl}/dev/mailbox/${randomUUID()}`)).status).toBe(404)
    expect((await http.get(`${app.adminUrl}/dev/mailbox/x`)).status).toBe(404)
  })

  test.each([
    ['?status=nonsense', 400, 'Message status is not valid'],
    ['?page_token=nonsense', 400, 'The page token is invalid or expired, do not craft your own page tokens'],
    ['?page_size=many', 400, 'The page size is not a number.'],
    ['/nonsense', 400, 'The id of a message must be a UUID.'],
    [`/${randomUUID()}`, 404, 'Unable to locate the resource'],
  ])('%s is answered %i', async (query, status, reason) => {
    const answer = await http.get(`${app.adminUrl}/admin/courier/messages${query}`)
    expect([answer.status, textAt(answer.json, 'error.reason')]).toEqual([status, reason])
  })
})

const exchange = (query: string, params: Exchange['params'] = {}): Exchange => ({
  facts: {
    method: 'GET',
    url: '/',
    headers: {},
    cookies: {},
    clientIp: '127.0.0.1',
    peer: '127.0.0.1',
    userAgent: '',
    location: '',
  },
  path: '/',
  query: new URLSearchParams(query),
  params,
  body: Buffer.alloc(0),
  header: () => null,
})

const bytes = (length: number) => randomBytes(length)
const pages = createSeal(['a secret for pages of this test'], 'page token', { bytes })

/** A store with messages in it, and the routes over it as a server without `--dev` has them. */
async function shelf(count: number, isDev = false) {
  const { store } = await freshStore('sqlite')
  const clock = { at: Date.now(), now: () => clock.at }
  const nextId = rowIds({ now: () => Date.now() }, bytes)
  const message = (at: number) =>
    packMessage({
      channel: 'email',
      recipient: 'ann@example.test',
      template: 'stub',
      subject: `Subject ${at}`,
      text: `Text ${at}`,
      html: '<script>alert(1)</script>',
      data: {},
      requestHeaders: {},
    })
  for (let at = 0; at < count; at++) {
    const delivery = { ...queued({ content: { kind: 'mail', sealed: message(at) } }), id: deliveryId(nextId()) }
    const status = await store.commit([
      {
        kind: 'sendMail',
        message: {
          delivery,
          recipient: at % 2 === 0 ? 'ann@example.test' : 'bob@example.test',
          channel: 'email',
          template: 'stub',
        },
      },
    ])
    expect(status.kind).toBe('committed')
  }
  const routes = courierRoutes({ store, clock, pages, openMessage: isDev ? unpackMessage : null })
  const list = async (query: string) => {
    const answer = await routes[0]?.handle(exchange(query))
    const views: unknown = JSON.parse(String(answer?.body))
    return { views: Array.isArray(views) ? views : [], link: answer?.headers['link'] ?? '' }
  }
  return { store, clock, list, routes }
}

const tokenIn = (link: string, rel: string) => new RegExp(`page_token=([^&>]+)[^>]*>; rel="${rel}"`).exec(link)?.[1]

test('without --dev nobody is shown what a message says', async () => {
  const { list } = await shelf(1)
  const { views } = await list('')
  expect(views[0]).toMatchObject({
    body: '<redacted-unless-dev-mode>',
    subject: '<redacted-unless-dev-mode>',
    status: 'queued',
  })
})

test('pages follow one another, newest first, with tokens that say nothing and end after an hour', async () => {
  const { list, clock } = await shelf(25, true)
  const first = await list('recipient=')
  expect(first.views.map(({ subject }) => subject)).toEqual(Array.from({ length: 10 }, (_, at) => `Subject ${24 - at}`))
  expect(first.link).toMatch(
    /^<\/admin\/courier\/messages\?page_size=10&page_token=[^&>]+&recipient=>; rel="first",<\/admin\/courier\/messages\?page_size=10&page_token=[^&>]+&recipient=>; rel="next"$/,
  )
  const second = await list(`page_token=${tokenIn(first.link, 'next')}`)
  const third = await list(`page_token=${tokenIn(second.link, 'next')}`)
  expect(third.views.map(({ subject }) => subject)).toEqual([
    'Subject 4',
    'Subject 3',
    'Subject 2',
    'Subject 1',
    'Subject 0',
  ])
  expect(tokenIn(third.link, 'next')).toBeUndefined()
  expect((await list(`page_token=${tokenIn(third.link, 'first')}`)).views).toHaveLength(10)
  clock.at += 3_600_001
  await expect(list(`page_token=${tokenIn(first.link, 'next')}`)).rejects.toThrow(WireError)
})

test.each([
  ['page_size=0', 10],
  ['page_size=3', 3],
  ['page_size=100000', 25],
  ['page_size=-4', 10],
  ['status=queued', 10],
  ['status=sent', 0],
  ['status=', 10],
  ['recipient=bob%40example.test&page_size=50', 12],
  ['recipient=nobody%40example.test', 0],
])('%s lists %i of 25', async (query, count) => {
  const { list } = await shelf(25)
  expect((await list(query)).views).toHaveLength(count)
})

test('a failed try is shown with its reason', async () => {
  const { store, routes, list } = await shelf(1)
  const [claimed] = await claimSome(store.deliveries, { limit: 1, lease: 1_000, lane: 'mail' })
  if (claimed === undefined) throw new Error('one was queued')
  expect((await list('status=processing')).views).toHaveLength(1)
  const attempt = {
    requestId: randomUUID(),
    startedAt: 1_000,
    endedAt: 2_000,
    outcome: 'failed',
    status: 550,
    reason: 'no such user',
  } as const
  const lease = { id: claimed.delivery.id, leaseToken: claimed.leaseToken }
  await store.deliveries.complete([{ ...lease, attempts: [attempt], next: { kind: 'dead', reason: 'no such user' } }])
  const answer = await routes[1]?.handle(exchange('', { id: claimed.delivery.id }))
  expect(JSON.parse(String(answer?.body))).toMatchObject({
    status: 'abandoned',
    send_count: 1,
    updated_at: '1970-01-01T00:00:02.000Z',
    dispatches: [
      {
        id: attempt.requestId,
        status: 'failed',
        error: { code: 500, status: 'Internal Server Error', reason: 'no such user' },
        created_at: '1970-01-01T00:00:01.000Z',
        updated_at: '1970-01-01T00:00:02.000Z',
      },
    ],
  })
})

test('an empty mailbox says what to do, and nothing in a mail reaches the page around it', async () => {
  const { store } = await freshStore('sqlite')
  const deps = { messages: store.messages, openMessage: unpackMessage, publicUrl: 'http://id.example.test/' }
  const empty = await mailboxRoutes(deps)[0]?.handle(exchange(''))
  expect(String(empty?.body)).toContain('Make the server write to somebody')
  const { store: full } = await shelf(1)
  const routes = mailboxRoutes({ ...deps, messages: full.messages })
  const [stored] = await full.messages.list({ before: null, size: 1 })
  const page = String((await routes[2]?.handle(exchange('', { id: stored?.id ?? '' })))?.body)
  expect(page).not.toContain('alert(1)')
  const letter = await routes[3]?.handle(exchange('', { id: stored?.id ?? '' }))
  expect(letter?.headers['content-security-policy']).toContain('sandbox allow-popups')
  expect(letter?.headers['content-security-policy']).not.toContain('allow-scripts')
})
