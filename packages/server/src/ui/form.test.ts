import { expect, test } from 'vitest'
import type { FlowName } from '../core/trigger.ts'
import type { InputAttributes, NodeGroup, Ui, UiMessage, UiNode } from '../core/ui.ts'
import { renderForms } from './form.ts'

const error = (text: string): UiMessage => ({ id: 1, text, type: 'error' })
const info = (text: string): UiMessage => ({ id: 2, text, type: 'info' })

type Input = Partial<InputAttributes> & Pick<InputAttributes, 'name' | 'type'>

const input = (
  of: Input,
  more: { readonly group?: NodeGroup; readonly label?: string; readonly messages?: readonly UiMessage[] } = {},
): UiNode => ({
  type: 'input',
  group: more.group ?? 'default',
  attributes: { node_type: 'input', disabled: false, ...of },
  messages: more.messages ?? [],
  meta: more.label === undefined ? {} : { label: info(more.label) },
})

const csrf = input({ name: 'csrf_token', type: 'hidden', value: 'token', required: true })
const identifier = input({ name: 'identifier', type: 'text', value: '', required: true }, { label: 'E-Mail' })
const password = input(
  { name: 'password', type: 'password', required: true, autocomplete: 'current-password' },
  { group: 'password', label: 'Password' },
)
const signIn = input(
  { name: 'method', type: 'submit', value: 'password' },
  { group: 'password', label: 'Sign in with password' },
)

const ui = (nodes: readonly UiNode[], messages: readonly UiMessage[] = []): Ui => ({
  action: 'http://id.example.test/self-service/login?flow=1&a="',
  method: 'POST',
  nodes,
  messages,
})

const rendered = (nodes: readonly UiNode[], messages: readonly UiMessage[] = [], flow: FlowName = 'login') =>
  renderForms(flow, ui(nodes, messages)).html

/** Every tag of a name, as written. */
const tags = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`<${name}\\b[^>]*>`, 'g'))].map(([tag]) => tag)
const tagOf = (html: string, part: string) => /<[^<>]*$/.exec(html.slice(0, html.indexOf(part)))?.[0] + part

test('a password form has its fields with labels, its hidden token and one button', () => {
  const html = rendered([csrf, identifier, password, signIn])
  expect(tags(html, 'form')).toEqual([
    '<form action="http://id.example.test/self-service/login?flow=1&amp;a=&quot;" method="post">',
  ])
  expect(html).toContain('<input type="hidden" name="csrf_token" value="token">')
  expect(html).toContain('<label for="field-identifier">E-Mail</label>')
  expect(html).toMatch(/<input(?=[^>]* id="field-password")(?=[^>]* type="password")(?=[^>]* required)[^>]*>/)
  expect(html).toContain('autocomplete="current-password"')
  expect(html).toContain(
    '<button class="first" type="submit" name="method" value="password">Sign in with password</button>',
  )
})

test.each([
  ['text', 'x', / type="text" value="x"/],
  ['email', 'a@example.test', / type="email" value="a@example.test"/],
  ['tel', '+49', / type="tel" value="\+49"/],
  ['url', 'https://example.test', / type="url" value="https:\/\/example.test"/],
  ['number', 4.5, / type="number" value="4.5" step="any"/],
  ['date', '2026-01-02', / type="date" value="2026-01-02"/],
  ['datetime-local', '2026-01-02T03:04', / type="datetime-local" value="2026-01-02T03:04"/],
] as const)('an input of type %s keeps its value', (type, value, expected) => {
  expect(rendered([input({ name: 'traits.x', type, value })])).toMatch(expected)
})

test('pattern, length and the kind of keyboard of a code are told to the browser', () => {
  const code = input({
    name: 'code',
    type: 'text',
    pattern: '[0-9]+',
    maxlength: 6,
    autocomplete: 'one-time-code',
    required: true,
  })
  expect(rendered([code])).toMatch(/pattern="\[0-9\]\+" maxlength="6" dir="auto" inputmode="numeric"/)
})

test('a field that may stay empty says so', () => {
  expect(rendered([input({ name: 'traits.x', type: 'text' }, { label: 'X' })])).toContain(
    '>X <span class="optional">(optional)</span></label>',
  )
})

