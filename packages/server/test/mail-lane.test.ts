import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCourier } from '../src/courier/courier.ts'
import { renderMail } from '../src/courier/render-mail.ts'
import { createTemplateCache, openMessageTemplates } from '../src/courier/templates.ts'
import type { CourierSettings } from '../src/core/courier-settings.ts'
import type { Effect } from '../src/core/effect.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { TemplateName } from '../src/core/mail.ts'
import { createSeal } from '../src/crypto/seal.ts'
import { openClient } from '../src/net/client.ts'
import { connectSocket } from '../src/net/connect-socket.ts'
import { startOutbox } from '../src/outbox/start-outbox.ts'
import { realWorld } from '../src/world.ts'
import { claimSome } from './claim-some.ts'
import { actionWorld, request } from './action-world.ts'
import { startMailServer, startSilentServer } from './mail-server.ts'
import { startReceiver } from './receiver.ts'
import { person, queued } from './store-samples.ts'
import { DIALECTS, type Dialect, freshDsn, freshStore } from './stores.ts'
import { openStore } from '../src/store/open-store.ts'
import { storeDeps } from './store-deps.ts'

const secret = 'a secret of thirty-two characters'
const CLIENTS = { privateAddressExceptions: [], maxRedirects: 0, headerAllowlist: [], cookieAllowlist: [] } as const

/** A store, a mail server and an outbox between them. The queue's clock can be turned. */
async function lane(dialect: Dialect, changes: Partial<CourierSettings> = {}) {
  const world = realWorld()
  const turned = { by: 0 }
  const queueClock = { now: () => Date.now() + turned.by }
  const { store } = await freshStore(dialect, { queueClock })
  const mailServer = await startMailServer()
  const client = openClient(() => ({ privateAddresses: 'allowed', ...CLIENTS }), { userAgent: 'cardea/test' })
  const logged: { event: string; fields: JsonObject }[] = []
  const log = (_level: string, event: string, fields: JsonObject) => void logged.push({ event, fields })
  const settings: { courier: CourierSettings } = {
    courier: {
      email: {
        kind: 'smtp',
        connectionUri: `smtp://127.0.0.1:${mailServer.port}/?disable_starttls=true`,
        clientCertPath: null,
        clientKeyPath: null,
        fromAddress: 'no-reply@example.test',
        fromName: 'Example',
        headers: {},
        localName: 'localhost',
        privateAddresses: 'allowed',
      },
      senders: [],
      sms: null,
      templates: [],
      templateFolder: null,
      messageRetries: 2,
      pullCount: 3,
      pullWait: 50,
      ...changes,
    },
  }
  const files = { readFile: async () => '', listFolder: async () => [] }
  const templates = openMessageTemplates({
    settings: settings.courier,
    client,
    log,
    ...world,
    ...files,
    cache: createTemplateCache(),
  })
  const seal = { of: createSeal([secret], 'message', { bytes: randomBytes }) }
  const courier = openCourier({
    client,
    connect: connectSocket,
    ...files,
    settings: () => settings.courier,
    seal: () => seal.of,
    keepsUnsent: () => false,
    readTemplate: (location) => templates.read(location),
  })
  const start = () =>
    startOutbox({
      ...world,
      queue: store.deliveries,
      client,
      log,
      concurrency: 4,
      pollInterval: 50,
      sendingOf: () => null,
      settings: () => ({ attempts: 1, backoff: { base: 1, jitter: false }, awaitedFailure: 'retry' }),
      mail: {
        send: (message, signal) => courier.send(message, signal),
        retries: () => settings.courier.messageRetries,
        concurrency: settings.courier.pullCount,
        pollInterval: settings.courier.pullWait,
      },
    })
  const running = { outbox: start() }
  onTestFinished(async () => {
    await running.outbox.stop(100)
    await courier.close()
    await client.close()
    await mailServer.close()
  })
  const mail = (to: string, code = '123456', template: TemplateName = 'recovery_code_valid'): Promise<Effect> =>
    renderMail(
      { ...world, settings: actionWorld().settings, templates, log, seal: seal.of },
      { template, to, via: 'email', data: { recovery_code: code, login_code: code, expires_in_minutes: 60 }, request },
    )
  const commit = async (effects: readonly Effect[]) => {
    const done = await store.commit(effects)
    running.outbox.wake()
    return done
  }
  const turn = (by: number) => {
    turned.by += by
    running.outbox.wake()
  }
  return { store, mailServer, settings, seal, logged, mail, commit, turn, running, start }
}

