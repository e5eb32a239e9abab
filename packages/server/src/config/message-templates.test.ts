import { expect, test } from 'vitest'
import { load, minimalConfig } from '../../test/minimal-config.ts'
import type { JsonObject } from '../core/json.ts'

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
const templates = (html: string): JsonObject => ({
  ...minimalConfig,
  courier: { templates: { recovery_code: { valid: { email: { body: { html } } } } } },
})

test.each([
  ['an unknown function', base64('<p>\n  {{ nowhere }}</p>'), 'html:2:6: function "nowhere" not defined'],
  ['a block without end', base64('{{ if .To }}'), 'html:1:13: unexpected end of the template'],
  [
    'a value where none can be made harmless',
    base64('<script>{{ .To }}</script>'),
    'html:1:9: a value cannot stand in a script',
  ],
  ['a file that is not there', 'file:///nowhere/mail.gotmpl', 'a template that can be read'],
])(
  'a template with %s is refused in safe, with its place; in ory it is said, and the built-in one steps in',
  async (_name, location, problem) => {
    await expect(load(templates(location))).rejects.toThrow(
      /courier\.templates\.recovery_code\.valid\.email\.body\.html/,
    )
    await expect(load(templates(location))).rejects.toThrow(problem)
    const { warnings, settings } = await load(templates(location), { profile: 'ory' })
    expect(warnings.join('\n')).toContain(problem)
    expect(settings.courier.templates).toHaveLength(1)
  },
)

test('a template that is served elsewhere is read as well: a wrong one is refused, and who is away is asked later', async () => {
  const location = 'https://templates.example.test/recovery.gotmpl'
  const served = (text: string) => load(templates(location), { fetchText: () => Promise.resolve(text) })
  await expect(served('{{ nowhere }}')).rejects.toThrow('function "nowhere" not defined')
  expect((await served('{{ .RecoveryCode }}')).warnings.filter((warning) => warning.includes('courier'))).toEqual([])
  const { warnings, settings } = await load(templates(location))
  expect(warnings.join('\n')).toContain('nobody answers at https://templates.example.test/recovery.gotmpl')
  expect(settings.courier.templates).toHaveLength(1)
})

test('a good template is taken, under the name of its message and part', async () => {
  const location = base64('<b>{{ .RecoveryCode | upper }}</b>')
  const { settings, warnings } = await load(templates(location))
  expect(settings.courier.templates).toEqual([
    {
      template: 'recovery_code_valid',
      part: 'html',
      location,
      where: 'courier.templates.recovery_code.valid.email.body.html',
    },
  ])
  expect(warnings.filter((warning) => warning.includes('courier'))).toEqual([])
})

test('every key of the templates ends at its message and part', async () => {
  const texts = {
    email: { subject: base64('s'), body: { plaintext: base64('t'), html: base64('h') } },
    sms: { body: { plaintext: base64('m') } },
  }
  const config = {
    ...minimalConfig,
    courier: {
      templates: {
        verification: { valid: texts, invalid: { email: texts.email } },
        login_code: { valid: texts },
        verifiable_address_changed: texts,
      },
    },
  }
  const { settings } = await load(config)
  const named = settings.courier.templates.map(({ template, part, location }) =>
    [template, part, Buffer.from(location.slice(9), 'base64').toString()].join(' '),
  )
  const all = (template: string) => [
    `${template} subject s`,
    `${template} text t`,
    `${template} html h`,
    `${template} sms m`,
  ]
  expect(named.toSorted()).toEqual(
    [
      ...all('verification_valid'),
      ...all('verification_invalid').slice(0, 3),
      ...all('login_code_valid'),
      ...all('verifiable_address_changed'),
    ].toSorted(),
  )
})

