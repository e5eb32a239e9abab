import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, type HttpAnswer, httpClient } from '../http-client.ts'
import { CLIENTS, type Client } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { type Somebody, somebody, type Told } from '../somebody.ts'

/** What a receiver may do to a flow (ory-actions.md §4.8): refuse in words, refuse without, say nothing, break. */
const CAUSES = {
  V: { status: 400, json: { messages: [{ messages: [{ id: 4711, text: 'Not today.', type: 'error' }] }] } },
  U: { status: 404 },
  T: () => {},
  P: { status: 500 },
} as const
type Cause = keyof typeof CAUSES
type Flow = 'login' | 'registration' | 'recovery' | 'verification' | 'settings'

let app: TestApp
let receiver: Receiver
const counted = { people: 0 }

beforeAll(async () => {
  receiver = await startReceiver()
  app = await startTestApp({ config: base({}) })
})
afterAll(async () => {
  await app.close()
  await receiver.close()
})
beforeEach(() => receiver.reset())

const base = (flows: JsonObject) =>
  fiveFlows(
    flows,
    {},
    { actions: { timeout: '150ms', attempts: 2, backoff: { base: '1ms' }, awaited_failure: 'fail' } },
  )

/** One hook in one place, and a receiver that behaves like this. */
async function put(flow: Flow, place: JsonObject, cause: Cause): Promise<void> {
  receiver.on('/hook', CAUSES[cause])
  await app.reload(base({ [flow]: place }))
}
const hookFor = (cause: Cause, parses: boolean) =>
  webHook(receiver.url('/hook'), parses || cause === 'V' ? { response: { parse: true } } : {})
const before = (cause: Cause) => ({ before: { hooks: [hookFor(cause, cause === 'V')] } })

const newEmail = () => `person-${++counted.people}@example.test`
async function known(client: Client): Promise<{ readonly ann: Somebody; readonly email: string }> {
  await app.reload(base({}))
  const email = newEmail()
  const ann = somebody(app, client)
  await ann.signUp(email)
  return { ann, email }
}
const identities = async (email: string) => {
  const url = `${app.adminUrl}/admin/identities?credentials_identifier=${email}`
  return JSON.parse((await httpClient({ keepsCookies: false }).get(url)).text)
}

/** What a client sees of an error: the status of the answer and the code in its body, or those on the error page. */
async function errorOf(answer: Told | HttpAnswer): Promise<string> {
  const location = answer.headers.get('location')
  if (location === null)
    return `${answer.status} ${JSON.stringify(at(answer.json, 'error.code') ?? 'flow').replaceAll('"', '')}`
  const id = URL.parse(location)?.searchParams.get('id') ?? ''
  if (!location.includes('/error')) return `${answer.status} ${URL.parse(location)?.pathname}`
  const { json } = await httpClient({ keepsCookies: false }).get(`${app.publicUrl}/self-service/errors?id=${id}`)
  expect(JSON.stringify(json)).not.toContain(String(receiver.port))
  return `error page ${JSON.stringify(at(json, 'error.code'))}`
}

const quiet = (answer: HttpAnswer) => expect(answer.text).not.toContain(String(receiver.port))

// A row: the cause, then what the native client, the script and the page see.
type Row = readonly [Cause, string, string, string]
const AFTER: readonly Row[] = [
  ['V', '400 flow', '400 flow', '303 /FLOW'],
  ['U', '502 502', '502 502', 'error page 502'],
  ['T', '504 504', '504 504', 'error page 504'],
  ['P', '400 500', '500 500', 'error page 500'],
]
const SETTINGS: readonly Row[] = AFTER.map((row) => (row[0] === 'P' ? ['P', '400 500', '400 500', row[3]] : row))
const MAILED: readonly Row[] = AFTER.filter(([cause]) => cause !== 'V').map((row) =>
  row[0] === 'P' ? ['P', '400 500', '400 500', row[3]] : row,
)
/** A refusal before a flow reaches whoever wanted to start it (design.md §3, row 3). */
const BEFORE: readonly Row[] = [
  ['V', '403 403', '403 403', 'error page 403'],
  ['U', '502 502', '502 502', 'error page 502'],
  ['T', '504 504', '504 504', 'error page 504'],
]

const eachClient = (rows: readonly Row[]) =>
  rows.flatMap(([cause, ...seen]) => CLIENTS.map((client, i) => [cause, client, seen[i] ?? ''] as const))

describe.each(['login', 'registration', 'recovery', 'verification'] as const)('before %s', (flow) => {
  test.each(eachClient(BEFORE))('%s, %s: %s', async (cause, client, expected) => {
    await put(flow, before(cause), cause)
    const started = await somebody(app, client).start(flow)
    expect(await errorOf(started)).toBe(expected)
    quiet(started)
    // One body, and not a flow behind the error.
    if (client !== 'form') expect(Object.keys(JSON.parse(started.text))).toEqual(['error'])
    if (cause === 'V' && client !== 'form') expect(at(started.json, 'error.reason')).toBe('Not today.')
  })
})

test.each(eachClient(BEFORE))('before settings: %s, %s: %s', async (cause, client, expected) => {
  const { ann } = await known(client)
  await put('settings', before(cause), cause)
  expect(await errorOf(await ann.start('settings'))).toBe(expected)
})

