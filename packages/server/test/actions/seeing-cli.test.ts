import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { runCardea } from '../cli-runner.ts'
import { httpClient, textAt } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const http = httpClient({ keepsCookies: false })
const code = (source: string) => `base64://${Buffer.from(source).toString('base64')}`
const BODY = code(`function(ctx) { email: ctx.identity.traits.email, token: 'hush-hush' }`)
const folder = mkdtempSync(join(tmpdir(), 'cardea-seeing-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const TOKEN = 'the-token-of-an-administrator-1234'

describe.each(DIALECTS)('cardea actions on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
    receiver.on('/crm', { status: 400, headers: { 'content-type': 'text/plain' }, body: 'no such list' })
    const hook = (id: string, more: JsonObject = {}) =>
      webHook(receiver.url(`/${id}`), { id, body: BODY, response: { ignore: true }, ...more })
    app = await startTestApp({
      dialect,
      config: {
        serve: { admin: { auth: { bearer_tokens: [TOKEN] } } },
        selfservice: {
          flows: {
            registration: {
              after: { password: { hooks: [hook('crm'), hook('late', { when: 'false' }), { hook: 'session' }] } },
            },
          },
        },
      },
    })
    await somebody(app, 'api').signUp('ann@example.test')
    await vi.waitFor(async () => expect(await deliveries('?status=dead')).toHaveLength(1), 10_000)
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const deliveries = async (query = ''): Promise<readonly JsonObject[]> => {
    const { text } = await http.get(`${app.adminUrl}/admin/deliveries${query}`, { authorization: `Bearer ${TOKEN}` })
    return JSON.parse(text)
  }
  const cardea = (...args: readonly string[]) => runCardea(['actions', ...args, '-e', app.adminUrl, '--token', TOKEN])

  test('list, deliveries and show read as tables, without secrets', async () => {
    const [delivery] = await deliveries()
    const id = textAt(delivery, 'id')
    const list = await cardea('list')
    const all = await cardea('deliveries', '--status', 'dead')
    const shown = await cardea('show', id)
    const action = await cardea('show', 'crm')
    expect(list.code).toBe(0)
    expect(list.out).toMatch(/^action +state +runs at +when +call +waiting +receiver +note\n/)
    expect(list.out).toMatch(/\ncrm +active +registration\.after\.password +queued +POST http\S+\/crm +0 +ok/)
    expect(all.out).toMatch(/ crm +registration\.after\.password +dead +1 +- +answered 400\n/)
    expect(shown.out).toContain(`delivery    ${id}\n`)
    expect(shown.out).toMatch(/\n {2}POST http\S+\/crm\n/)
    expect(shown.out).toContain('"token":"<redacted>"')
    expect(shown.out).toMatch(/\n1 +\S+Z +failed +400 +\d+ ms +- .* answered 400\n/)
    expect(shown.out).toContain('no such list')
    expect(action.out).toContain('runs at     registration.after.password\n')
    expect(`${list.out}${all.out}${shown.out}`).not.toContain('hush-hush')
  })

  test('explain says which ran, which did not, and why', async () => {
    const [delivery] = await deliveries()
    const flow = await cardea('explain', textAt(delivery, 'flow_id'))
    expect(flow.code).toBe(0)
    expect(flow.out).toMatch(/^flow \S+: registration \(api\), completed.*, started /)
    expect(flow.out).toMatch(
      /ran +dead +crm +registration\.after\.password\.hooks\[0\] +given up \(1 try\): answered 400/,
    )
    expect(flow.out).toMatch(
      /- +skipped +late +registration\.after\.password\.hooks\[1\] +its condition was false: false/,
    )
    expect(flow.out).toMatch(/ran +proceeded +session +registration\.after\.password\.hooks\[2\]/)
    const one = await cardea('explain', textAt(delivery, 'id'), '--format', 'json')
    expect(JSON.parse(one.out)).toMatchObject({ outcome: 'dead', steps: [{ trigger: 'registration.after.password' }] })
  })

  test('pause keeps, resume lets go, and replay tells again', async () => {
    const paused = await cardea('pause', 'crm', '--for', '1h', '--reason', 'they move')
    expect(paused.out).toMatch(/^crm is paused: what it has to tell waits until \S+Z\.\n$/)
    const before = receiver.callsTo('/crm').length
    receiver.on('/crm', { status: 200 })
    const replayed = await cardea('replay', '--status', 'dead', '--action', 'crm')
    expect(replayed).toMatchObject({ code: 0, out: expect.stringMatching(/^1 delivery told again; /) })
    expect((await cardea('list')).out).toMatch(/\ncrm +paused .* 1 +ok +since \S+ until \S+: they move\n/)
    expect((await cardea('resume', 'crm')).out).toBe('crm goes on.\n')
    await receiver.waitFor('/crm', before + 1)
    expect((await cardea('replay', '--status', 'dead', '--dry-run')).out).toBe('No delivery matches.\n')
  })

  test('dry-run, test and trigger try actions without anything having happened', async () => {
    const calls = receiver.calls.length
    const ctx = join(folder, 'ctx.json')
    writeFileSync(ctx, JSON.stringify({ identity: { traits: { email: 'dee@example.test' } } }))
    const dry = await cardea('dry-run', 'crm', '--ctx', ctx)
    expect(dry.out).toContain('dee@example.test')
    expect(dry.out).toContain('Nothing was sent.\n')
    const skipped = await cardea('dry-run', 'late')
    expect(skipped.out).toContain('its condition `when` is false: nobody would be called\n')
    expect(receiver.calls).toHaveLength(calls)
    const sent = await cardea('test', 'crm')
    expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/\nSent, answered 200 \(.*wait [\d.]+ ms/) })
    receiver.on('/crm', { status: 500 })
    expect((await cardea('test', 'crm')).code).toBe(1)
    receiver.on('/crm', { status: 200 })
    const all = await cardea('trigger', 'registration.after.password')
    expect(all.out).toMatch(/^crm, from delivery \S+\n[^]*\nlate, from [^]*Without a call, so not tried: session\.\n$/)
  })

  test('tail shows the last of what happened', async () => {
    const { code: exit, out } = await cardea('tail', '--once')
    expect(exit).toBe(0)
    expect(out).toMatch(/\n?\d\d:\d\d:\d\d {2}skipped +late +registration\.after\.password /)
    expect(out).toMatch(/\d\d:\d\d:\d\d {2}delivered +crm +registration\.after\.password +\S+ +\d tr/)
  })

  test.each([
    [['show', 'crn'], 'There is no action crn. Did you mean crm?'],
    [['show', '00000000-0000-4000-8000-000000000000'], 'There is no delivery 00000000'],
    [['pause', 'crm', '--for', 'soon'], 'for must be a duration'],
    [['explain', '00000000-0000-4000-8000-000000000000'], 'Nothing is known of 00000000'],
    [['explain', 'crm'], 'crm is not the id of a flow, a person or a delivery'],
    [['replay'], 'Which? Name deliveries, or filter'],
    [['replay', '--status', 'lost'], 'status must be one of pending, delivered, dead, cancelled'],
    [['trigger', 'login.before'], 'Nothing runs at login.before. Actions run at registration.after.password.'],
    [['dry-run', 'crm', '--ctx', '/no/such/file'], '/no/such/file cannot be read'],
    [['list', '--format', 'yaml'], '--format is either table or json.'],
  ])('%j is refused in a sentence', async (args, text) => {
    const { code: exit, err } = await cardea(...args)
    expect(exit).toBe(1)
    expect(err).toContain(text)
    expect(err).not.toContain('    at ')
  })
})

test('without a token, and without a server, it says what to do', async () => {
  const { code: exit, err } = await runCardea(['actions', 'list', '-e', 'http://127.0.0.1:9'])
  expect(exit).toBe(1)
  expect(err).toMatch(/^The server does not answer at http:\/\/127\.0\.0\.1:9 .*\nStart it, or say where/)
})
