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