test.each([
  ['traits.name.firstName', 'First name'],
  ['traits.favourite_colour', 'Favourite colour'],
])('without a label the field %s is called %s', (name, label) => {
  expect(rendered([input({ name, type: 'text', required: true })])).toContain(`>${label}</label>`)
})

test('a field with options is a choice, with the chosen one selected', () => {
  const options = [{ value: 'free' }, { value: '"pro"' }, { value: 3 }]
  const html = rendered([input({ name: 'traits.plan', type: 'text', options, value: '"pro"', required: true })])
  expect(tags(html, 'option')).toEqual([
    '<option value="">',
    '<option value="free">',
    '<option value="&quot;pro&quot;" selected>',
    '<option value="3">',
  ])
  expect(tags(html, 'select')[0]).toContain('required')
})

test('an unticked box sends false, a ticked one true, and the browser never demands it', () => {
  const box = (value?: boolean) =>
    rendered([
      input({ name: 'traits.news', type: 'checkbox', required: true, ...(value === undefined ? {} : { value }) }),
    ])
  expect(tags(box(), 'input')[0]).toBe('<input type="hidden" name="traits.news" value="false">')
  expect(tags(box(), 'input')[1]).toContain('type="checkbox" id="field-traits.news" name="traits.news" value="true"')
  expect(box()).not.toMatch(/checked|required/)
  expect(box(true)).toContain('checked')
})

test('a message stands beside its field, describes it, marks it wrong and puts the cursor there', () => {
  const email = input(
    { name: 'traits.email', type: 'email', value: 'a', required: true },
    { messages: [error('Ask <Bob>')] },
  )
  const html = rendered([csrf, input({ name: 'traits.name', type: 'text', value: '' }), email, password, signIn])
  const field = tagOf(html, ' type="email"')
  expect(field).toContain('aria-invalid="true"')
  expect(field).toContain('aria-describedby="field-traits.email-notes"')
  expect(field).toContain('autofocus')
  expect(html.match(/autofocus/g)).toHaveLength(1)
  expect(html).toMatch(/<div id="field-traits.email-notes"><p class="note error">.*Error: .*Ask &lt;Bob&gt;/)
})

test('a message that is no error leaves its field valid', () => {
  const html = rendered([input({ name: 'x', type: 'text' }, { messages: [info('Six letters')] })])
  expect(html).toContain('aria-describedby="field-x-notes"')
  expect(html).not.toContain('aria-invalid')
})

test('messages of the form interrupt when they are errors, and describe the field that has the cursor', () => {
  const filled = input({ name: 'identifier', type: 'text', value: 'ann', required: true })
  const html = rendered([csrf, filled, password, signIn], [error('Wrong'), info('Only so you know')])
  expect(html).toMatch(/id="form-messages">\s*<p class="message error" role="alert">/)
  expect(html).toContain('<p class="message info" role="status">')
  const focused = tags(html, 'input').find((tag) => tag.includes('autofocus'))
  expect(focused).toContain('id="field-password"')
  expect(focused).toContain('aria-describedby="form-messages"')
})

test('a message of a hidden field is said on top, as the field cannot be seen', () => {
  const hidden = input({ name: 'traits.email', type: 'hidden', value: 'a' }, { messages: [error('Taken')] })
  expect(rendered([csrf, hidden, signIn])).toMatch(/role="alert">.*Taken/)
})

test('the cursor waits in the first empty field', () => {
  const html = rendered([csrf, identifier, password, signIn])
  expect(tags(html, 'input').find((tag) => tag.includes('autofocus'))).toContain('id="field-identifier"')
})

test('Enter signs in with the password, whatever buttons come before it on the wire', () => {
  const code = input({ name: 'method', type: 'submit', value: 'code' }, { group: 'code', label: 'Send a code' })
  const key = input(
    { name: 'passkey_login_trigger', type: 'button', value: '' },
    { group: 'passkey', label: 'Passkey' },
  )
  const html = rendered([csrf, identifier, key, code, password, signIn])
  expect(tags(html, 'button')).toEqual([
    '<button class="first" type="submit" name="method" value="password">',
    '<button type="button" name="passkey_login_trigger" value="">',
    '<button type="submit" name="method" value="code" formnovalidate>',
  ])
})