async function until(is: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 8_000
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error('it never came to this')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe.each(DIALECTS)('on %s', (dialect) => {
  const all = { before: null, size: 100 }

  test('a mail is sent once its commit is done, and the row says so', async () => {
    const { store, mailServer, mail, commit } = await lane(dialect)
    await commit([await mail('ann@example.test')])
    await mailServer.waitFor(1)
    expect(mailServer.mails[0]).toMatchObject({
      to: ['ann@example.test'],
      parsed: { subject: 'Your recovery code: 123456' },
    })
    await until(async () => (await store.messages.list(all))[0]?.status === 'sent')
    const [stored] = await store.messages.list(all)
    expect(stored).toMatchObject({
      recipient: 'ann@example.test',
      channel: 'email',
      templateType: 'recovery_code_valid',
      sendCount: 1,
    })
    expect(stored?.sealed).not.toContain('123456')
    const attempts = stored === undefined ? [] : await store.deliveries.attemptsOf(stored.id)
    expect(attempts).toMatchObject([{ outcome: 'delivered', status: 250, reason: '' }])
    expect(mailServer.mails[0]?.parsed.messageId).toBe(`<${stored?.id}@example.test>`)
  })

  test('no mail leaves for work that is rolled back', async () => {
    const { store, mailServer, mail, commit } = await lane(dialect)
    const ann = person('ann@example.test')
    await commit([{ kind: 'createIdentity', identity: ann }])
    // The same address again: the identity cannot be stored, so neither is the mail.
    const other = person('ann@example.test')
    expect(await commit([await mail('ann@example.test'), { kind: 'createIdentity', identity: other }])).toMatchObject({
      kind: 'conflict',
    })
    await commit([await mail('eve@example.test')])
    await mailServer.waitFor(1)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(mailServer.mails.map(({ to }) => to)).toEqual([['eve@example.test']])
    expect(await store.messages.list(all)).toHaveLength(1)
  })

  test('what fails is tried again as often as configured and then abandoned, each try kept', async () => {
    const { store, mailServer, mail, commit, turn, logged } = await lane(dialect)
    mailServer.refuse('recipient', ...Array.from({ length: 3 }, () => ({ code: 451, text: 'greylisted' })))
    await commit([await mail('ann@example.test')])
    for (const tries of [1, 2, 3]) {
      await until(async () => (await store.messages.list(all))[0]?.sendCount === tries)
      turn(3_600_000)
    }
    const [stored] = await store.messages.list(all)
    expect(stored).toMatchObject({ status: 'abandoned', sendCount: 3 })
    const attempts = stored === undefined ? [] : await store.deliveries.attemptsOf(stored.id)
    expect(attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['retry', 451],
      ['retry', 451],
      ['retry', 451],
    ])
    expect(logged.map(({ event }) => event)).toEqual(['mail_postponed', 'mail_postponed', 'mail_abandoned'])
    expect(mailServer.mails).toEqual([])
  })

  test('a mail to nobody is abandoned at once; others are not held up', async () => {
    const { store, mailServer, mail, commit } = await lane(dialect)
    await commit([
      await mail('nobody\r\nBcc: eve@example.org'),
      await mail(`${'a'.repeat(10_000)}@example.test`),
      await mail('ann@example.test'),
    ])
    await mailServer.waitFor(1)
    await until(async () => (await store.messages.list({ ...all, status: 'abandoned' })).length === 2)
    expect(mailServer.mails.map(({ to }) => to)).toEqual([['ann@example.test']])
  })

  test('a mail server that hangs holds up no webhook, and no other way to send', async () => {
    const { mailServer, mail, commit, settings } = await lane(dialect)
    const silent = await startSilentServer()
    const receiver = await startReceiver()
    onTestFinished(async () => {
      await receiver.close()
      await silent.close()
    })
    const { email } = settings.courier
    if (email?.kind !== 'smtp') throw new Error('mail goes by SMTP')
    settings.courier = {
      ...settings.courier,
      email: { ...email, connectionUri: `smtp://127.0.0.1:${silent.port}/?disable_starttls=true` },
    }
    await commit(await Promise.all(Array.from({ length: 10 }, () => mail('ann@example.test'))))
    await until(() => silent.connections() === 3)
    const call = { method: 'POST', url: receiver.url('/hook'), headers: {}, body: '{}', secretHeaders: [] }
    const delivery = queued({ content: { kind: 'rendered', call, timeout: 2_000, emitHeaders: true } })
    await commit([{ kind: 'notify', delivery }])
    expect(await receiver.waitFor('/hook', 1, 2_000)).toHaveLength(1)
    expect(mailServer.mails).toEqual([])
  })

  test('some mail has a sender of its own, by its template, over a server of its own', async () => {
    const { store, mailServer, mail, commit, settings } = await lane(dialect)
    const other = await startMailServer()
    onTestFinished(() => other.close())
    const { email } = settings.courier
    if (email?.kind !== 'smtp') throw new Error('mail goes by SMTP')
    const smtp = {
      ...email,
      connectionUri: `smtp://127.0.0.1:${other.port}/?disable_starttls=true`,
      fromAddress: 'codes@example.org',
      fromName: 'Codes',
      headers: { 'X-Pool': 'codes' },
    }
    settings.courier = { ...settings.courier, senders: [{ templates: ['login_code_valid'], smtp }] }
    await commit(await Promise.all([mail('ann@example.test'), mail('ann@example.test', '654321', 'login_code_valid')]))
    await Promise.all([mailServer.waitFor(1), other.waitFor(1)])
    expect(mailServer.mails[0]?.parsed).toMatchObject({ subject: 'Your recovery code: 123456' })
    expect(mailServer.mails[0]?.from).toBe('no-reply@example.test')
    expect(other.mails[0]).toMatchObject({
      from: 'codes@example.org',
      parsed: { subject: 'Your sign-in code: 654321' },
    })
    expect(other.mails[0]?.parsed.from?.text).toBe('"Codes" <codes@example.org>')
    expect(other.mails[0]?.raw).toContain('X-Pool: codes')
    expect(other.mails[0]?.parsed.messageId).toMatch(/@example\.org>$/)

    // Both connections are kept, and those of a sender that is gone are closed.
    await commit(await Promise.all([mail('bob@example.test'), mail('bob@example.test', '654321', 'login_code_valid')]))
    await Promise.all([mailServer.waitFor(2), other.waitFor(2)])
    expect([mailServer.connections(), other.connections()]).toEqual([1, 1])
    settings.courier = { ...settings.courier, senders: [] }
    await commit([await mail('eve@example.test', '654321', 'login_code_valid')])
    await mailServer.waitFor(3)
    await until(async () => (await store.messages.list(all)).every(({ status }) => status === 'sent'))
  })

  test('a sender whose server is away holds up its own mail and no other', async () => {
    const { store, mailServer, mail, commit, settings } = await lane(dialect)
    const { email } = settings.courier
    if (email?.kind !== 'smtp') throw new Error('mail goes by SMTP')
    const gone = await startMailServer()
    await gone.close()
    const smtp = { ...email, connectionUri: `smtp://127.0.0.1:${gone.port}/?disable_starttls=true` }
    settings.courier = { ...settings.courier, senders: [{ templates: ['login_code_valid'], smtp }] }
    await commit([await mail('ann@example.test', '654321', 'login_code_valid'), await mail('bob@example.test')])
    await mailServer.waitFor(1)
    await until(async () =>
      (await store.messages.list(all)).some(({ sendCount, status }) => sendCount === 1 && status === 'queued'),
    )
    expect(mailServer.mails[0]?.to).toEqual(['bob@example.test'])
  })

  test('a server that ends in the middle loses nothing: the next one sends it', async () => {
    const { store, mailServer, mail, commit, running, start, settings, turn } = await lane(dialect)
    const silent = await startSilentServer()
    onTestFinished(() => silent.close())
    const { email } = settings.courier
    if (email?.kind !== 'smtp') throw new Error('mail goes by SMTP')
    const good = settings.courier
    settings.courier = {
      ...good,
      email: { ...email, connectionUri: `smtp://127.0.0.1:${silent.port}/?disable_starttls=true` },
    }
    await commit([await mail('ann@example.test')])
    await until(() => silent.connections() === 1)
    await running.outbox.stop(20)
    expect((await store.messages.list(all))[0]).toMatchObject({ status: 'queued', sendCount: 0 })
    settings.courier = good
    running.outbox = start()
    turn(1_000)
    await mailServer.waitFor(1)
  })

  test('secrets are rotated, and a message whose secret is gone waits for it', async () => {
    const { store, mailServer, mail, commit, seal, turn } = await lane(dialect)
    const old = await mail('ann@example.test')
    const fresh = createSeal(['another secret of thirty-two char'], 'message', { bytes: randomBytes })
    seal.of = fresh
    await commit([old])
    await until(async () => (await store.messages.list(all))[0]?.sendCount === 1)
    seal.of = createSeal(['another secret of thirty-two char', secret], 'message', { bytes: randomBytes })
    turn(3_600_000)
    await mailServer.waitFor(1)
  })

  test('messages are listed newest first, a page at a time, by status and recipient', async () => {
    const store = await openStore(await freshDsn(dialect), storeDeps())
    onTestFinished(() => store.close())
    const messages = Array.from({ length: 7 }, (_, at) => ({
      delivery: {
        ...queued({ content: { kind: 'mail', sealed: `s${at}` } }),
        eventId: randomUUID(),
      },
      recipient: at % 2 === 0 ? 'ann@example.test' : 'bob@example.test',
      channel: 'email' as const,
      template: 'stub' as const,
    })).toSorted((a, b) => (a.delivery.id < b.delivery.id ? -1 : 1))
    await store.commit(messages.map((message) => ({ kind: 'sendMail', message })))
    const ids = messages.map(({ delivery }) => delivery.id).toReversed()
    const first = await store.messages.list({ before: null, size: 3 })
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 3))
    const rest = await store.messages.list({ before: first.at(-1)?.id ?? null, size: 10 })
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(3))
    const claimed = await claimSome(store.deliveries, { limit: 2, lease: 60_000, lane: 'mail' })
    expect(await claimSome(store.deliveries, { limit: 2, lease: 60_000 })).toEqual([])
    const [one, two] = claimed
    if (one === undefined || two === undefined) throw new Error('two were claimed')
    await store.deliveries.complete([
      { id: one.delivery.id, leaseToken: one.leaseToken, attempts: [], next: { kind: 'delivered' } },
    ])
    const count = async (filter: object) => (await store.messages.list({ before: null, size: 100, ...filter })).length
    expect(await count({ status: 'sent' })).toBe(1)
    expect(await count({ status: 'processing' })).toBe(1)
    expect(await count({ status: 'queued' })).toBe(5)
    expect(await count({ status: 'abandoned' })).toBe(0)
    const anns = messages.filter(({ recipient }) => recipient === 'ann@example.test').length
    expect(await count({ recipient: 'ann@example.test' })).toBe(anns)
    expect(await count({ recipient: 'ANN@example.test' })).toBe(0)
    expect(await store.messages.find(one.delivery.id)).toMatchObject({ status: 'sent', id: one.delivery.id })
    expect(await store.messages.find(queued().id)).toBeNull()
  })
})
