import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { CLIENT_CERTIFICATE, CLIENT_KEY } from '../../test/client-certificate.ts'
import { type MailServer, startMailServer } from '../../test/mail-server.ts'
import type { SmtpSettings } from '../core/courier-settings.ts'
import { deliveryId } from '../core/ids.ts'
import { connectSocket } from '../net/connect-socket.ts'
import type { RenderedMessage } from './message.ts'
import { openSmtp } from './send-smtp.ts'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function server(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const started = await startMailServer(options)
  open.push(() => started.close())
  return started
}

async function sender(uri: string, changes: Partial<SmtpSettings> = {}) {
  const deps = {
    readFile: async (path: string) => (path === '/cert' ? CLIENT_CERTIFICATE : CLIENT_KEY),
    connect: connectSocket,
    connections: 2,
  }
  const smtp = await openSmtp(deps, {
    connectionUri: uri,
    clientCertPath: null,
    clientKeyPath: null,
    fromAddress: 'no-reply@example.test',
    fromName: 'Exämple & Söhne',
    headers: {},
    localName: 'id.example.test',
    privateAddresses: 'allowed',
    ...changes,
  })
  open.push(() => smtp.close())
  const send = (message: Partial<RenderedMessage> = {}) =>
    smtp.send(
      { ...letter, ...message },
      { id: deliveryId('0199aaaa-0000-7000-8000-000000000001'), createdAt: 1_793_000_000_000 },
    )
  return { send }
}

const letter: RenderedMessage = {
  channel: 'email',
  recipient: 'ann@example.test',
  template: 'recovery_code_valid',
  subject: 'Your recovery code: 123456',
  text: 'Use this code:\n\n123456\n',
  html: '<p>Use this code: <b>123456</b></p>',
  data: {},
  requestHeaders: {},
}

const plain = (port: number) => `smtp://127.0.0.1:${port}/?disable_starttls=true`

test('a mail has all its parts, read by a program that is not ours', async () => {
  const mailServer = await server()
  const { send } = await sender(plain(mailServer.port), { headers: { 'X-Campaign': 'none' } })
  const subject = `Grüße ☃ an 𝒳, ${'und immer weiter '.repeat(12)}Ende`
  const text = `${'Zeile mit Ümläuten und = Zeichen '.repeat(40)}\n.\n..x\n123456\n`
  expect(await send({ subject, text })).toEqual({ kind: 'sent', status: 250 })
  const [arrived] = mailServer.mails
  expect(arrived).toMatchObject({
    from: 'no-reply@example.test',
    to: ['ann@example.test'],
    hello: 'id.example.test',
    secure: false,
  })
  expect(arrived?.parsed).toMatchObject({
    subject,
    messageId: '<0199aaaa-0000-7000-8000-000000000001@example.test>',
    date: new Date(1_793_000_000_000),
    html: letter.html,
  })
  expect(arrived?.parsed.text?.trimEnd()).toBe(text.trimEnd())
  expect(arrived?.parsed.from?.value).toEqual([{ address: 'no-reply@example.test', name: 'Exämple & Söhne' }])
  expect(arrived?.parsed.headers.get('x-campaign')).toBe('none')
  expect(arrived?.parsed.headers.get('auto-submitted')).toBe('auto-generated')
  expect(arrived?.raw).toMatch(/^Content-Type: multipart\/alternative/m)
  // RFC 5322 §2.1.1, RFC 2047: folded, and nothing but ASCII on the way.
  for (const line of arrived?.raw.split('\r\n') ?? []) expect(line.length).toBeLessThanOrEqual(998)
  expect(arrived?.raw.split('\r\n\r\n', 1)[0]).toMatch(/^[\x20-\x7e\r\n\t]*$/)
  for (const line of arrived?.raw.match(/^Subject:.*(?:\r\n[ \t].*)*/m)?.[0].split('\r\n') ?? []) {
    expect(line.length).toBeLessThanOrEqual(78)
  }
})

test.each([
  'ann@example.test\r\nBcc: eve@example.org',
  'ann@example.test, eve@example.org',
  'Ann <eve@example.org>',
  `${'a'.repeat(10_000)}@example.test`,
  '',
])('a recipient that is none gets nothing, and is not tried again: %j', async (recipient) => {
  const mailServer = await server()
  const { send } = await sender(plain(mailServer.port))
  expect(await send({ recipient })).toMatchObject({ kind: 'final' })
  expect(mailServer.connections()).toBe(0)
})