test('Enter sends a code rather than asking for another one', () => {
  const group = 'code'
  const code = input({ name: 'code', type: 'text', required: true }, { group, label: 'Code' })
  const again = input({ name: 'resend', type: 'submit', value: 'code' }, { group, label: 'Resend' })
  const submit = input({ name: 'method', type: 'submit', value: 'code' }, { group, label: 'Continue' })
  expect(tags(rendered([csrf, code, again, submit]), 'button')[0]).toContain('name="method"')
})

test('social sign-in is a form of its own with the token, unless its button is the only one', () => {
  const provider = input({ name: 'provider', type: 'submit', value: 'mock' }, { group: 'oidc', label: 'With Mock' })
  const both = rendered([provider, csrf, identifier, password, signIn])
  const [own = '', other = ''] = both.split('</form>')
  expect(own).not.toContain('name="provider"')
  expect(other).toContain('name="provider"')
  expect(other).toContain('name="csrf_token"')
  expect(other).not.toContain('name="identifier"')

  const email = input({ name: 'traits.email', type: 'email' })
  const alone = rendered([provider, csrf, email], [], 'registration')
  expect(tags(alone, 'form')).toHaveLength(1)
})

test('settings are a form per group, each with the token and a heading', () => {
  const save = (group: NodeGroup) => input({ name: 'method', type: 'submit', value: group }, { group, label: 'Save' })
  const email = input({ name: 'traits.email', type: 'email', value: 'a' }, { group: 'profile' })
  const html = rendered([csrf, email, save('profile'), password, save('password')], [], 'settings')
  expect(tags(html, 'form')).toHaveLength(2)
  expect(html.match(/name="csrf_token"/g)).toHaveLength(2)
  expect(html).toContain('<h2>Profile</h2>')
  expect(html).toContain('<h2>Password</h2>')
  expect(html).not.toContain('autofocus')
})

const common = { group: 'totp', messages: [], meta: { label: info('Label "1"') } } as const

test('a picture has its label as its text', () => {
  const attributes = {
    node_type: 'img',
    id: 'totp_qr',
    src: 'data:image/png;base64,AA"',
    width: 256,
    height: 256,
  } as const
  expect(rendered([{ ...common, type: 'img', attributes }])).toContain(
    '<img id="totp_qr" src="data:image/png;base64,AA&quot;" width="256" height="256" alt="Label &quot;1&quot;">',
  )
})

test('a text is shown in one piece, and a list of secrets as a list', () => {
  const text = { node_type: 'text', id: 'key', text: info('<SECRET>') } as const
  expect(rendered([{ ...common, type: 'text', attributes: text }])).toContain(
    '<code class="secret" id="key">&lt;SECRET&gt;</code>',
  )
  const secrets = ['one', '<two>'].map((secret) => ({ id: 1050009, text: secret, type: 'info' }))
  const codes = { node_type: 'text', id: 'codes', text: { ...info('one, two'), context: { secrets } } } as const
  expect(rendered([{ ...common, type: 'text', attributes: codes }])).toContain(
    '<li><code>one</code></li><li><code>&lt;two&gt;</code></li>',
  )
})

test('codes to keep have the cursor, and those that still work can be saved and copied', () => {
  const secrets = [
    { id: 1050009, text: 'one two', type: 'info' },
    { id: 1050014, text: 'Secret was used at 2026-01-02', type: 'info' },
    { id: 1050009, text: '"three"', type: 'info' },
  ]
  const codes = { node_type: 'text', id: 'codes', text: { ...info('one, used, three'), context: { secrets } } } as const
  const html = renderForms('settings', {
    action: 'http://id.example.test/',
    method: 'POST',
    messages: [],
    nodes: [input({ name: 'traits.email', type: 'email' }), { ...common, type: 'text', attributes: codes }],
  }).html
  expect(html).toContain('<ul class="secrets" id="codes" tabindex="-1" autofocus>')
  expect(html.match(/autofocus/g)).toHaveLength(1)
  expect(html).toContain('href="data:text/plain;charset=utf-8,one%20two%0D%0A%22three%22%0D%0A"')
  expect(html).toContain('data-copy="one two\n&quot;three&quot;" hidden')
})