test.each(eachClient(AFTER))('after login: %s, %s: %s', async (cause, client, expected) => {
  const { email } = await known('api')
  await put('login', { after: { hooks: [hookFor(cause, false)] } }, cause)
  const ann = somebody(app, client)
  const answer = await ann.signIn(email)
  expect(await errorOf(answer)).toBe(expected.replace('FLOW', 'login'))
  quiet(answer)
  expect((await ann.whoami()).status).toBe(401)
  // The same form may be sent again, and nothing was used up.
  receiver.on('/hook', { status: 204 })
  const again = await ann.signIn(email)
  expect([200, 303]).toContain(again.status)
  expect((await ann.whoami()).status).toBe(200)
})

test.each(eachClient(AFTER))('after registration, asked: %s, %s: %s', async (cause, client, expected) => {
  await put('registration', { after: { password: { hooks: [hookFor(cause, true)] } } }, cause)
  if (cause === 'U') receiver.on('/hook', { status: 404, json: { messages: [] } })
  const email = newEmail()
  const answer = await somebody(app, client).signUp(email)
  // A refusal that is to be read and says nothing is broken, not a refusal without words.
  const [native, script, page] = AFTER[3]?.slice(1) ?? []
  const seen = cause === 'U' ? { api: native, ajax: script, form: page }[client] : expected
  expect(await errorOf(answer)).toBe(seen?.replace('303 /FLOW', '302 /registration'))
  quiet(answer)
  expect(await identities(email)).toEqual([])
})

test.each(eachClient(AFTER.filter(([cause]) => cause !== 'V')))(
  'after registration, told and awaited: %s, %s: %s, and the person is stored',
  async (cause, client, expected) => {
    await put('registration', { after: { hooks: [hookFor(cause, false)], password: { hooks: [] } } }, cause)
    const email = newEmail()
    expect(await errorOf(await somebody(app, client).signUp(email))).toBe(expected)
    expect(await identities(email)).toHaveLength(1)
  },
)

test.each(eachClient(SETTINGS))('after settings: %s, %s: %s', async (cause, client, expected) => {
  const { ann, email } = await known(client)
  await put('settings', { after: { profile: { hooks: [hookFor(cause, false)] } } }, cause)
  const { flow } = await ann.start('settings')
  const answer = await ann.submit(flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
  expect(await errorOf(answer)).toBe(expected.replace('FLOW', 'settings'))
  const [stored] = await identities(email)
  // Refused before it is stored, or told of what is stored already.
  expect(stored?.traits.name).toEqual(cause === 'V' ? {} : { first: 'Ann' })
})

describe.each(['recovery', 'verification'] as const)('after %s', (flow) => {
  test.each(eachClient(MAILED))('%s, %s: %s, and the code can be used again', async (cause, client, expected) => {
    const { email } = await known('api')
    const ann = somebody(app, client)
    await put(flow, { after: { hooks: [hookFor(cause, false)] } }, cause)
    const sent = await ann.submit((await ann.start(flow)).flow, { method: 'code', email })
    const code = await codeTo(app, email)
    const answer = await ann.submit(sent.flow, { method: 'code', code })
    expect(await errorOf(answer)).toBe(expected)
    const [refused] = await identities(email)
    expect(refused.verifiable_addresses[0].verified).toBe(false)

    receiver.on('/hook', { status: 204 })
    await ann.submit(sent.flow, { method: 'code', code })
    const [passed] = await identities(email)
    expect(passed.verifiable_addresses[0].verified).toBe(true)
  })
})

describe('on_failure', () => {
  const places: readonly (readonly [
    string,
    Flow,
    (hook: JsonObject) => JsonObject,
    (ann: Somebody, email: string) => Promise<Told>,
  ])[] = [
    ['before a login', 'login', (hook) => ({ before: { hooks: [hook] } }), (ann) => ann.start('login')],
    ['after a login', 'login', (hook) => ({ after: { hooks: [hook] } }), (ann, email) => ann.signIn(email)],
    [
      'before a registration is stored',
      'registration',
      (hook) => ({ after: { password: { hooks: [hook] } } }),
      (ann) => ann.signUp(newEmail()),
    ],
    [
      'once a registration is stored',
      'registration',
      (hook) => ({ after: { password: { hooks: [hook] } } }),
      (ann) => ann.signUp(newEmail()),
    ],
  ]
  test.each(places)(
    '%s: continue lets the person through, queue tells the receiver later',
    async (name, flow, put, act) => {
      const { email } = await known('api')
      const answer = name === 'before a registration is stored' ? { response: { parse: true } } : {}
      for (const [policy, calls] of [
        ['continue', 2],
        ['queue', 3],
      ] as const) {
        receiver.reset()
        receiver.on('/hook', { status: 500 }, { status: 500 }, { status: 200 })
        const hook = webHook(receiver.url('/hook'), { ...answer, on_failure: policy })
        await app.reload(base({ [flow]: put(hook) }))
        expect((await act(somebody(app, 'api'), email)).status).toBe(200)
        expect(receiver.callsTo('/hook')).toHaveLength(2)
        if (calls === 2) continue
        // The first repetition comes within five seconds.
        const [first, , third] = await receiver.waitFor('/hook', 3, 10_000)
        expect(third?.body).toBe(first?.body)
        expect(third?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
      }
    },
    20_000,
  )
})
