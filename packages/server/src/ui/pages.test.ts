import { expect, test } from 'vitest'
import type { Identity } from '../core/identity.ts'
import { identityId, sessionId } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import { renderPage } from './page.ts'
import { accountPage, errorPage, flowPage, traitRows, welcomePage } from './pages.ts'

const home = 'http://id.example.test/ui/'
const at = Date.UTC(2026, 0, 2, 3, 4, 5)

const identity: Identity = {
  id: identityId('i-1'),
  schemaId: 'default',
  state: 'active',
  stateChangedAt: at,
  traits: { email: 'ann@example.test', name: { first: '<Ann>', last: '' } },
  metadataPublic: null,
  metadataAdmin: null,
  externalId: null,
  verifiableAddresses: [],
  recoveryAddresses: [],
  version: 1,
  createdAt: at,
  updatedAt: at,
}

const session: Session = {
  id: sessionId('s-1'),
  active: true,
  aal: 'aal1',
  authenticationMethods: [{ method: 'password', aal: 'aal1', completedAt: at }],
  authenticatedAt: at,
  issuedAt: at,
  expiresAt: at + 86_400_000,
  identity,
  devices: [{ id: 'd', ipAddress: '192.0.2.1', userAgent: 'A "browser"', location: '' }],
  secondFactors: [],
}

test('the account page says who is signed in, how, until when, and how to leave', () => {
  const schema = { properties: { traits: { properties: { email: { title: 'E-Mail' } } } } }
  const html = renderPage(
    accountPage({ home, session, schema, settings: `${home}settings`, signOut: `${home}logout`, tools: null }),
  )
  expect(html).toContain('<dt>E-Mail</dt><dd><span dir="auto">ann@example.test</span></dd>')
  expect(html).toContain('<dt>Name first</dt><dd><span dir="auto">&lt;Ann&gt;</span></dd>')
  expect(html).toContain('<time datetime="2026-01-02T03:04:05.000Z">2 January 2026 at 03:04:05 UTC</time>')
  expect(html).toContain('A &quot;browser&quot;')
  expect(html).toContain('href="http://id.example.test/ui/logout">Sign out</a>')
  expect(html).not.toContain('development mode')
})

test('traits are rows: nested ones by their path, empty ones left out', () => {
  const traits = { tos: true, nick_names: ['a', 'b'], address: { street: { name: 'Elm' } }, nothing: null, empty: '' }
  expect(traitRows(traits, null)).toEqual([
    ['Tos', 'yes'],
    ['Nick names', 'a, b'],
    ['Address street name', 'Elm'],
  ])
})

test('the welcome page leads to the flows', () => {
  const html = renderPage(
    welcomePage({ home, ways: [{ href: 'http://x.example.test/?a=1&b=2', text: 'Sign in' }], tools: null }),
  )
  expect(html).toContain('href="http://x.example.test/?a=1&amp;b=2">Sign in</a>')
})

const ui = {
  action: 'http://id.example.test/self-service/login?flow=1',
  method: 'POST',
  nodes: [],
  messages: [],
} as const

test.each([
  ['login', false, 'Sign in'],
  ['login', true, 'Confirm that it is you'],
  ['registration', false, 'Create your account'],
  ['recovery', false, 'Recover your account'],
  ['verification', false, 'Verify your address'],
  ['settings', false, 'Your settings'],
] as const)('the page of a flow of kind %s (again: %s) is called "%s"', (flow, isRepeated, title) => {
  expect(flowPage({ flow, isRepeated, ui, ways: [], home }).title).toBe(title)
})

test('an error is said in the title, where a screen reader begins', () => {
  const messages = [{ id: 1, text: 'No', type: 'error' }] as const
  expect(flowPage({ flow: 'login', isRepeated: false, ui: { ...ui, messages }, ways: [], home }).title).toBe(
    'Error: Sign in',
  )
})

test('a way to another page is a link with its question', () => {
  const ways = [{ question: 'New here?', text: 'Create an account', href: 'http://id.example.test/?return_to=a%26b' }]
  expect(renderPage(flowPage({ flow: 'login', isRepeated: false, ui, ways, home }))).toContain(
    'New here? <a href="http://id.example.test/?return_to=a%26b">Create an account</a>',
  )
})

const shown = (error: Parameters<typeof errorPage>[0]['error']) =>
  renderPage(errorPage({ home, error, reference: 'ref-1', at }))

test.each([
  [{ id: 'security_csrf_violation', code: 403 }, 'Please send the form again'],
  [{ code: 500, message: 'secret words', reason: 'Please try again later.' }, 'Something went wrong'],
  [{ code: 404, message: 'Unable to locate the resource' }, 'This page does not exist'],
  [{ code: 400, reason: 'Requested return_to URL "<x>" is not allowed.' }, 'That did not work'],
])('the error %j is explained as "%s", with its reference', (error, title) => {
  const html = shown(error)
  expect(html).toContain(`<h1>${title}</h1>`)
  expect(html).toContain('<code>ref-1</code>')
})

test('who has said who they are is named, until then nobody is', () => {
  const identifier = (type: 'hidden' | 'text', value: string) => ({
    type: 'input' as const,
    group: 'default' as const,
    attributes: { name: 'identifier', type, value, node_type: 'input' as const, disabled: false },
    messages: [],
    meta: {},
  })
  const shown = (node: ReturnType<typeof identifier>) =>
    renderPage(flowPage({ flow: 'login', isRepeated: false, ui: { ...ui, nodes: [node] }, ways: [], home }))
  expect(shown(identifier('hidden', '<ann>'))).toContain('<p class="lead" dir="auto">&lt;ann&gt;</p>')
  expect(shown(identifier('text', 'ann'))).not.toContain('class="lead"')
  expect(shown(identifier('hidden', ''))).not.toContain('class="lead"')
})

test('an error shows its reason, else its message, always as text', () => {
  expect(shown({ code: 400, reason: '<b>Because</b>', message: 'm' })).toContain('&lt;b&gt;Because&lt;/b&gt;')
  expect(shown({ code: 404, message: 'Unable to locate the resource' })).toContain('Unable to locate the resource')
})

test('an action that refuses may say several things', () => {
  const details = { messages: [{ text: 'Invite only.' }, { text: 'Ask Bob.' }] }
  const html = shown({ id: 'action_denied', code: 403, reason: 'Invite only.', details })
  expect(html).toContain('Invite only.')
  expect(html).toContain('Ask Bob.')
})

test('an unknown reference gets a page too', () => {
  const html = renderPage(errorPage({ home, error: null, reference: null, at: null }))
  expect(html).toContain('Nothing to see here')
  expect(html).not.toContain('please give this reference')
})
