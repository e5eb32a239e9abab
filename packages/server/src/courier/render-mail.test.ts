import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actionWorld, request } from '../../test/action-world.ts'
import type { CourierSettings } from '../core/courier-settings.ts'
import type { JsonObject } from '../core/json.ts'
import type { Message, TemplateName } from '../core/mail.ts'
import type { ClientSettings } from '../core/settings.ts'
import { createSeal } from '../crypto/seal.ts'
import { DEFAULT_TEMPLATES } from './default-templates.ts'
import { unpackMessage } from './message.ts'
import { renderMail } from './render-mail.ts'
import { createTemplateCache, openMessageTemplates, type TemplateDeps } from './templates.ts'

type World = {
  readonly settings?: Partial<Pick<CourierSettings, 'templates' | 'templateFolder'>>
  readonly files?: { [path: string]: string }
  readonly fetch?: () => TemplateDeps['client']
  readonly clients?: Partial<ClientSettings>
}

const seal = createSeal(['a secret of thirty-two characters'], 'message', { bytes: randomBytes })

function world({ settings = {}, files = {}, fetch, clients = {} }: World = {}) {
  const logged: { event: string; fields: JsonObject }[] = []
  const clock = { at: 1_000, now: () => clock.at }
  const log = (_level: string, event: string, fields: JsonObject) => void logged.push({ event, fields })
  const templates = openMessageTemplates({
    settings: { templates: [], templateFolder: null, ...settings },
    client: fetch?.() ?? { send: async () => ({ kind: 'failed', reason: 'dns', detail: 'no such name' }) },
    clock,
    log,
    readFile: async (path) => {
      const text = files[path]
      if (text === undefined) throw new Error(`there is no ${path}`)
      return text
    },
    listFolder: async (path) =>
      Object.keys(files).flatMap((file) => (file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [])),
    cache: createTemplateCache(),
  })
  const deps = {
    templates,
    seal,
    clock,
    settings: actionWorld({ clients }).settings,
    random: { rowId: () => randomUUID() },
    log,
  }
  const render = async (message: Message) => {
    const effect = await renderMail(deps, message)
    if (effect.kind !== 'sendMail') throw new Error('a mail is sent')
    const { content } = effect.message.delivery
    const opened = content.kind === 'mail' ? unpackMessage(seal.open(content.sealed) ?? 'null') : null
    if (opened === null) throw new Error('it cannot be opened')
    return { ...opened, effect }
  }
  return { render, logged, clock }
}

const identity = { id: '7b8d5a6e-64f2-4fd6-a5f5-0a1c9bf2c3d4', traits: { email: 'ann@example.test', lang: 'de' } }
const data: JsonObject = {
  to: 'ann@example.test',
  request_url: 'https://id.example.test/self-service/recovery/browser',
  transient_payload: { from: 'shop' },
  expires_in_minutes: 60,
  identity,
  recovery_code: '123456',
  verification_code: '123456',
  login_code: '123456',
  registration_code: '123456',
  recovery_url: 'https://id.example.test/self-service/recovery?flow=1&token=abc',
  verification_url: 'https://id.example.test/self-service/verification?code=123456&flow=1',
  traits: identity.traits,
  changed_at: '2026-11-23T21:53:28Z',
  added_at: '2026-11-23T21:53:28Z',
  subject: 'Subject',
  body: 'Body',
}
const mail = (template: TemplateName, changes: Partial<Message> = {}): Message => ({
  template,
  to: 'ann@example.test',
  via: 'email',
  data,
  request,
  ...changes,
})
const names = Object.keys(DEFAULT_TEMPLATES).flatMap((name): TemplateName[] => {
  const known: readonly TemplateName[] = [
    'recovery_valid',
    'recovery_invalid',
    'recovery_code_valid',
    'recovery_code_invalid',
    'verification_valid',
    'verification_invalid',
    'verification_code_valid',
    'verification_code_invalid',
    'login_code_valid',
    'registration_code_valid',
    'verifiable_address_changed',
    'authenticator_key_added',
    'registration_duplicate',
    'stub',
  ]
  return known.filter((each) => each === name)
})