test('a folder of templates is read whole: what is wrong in it is told with its place', async () => {
  const files: { [path: string]: string } = {
    '/mail/login_code/valid/email.subject.gotmpl': '{{ .LoginCode }}',
    '/mail/login_code/valid/email.body.gotmpl': '{{ template "foot" . }}',
    '/mail/login_code/valid/email.body.foot.gotmpl': '{{ define "foot" }}<i>{{ nowhere }}</i>{{ end }}',
    '/mail/login_code/valid/sms.body.gotmpl': '{{ if .To }}',
  }
  const folder = {
    others: files,
    listFolder: async (path: string) => {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${path}/`))
      if (inside.length === 0) throw Object.assign(new Error('no such folder'), { code: 'ENOENT' })
      return inside.map((file) => file.slice(path.length + 1))
    },
  }
  const config = (path: string): JsonObject => ({ ...minimalConfig, courier: { template_override_path: path } })
  const said = await load(config('/mail'), { ...folder, profile: 'ory' })
  const about = said.warnings.filter((warning) => warning.includes('template_override_path')).join('\n')
  expect(about).toMatch(
    /login_code\/valid\/email\.body\.gotmpl.*email\.body\.foot\.gotmpl:1:26: function "nowhere" not defined/,
  )
  expect(about).toMatch(/login_code\/valid\/sms\.body\.gotmpl.*sms\.body\.gotmpl:1:13: unexpected end/)
  expect(about.split('\n')).toHaveLength(2)
  expect(said.sources).toContain('/mail/login_code/valid/email.subject.gotmpl')
  await expect(load(config('/mail'), folder)).rejects.toThrow(/sms\.body\.gotmpl:1:13/)
  await expect(load(config('/nowhere'), folder)).rejects.toThrow(/"\/nowhere"\n.*a folder that can be read/)
})

test('senders of their own leave out what is as in courier.smtp', async () => {
  const courier = {
    smtp: { connection_uri: 'smtp://127.0.0.1:25/', from_name: 'Example', headers: { 'X-Pool': 'all' } },
    senders: [
      { templates: ['login_code_valid'], from_address: 'codes@example.test' },
      { templates: ['recovery_valid', 'recovery_code_valid'], connection_uri: 'smtps://127.0.0.1/', headers: {} },
    ],
  }
  const { settings } = await load({ ...minimalConfig, courier })
  const usual = { fromAddress: 'no-reply@ory.kratos.sh', fromName: 'Example', localName: 'localhost' }
  expect(settings.courier.senders).toMatchObject([
    {
      templates: ['login_code_valid'],
      smtp: {
        ...usual,
        connectionUri: 'smtp://127.0.0.1:25/',
        fromAddress: 'codes@example.test',
        headers: { 'X-Pool': 'all' },
      },
    },
    {
      templates: ['recovery_valid', 'recovery_code_valid'],
      smtp: { ...usual, connectionUri: 'smtps://127.0.0.1/', headers: {} },
    },
  ])
})

test.each([
  [
    'a template with two senders',
    { senders: [{ templates: ['stub'] }, { templates: ['stub'] }] },
    /senders\[1\]\.templates\[0\][^]*no sender before it names/,
  ],
  ['an unknown template', { senders: [{ templates: ['recovery'] }] }, /senders\[0\]\.templates\[0\][^]*recovery_valid/],
  ['a sender of nothing', { senders: [{ templates: [] }] }, /senders\[0\]\.templates/],
  [
    'a name before the address',
    { smtp: { from_address: 'Ann <ann@example.test>' } },
    /from_address[^]*one mail address, without a name/,
  ],
  [
    'an address that hides another',
    { senders: [{ templates: ['stub'], from_address: 'a@b.test\r\nBcc: c@d.test' }] },
    /senders\[0\]\.from_address/,
  ],
])('refused: %s', async (_name, courier, said) => {
  await expect(load({ ...minimalConfig, courier })).rejects.toThrow(said)
})

test('senders are of no use where mail goes by a call, and that is said', async () => {
  const courier = {
    delivery_strategy: 'http',
    http: { request_config: { url: 'https://mail.example.test/' } },
    smtp: { connection_uri: 'smtp://127.0.0.1:25/' },
    senders: [{ templates: ['stub'] }],
  }
  const { settings, warnings } = await load({ ...minimalConfig, courier })
  expect(settings.courier.senders).toEqual([])
  expect(warnings.join('\n')).toMatch(/courier\.senders.*delivery_strategy smtp/)
})

test('of two channels for messages the last one counts, as in Kratos', async () => {
  const channel = (url: string) => ({ id: 'sms', type: 'http', request_config: { url } })
  const courier = { channels: [channel('https://one.example.test/'), channel('https://two.example.test/')] }
  expect((await load({ ...minimalConfig, courier })).settings.courier.sms?.url).toBe('https://two.example.test/')
})

test('the ways out are read: a call for mail, a call for messages, with their credentials', async () => {
  const request = { url: 'https://mail.example.test/send', body: base64('function(ctx) ctx') }
  const auth = { type: 'api_key', config: { name: 'X-Key', value: 'env://MAIL_KEY', in: 'header' } }
  const config = {
    ...minimalConfig,
    courier: {
      delivery_strategy: 'http',
      http: { request_config: { ...request, auth } },
      channels: [{ id: 'sms', type: 'http', request_config: request }],
      message_retries: 7,
    },
  }
  const { settings } = await load(config, { env: { MAIL_KEY: 'a-key-for-tests' } })
  const call = { url: request.url, method: 'POST', headers: {}, body: request.body }
  expect(settings.courier).toMatchObject({
    email: { kind: 'http', ...call, auth: { type: 'api_key', name: 'X-Key', value: 'a-key-for-tests', in: 'header' } },
    sms: { ...call, auth: null },
    messageRetries: 7,
  })
})