test('the sections of the settings stand in one order, whatever they show', () => {
  const groups = ['lookup_secret', 'totp', 'password', 'profile', 'webauthn', 'oidc', 'passkey'] as const
  const html = renderForms('settings', {
    action: 'http://id.example.test/',
    method: 'POST',
    messages: [],
    nodes: groups.map((group) => ({ ...input({ name: `${group}_x`, type: 'submit', value: 'x' }), group })),
  }).html
  expect([...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title)).toEqual([
    'Profile',
    'Password',
    'Linked accounts',
    'Authenticator app',
    'Recovery codes',
    'Security keys',
    'Passkeys',
  ])
})

test('a link leads to a page and never runs a script', () => {
  const link = (href: string) =>
    rendered([{ ...common, type: 'a', attributes: { node_type: 'a', id: 'continue', href, title: info('Continue') } }])
  expect(link('https://app.example.test/?a="')).toContain(
    '<a class="button first" id="continue" href="https://app.example.test/?a=&quot;">Continue</a>',
  )
  for (const href of ['javascript:alert(1)', ' JavaScript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x']) {
    expect(link(href)).not.toContain('href')
  }
})

test('a script carries its hash and nonce', () => {
  const script = {
    node_type: 'script',
    id: 'webauthn_script',
    src: 'http://id.example.test/.well-known/ory/webauthn.js',
    async: true,
    referrerpolicy: 'no-referrer',
    crossorigin: 'anonymous',
    integrity: 'sha512-AA',
    type: 'text/javascript',
    nonce: 'n0nce',
  } as const
  const [tag] = tags(rendered([{ ...common, type: 'script', attributes: script }]), 'script')
  expect(tag).toContain('integrity="sha512-AA"')
  expect(tag).toContain('nonce="n0nce"')
})

test.each([
  '"><script>alert(1)</script>',
  `' onfocus='alert(1)`,
  '</script>',
  '</textarea><img src=x onerror=alert(1)>',
])('hostile text %s stays text, wherever it stands', (text) => {
  const nodes = [
    input(
      { name: text, type: 'text', value: text, pattern: text, autocomplete: text },
      { label: text, messages: [error(text)] },
    ),
    input({ name: text, type: 'hidden', value: text }),
    input({ name: text, type: 'checkbox', value: text }, { label: text }),
    input({ name: text, type: 'text', options: [{ value: text }] }),
    input({ name: text, type: 'submit', value: text }, { label: text }),
  ]
  const html = renderForms('login', { ...ui(nodes, [error(text)]), action: text }).html
  expect(html).not.toContain(text)
  // Outside of quotes there is nothing but what we wrote.
  expect(html.replaceAll(/"[^"]*"/g, '""').replaceAll(/>[^<]*</g, '><')).not.toMatch(/<(script|img)|\son\w+=/)
})

test('second factors are forms of their own: nobody has to fill in two', () => {
  const field = (group: NodeGroup, name: string) => input({ name, type: 'text', value: '', required: true }, { group })
  const button = (group: NodeGroup) => input({ name: 'method', type: 'submit', value: group }, { group })
  const html = rendered([
    csrf,
    input(
      { name: 'webauthn_login_trigger', type: 'button', onclickTrigger: 'oryWebAuthnLogin' },
      { group: 'webauthn' },
    ),
    field('totp', 'totp_code'),
    button('totp'),
    field('lookup_secret', 'lookup_secret'),
    button('lookup_secret'),
  ])
  const forms = html.split('<form').slice(1)
  expect(forms).toHaveLength(3)
  for (const form of forms) expect(form).toContain('name="csrf_token"')
  expect(forms.map((form) => tags(form, 'button').length)).toEqual([1, 1, 1])
  // Until the script of the keys is there, its button waits.
  expect(forms[0]).toContain('disabled data-call="oryWebAuthnLogin"')
})