describe('every built-in template says something in every part', () => {
  test.each(names)('%s', async (name) => {
    const { render, logged } = world()
    const letter = await render(mail(name))
    for (const part of [letter.subject, letter.text, letter.html ?? '']) {
      expect(part.trim()).not.toBe('')
      expect(part).not.toMatch(/<no value>|undefined|null|\{\{|ZgotmplZ/)
    }
    const message = await render(mail(name, { to: '+4915112345678', via: 'sms' }))
    expect(message.text.trim()).not.toBe('')
    expect(message).toMatchObject({ subject: '', html: null, channel: 'sms' })
    expect(logged).toEqual([])
  })

  test.each(names)('%s, with nothing at hand but the address', async (name) => {
    const { render, logged } = world()
    await render(mail(name, { data: {} }))
    expect(logged).toEqual([])
  })
})

test.each([
  ['recovery_code_valid', 'Your recovery code: 123456'],
  ['verification_code_valid', 'Your verification code: 123456'],
  ['login_code_valid', 'Your sign-in code: 123456'],
  ['registration_code_valid', 'Your sign-up code: 123456'],
] as const)('the code of %s stands in the subject, in the text and in the HTML', async (name, subject) => {
  const letter = await world().render(mail(name))
  expect(letter.subject).toBe(subject)
  // What test suites look for: the first number of six digits is the code.
  expect(letter.text.match(/\b\d{6}\b/)?.[0]).toBe('123456')
  expect(letter.html).toMatch(/>123456</)
  expect(letter.html?.match(/\b\d{6}\b/g)?.every((found) => found === '123456')).toBe(true)
})

test('a link is whole in the text, and can be clicked in the HTML', async () => {
  const letter = await world().render(mail('recovery_valid'))
  expect(letter.text.match(/https?:\/\/[^\s"'<>]+/)?.[0]).toBe(data['recovery_url'])
  expect(letter.html).toContain('href="https://id.example.test/self-service/recovery?flow=1&amp;token=abc"')
})

test('a message to a phone ends with the line that binds its code to the site', async () => {
  const message = await world().render(mail('verification_code_valid', { to: '+4915112345678', via: 'sms' }))
  expect(message.text.trimEnd().split('\n').at(-1)).toBe('@id.example.test #123456')
  expect(message.text).toMatch(/^Your verification code: 123456\n/)
})

test('an HTTP channel sees the data under Ory’s names, the recovery by phone under its odd one', async () => {
  const { render } = world()
  expect((await render(mail('recovery_code_valid'))).data).toMatchObject({
    to: 'ann@example.test',
    recovery_code: '123456',
    identity,
    request_url: data['request_url'],
    transient_payload: { from: 'shop' },
    expires_in_minutes: 60,
  })
  const { data: seen } = await render(mail('recovery_code_valid', { via: 'sms', to: '+4915112345678' }))
  expect(seen).toMatchObject({ verification_code: '123456', request_url_domain: 'id.example.test' })
})

test('of the request that asks for a message, the headers are kept that the operator lets templates see', async () => {
  const asked = async (...headerAllowlist: readonly string[]) =>
    (await world({ clients: { headerAllowlist } }).render(mail('login_code_valid'))).requestHeaders
  expect(await asked('User-Agent', 'accept')).toEqual({ Accept: ['application/json'], 'User-Agent': ['test/1'] })
  expect(await asked('Cookie')).toEqual({ Cookie: ['theme=dark'] })
  expect(await asked()).toEqual({})
})

test('a message that an older version has queued has no headers, and is sent all the same', () => {
  const old = { channel: 'sms', recipient: '+49', template: 'stub', subject: '', text: 't', html: null, data: {} }
  expect(unpackMessage(JSON.stringify(old))).toEqual({ ...old, requestHeaders: {} })
})

test('one thing is queued: sealed, with an id of its own, and the person it is about', async () => {
  const { effect } = await world().render(mail('recovery_code_valid'))
  if (effect.kind !== 'sendMail') throw new Error('a mail is sent')
  expect(effect.message).toMatchObject({
    recipient: 'ann@example.test',
    channel: 'email',
    template: 'recovery_code_valid',
  })
  expect(effect.message.delivery).toMatchObject({ identityId: identity.id, leaseToken: null, createdAt: 1_000 })
  expect(JSON.stringify(effect)).not.toContain('123456')
})

const override = (part: 'subject' | 'text' | 'html' | 'sms', location: string) => ({
  template: 'recovery_code_valid',
  part,
  location,
  where: 'courier.templates',
})
const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

test('templates of the operator’s own replace the built-in ones, part by part', async () => {
  const templates = [
    override('subject', base64('Hallo {{ .Identity.traits.email }}')),
    override('html', 'file:///mail/body.gotmpl'),
  ]
  const files = { '/mail/body.gotmpl': '<b title="{{ .To }}">{{ .RecoveryCode }}</b>' }
  const letter = await world({ settings: { templates }, files }).render(mail('recovery_code_valid'))
  expect(letter.subject).toBe('Hallo ann@example.test')
  expect(letter.html).toBe('<b title="ann@example.test">123456</b>')
  expect(letter.text).toContain('Use this code to get back into your account')
})

test('a file that changes counts with the next mail', async () => {
  const files = { '/mail/subject': 'one' }
  const { render } = world({ settings: { templates: [override('subject', 'file:///mail/subject')] }, files })
  expect((await render(mail('recovery_code_valid'))).subject).toBe('one')
  files['/mail/subject'] = 'two'
  expect((await render(mail('recovery_code_valid'))).subject).toBe('two')
})

test('a folder in Kratos’ order is used, with its translations', async () => {
  const files = {
    '/t/recovery_code/valid/email.subject.gotmpl': 'Code {{ .RecoveryCode }}',
    '/t/recovery_code/valid/email.body.gotmpl':
      '{{- if eq .Identity.traits.lang "de" -}}{{ template "email.body.de.gotmpl" . }}{{- else -}}Hi{{- end -}}',
    '/t/recovery_code/valid/email.body.de.gotmpl': 'Hallo {{ .RecoveryCode }}',
  }
  const { render, logged } = world({ settings: { templateFolder: '/t' }, files })
  expect(await render(mail('recovery_code_valid'))).toMatchObject({ subject: 'Code 123456', html: 'Hallo 123456' })
  expect((await render(mail('login_code_valid'))).subject).toBe('Your sign-in code: 123456')
  expect(logged).toEqual([])
})

test.each([
  ['it is gone', 'file:///mail/gone', 'there is no /mail/gone'],
  ['it cannot be read', base64('{{ nowhere }}'), 'function "nowhere" not defined'],
  ['it fails', base64('{{ index .Identity.traits.lang 99 }}'), 'index out of range'],
  ['it names what there is not', base64('{{ .RecoveryURL }}'), 'there is no .RecoveryURL here'],
  ['it is a bomb', base64('{{ range 9999 }}{{ range 9999 }}x{{ end }}{{ end }}'), 'too much work'],
  ['it cannot be fetched', 'https://cdn.example.test/subject', 'no such name'],
])('a template of the operator’s own keeps nobody from their code: %s', async (_name, location, detail) => {
  const { render, logged } = world({ settings: { templates: [override('subject', location)] } })
  expect((await render(mail('recovery_code_valid'))).subject).toBe('Your recovery code: 123456')
  expect(logged).toHaveLength(1)
  expect(logged[0]).toMatchObject({ event: 'mail_template_failed', fields: { part: 'subject' } })
  expect(JSON.stringify(logged[0])).toContain(JSON.stringify(detail).slice(1, -1))
})

test('a template of the web is fetched once an hour, and the last one stands in for a server that is away', async () => {
  const answers: string[] = ['one', 'two']
  const calls: string[] = []
  const fetch = () => ({
    send: async ({ url }: { readonly url: string }) => {
      calls.push(url)
      const body = answers.shift()
      return body === undefined
        ? ({ kind: 'failed', reason: 'connect', detail: 'refused' } as const)
        : ({ kind: 'answered', status: 200, headers: {}, body: Buffer.from(body) } as const)
    },
  })
  const templates = [override('subject', 'https://cdn.example.test/subject')]
  const { render, clock, logged } = world({ settings: { templates }, fetch })
  const subject = async () => (await render(mail('recovery_code_valid'))).subject
  expect([await subject(), await subject()]).toEqual(['one', 'one'])
  expect(calls).toHaveLength(1)
  clock.at += 3_600_001
  expect(await subject()).toBe('two')
  clock.at += 3_600_001
  expect(await subject()).toBe('two')
  expect(logged.map(({ event }) => event)).toEqual(['mail_template_not_fetched'])
})

test('whatever a trait holds, the subject stays one line', async () => {
  const templates = [override('subject', base64('Hello {{ .Identity.traits.name }}'))]
  const { render } = world({ settings: { templates } })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a\r\nBcc: eve@example.org\r\n\r\nx')),
      async (name) => {
        const { subject } = await render(
          mail('recovery_code_valid', { data: { ...data, identity: { traits: { name } } } }),
        )
        expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        expect(subject.length).toBeLessThanOrEqual(1_000)
      },
    ),
  )
})