test('a name that says STARTTLS is never sent in the clear', async () => {
  const mailServer = await server({ disabledCommands: ['STARTTLS'] })
  const { send } = await sender(`smtp://127.0.0.1:${mailServer.port}/`)
  expect(await send()).toMatchObject({ kind: 'retry' })
  expect(mailServer.mails).toEqual([])
})

test('a certificate nobody vouches for is refused, unless that is skipped', async () => {
  const mailServer = await server()
  const strict = await sender(`smtp://127.0.0.1:${mailServer.port}/`)
  expect(await strict.send()).toMatchObject({ kind: 'retry', reason: expect.stringMatching(/certificate/i) })
  expect(mailServer.mails).toEqual([])
  const lax = await sender(`smtp://127.0.0.1:${mailServer.port}/?skip_ssl_verify=true`)
  expect(await lax.send()).toMatchObject({ kind: 'sent' })
  expect(mailServer.mails[0]?.secure).toBe(true)
})

test('smtps speaks TLS from the first byte, with a client certificate where there is one', async () => {
  const mailServer = await server({ secure: true, requestCert: true, rejectUnauthorized: false })
  const { send } = await sender(
    `smtps://127.0.0.1:${mailServer.port}/?skip_ssl_verify=true&server_name=mail.example.test`,
    {
      clientCertPath: '/cert',
      clientKeyPath: '/key',
    },
  )
  expect(await send()).toMatchObject({ kind: 'sent' })
  expect(mailServer.mails[0]).toMatchObject({ secure: true, clientName: 'cardea-client.example.test' })
})

test('user and password are those of the URI, and a refused one is tried again without being told', async () => {
  const mailServer = await server({ authOptional: false, authMethods: ['PLAIN', 'LOGIN'] })
  const right = await sender(
    `smtp://ann%40example.test:p%C3%A4ssword%2F1@127.0.0.1:${mailServer.port}/?skip_ssl_verify=true`,
  )
  expect(await right.send()).toMatchObject({ kind: 'sent' })
  expect(mailServer.mails[0]?.user).toBe('ann@example.test')
  const wrong = await sender(`smtp://ann:geheimes-wort@127.0.0.1:${mailServer.port}/?skip_ssl_verify=true`)
  const sent = await wrong.send()
  expect(sent).toMatchObject({ kind: 'retry', status: 535 })
  expect(JSON.stringify(sent)).not.toContain('geheimes-wort')
})

describe('what a refusal means', () => {
  test.each([
    ['recipient', 550, 'final'],
    ['recipient', 450, 'retry'],
    ['recipient', 451, 'retry'],
    ['data', 554, 'final'],
    ['data', 452, 'retry'],
    ['data', 421, 'retry'],
  ] as const)('%s answered %i: %s', async (at, code, kind) => {
    const mailServer = await server()
    const { send } = await sender(plain(mailServer.port))
    mailServer.refuse(at, { code, text: 'not today' })
    expect(await send()).toMatchObject({ kind, status: code, reason: expect.stringContaining('not today') })
    expect(await send()).toMatchObject({ kind: 'sent' })
  })

  test('nobody there', async () => {
    const gone = await startMailServer()
    await gone.close()
    const { send } = await sender(plain(gone.port))
    expect(await send()).toMatchObject({ kind: 'retry', status: null })
  })

  test.each([
    [{ connectionUri: 'smtp://' }, 'courier.smtp.connection_uri'],
    [{ fromAddress: 'nobody' }, 'courier.smtp.from_address'],
  ])('settings that cannot work %j', async (changes, key) => {
    const { send } = await sender('smtp://127.0.0.1/', changes)
    expect(await send()).toMatchObject({ kind: 'retry', reason: expect.stringContaining(key) })
  })

  test('a private address, where those are refused', async () => {
    const mailServer = await server()
    const { send } = await sender(plain(mailServer.port), { privateAddresses: 'refused' })
    expect(await send()).toMatchObject({ kind: 'retry', reason: expect.stringContaining('127.0.0.1') })
    expect(mailServer.connections()).toBe(0)
  })
})

test('connections are used again, and a dead one is replaced', async () => {
  const mailServer = await server()
  const { send } = await sender(plain(mailServer.port))
  for (let i = 0; i < 5; i++) expect(await send()).toMatchObject({ kind: 'sent' })
  expect(mailServer.connections()).toBe(1)
  const many = await Promise.all(Array.from({ length: 8 }, () => send()))
  expect(many.every(({ kind }) => kind === 'sent')).toBe(true)
  expect(mailServer.connections()).toBeLessThanOrEqual(2)
  onTestFinished(() => expect(mailServer.mails).toHaveLength(13))
})
