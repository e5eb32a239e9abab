import { expect, test } from 'vitest'
import { messages } from './messages.ts'
import { clearMessages, csrfNode, inputNode, sortNodes, submitNode, withMessages, withValues } from './nodes.ts'
import type { FlowName } from './trigger.ts'
import type { InputType, NodeGroup, Ui, UiNode } from './ui.ts'

const field = (group: NodeGroup, name: string, type: InputType = 'text') => inputNode({ group, name, type })
const button = (group: NodeGroup) => submitNode(group, 'method', group, messages.continue())
const ui = (...nodes: UiNode[]): Ui => ({ action: 'http://id.example.test/', method: 'POST', nodes, messages: [] })
const show = (node: UiNode) =>
  node.type === 'input' ? `${node.group}:${node.attributes.name}` : `${node.group}:#${node.attributes.id}`
const valueOf = (form: Ui, name: string) =>
  form.nodes.flatMap((node) =>
    node.type === 'input' && node.attributes.name === name ? [node.attributes.value] : [],
  )[0]

test('an attribute that says nothing is not there', () => {
  expect(field('default', 'traits.email')).toEqual({
    type: 'input',
    group: 'default',
    attributes: { node_type: 'input', name: 'traits.email', type: 'text', disabled: false },
    messages: [],
    meta: {},
  })
  expect(inputNode({ group: 'default', name: 'x', type: 'text', required: false }).attributes).not.toHaveProperty(
    'required',
  )
  expect(csrfNode('').attributes).toEqual({
    node_type: 'input',
    name: 'csrf_token',
    type: 'hidden',
    value: '',
    required: true,
    disabled: false,
  })
})

test.each<[FlowName, readonly UiNode[], readonly string[]]>([
  [
    'login',
    [
      button('password'),
      field('password', 'password', 'password'),
      button('code'),
      field('default', 'identifier'),
      field('passkey', 'passkey_login', 'hidden'),
      csrfNode(''),
      submitNode('oidc', 'provider', 'mock', messages.signUp()),
    ],
    [
      'oidc:provider',
      'default:csrf_token',
      'default:identifier',
      'passkey:passkey_login',
      'code:method',
      'password:password',
      'password:method',
    ],
  ],
  [
    'registration',
    [
      field('password', 'password', 'password'),
      button('password'),
      button('profile'),
      field('default', 'traits.zebra'),
      field('default', 'traits.ant'),
      button('code'),
      csrfNode(''),
    ],
    [
      'default:csrf_token',
      'default:traits.zebra',
      'default:traits.ant',
      'code:method',
      'password:password',
      'password:method',
      'profile:method',
    ],
  ],
  [
    'login',
    [csrfNode(''), field('identifier_first', 'identifier')],
    ['identifier_first:identifier', 'default:csrf_token'],
  ],
  [
    'settings',
    [
      field('totp', 'totp_code'),
      {
        ...field('totp', 'x'),
        type: 'img',
        attributes: { node_type: 'img', id: 'totp_qr', src: '', width: 1, height: 1 },
      },
      button('profile'),
      field('profile', 'traits.email'),
      csrfNode(''),
    ],
    ['default:csrf_token', 'profile:traits.email', 'profile:method', 'totp:#totp_qr', 'totp:totp_code'],
  ],
  ['recovery', [field('code', 'b'), csrfNode(''), field('code', 'a')], ['code:b', 'default:csrf_token', 'code:a']],
])('%s is sorted as Ory sorts it', (flow, nodes, expected) => {
  expect(sortNodes(flow, nodes).map(show)).toEqual(expected)
})

test('values keep the type they were sent with', () => {
  const form = withValues(
    ui(
      field('default', 'traits.age', 'number'),
      field('default', 'traits.news', 'checkbox'),
      field('default', 'traits.name.first'),
      field('default', 'traits.tags'),
      field('default', 'traits.gone'),
    ),
    { traits: { age: 5, news: false, name: { first: 'Ädä' }, tags: ['a'], gone: null } },
  )
  expect(
    ['traits.age', 'traits.news', 'traits.name.first', 'traits.tags', 'traits.gone'].map((name) => valueOf(form, name)),
  ).toEqual([5, false, 'Ädä', undefined, undefined])
})

test.each<[string, UiNode]>([
  ['password', field('password', 'password', 'password')],
  ['code', field('code', 'code')],
  ['totp_code', field('totp', 'totp_code')],
  ['lookup_secret', field('lookup_secret', 'lookup_secret')],
  ['one_time', inputNode({ group: 'code', name: 'one_time', type: 'text', autocomplete: 'one-time-code' })],
  ['csrf_token', csrfNode('its own')],
  ['method', button('password')],
  ['passkey_login', field('passkey', 'passkey_login', 'hidden')],
])('%s never takes the value that was sent', (name, node) => {
  expect(withValues(ui(node), { [name]: 'sent' }).nodes).toEqual([node])
})

test('what is hidden takes the person’s own words only', () => {
  const form = ui(field('default', 'identifier', 'hidden'), field('default', 'traits.email', 'hidden'))
  const filled = withValues(form, { identifier: 'a', 'traits.email': 'b' })
  expect([valueOf(filled, 'identifier'), valueOf(filled, 'traits.email')]).toEqual(['a', 'b'])
})

test('names of prototype members are names like any other', () => {
  const form = ui(field('default', 'traits.constructor'), field('default', 'traits.toString'))
  expect(withValues(form, { traits: {} })).toEqual(form)
  expect(valueOf(withValues(form, { traits: { constructor: 'x' } }), 'traits.constructor')).toBe('x')
  expect(withMessages(form, []).nodes).toEqual(form.nodes)
})

test('each message goes to its field, in order, and those without one to the form', () => {
  const form = withMessages(ui(csrfNode(''), field('default', 'traits.email')), [
    { field: 'traits.email', message: messages.tooShort(3, 1) },
    { field: '', message: messages.invalidCredentials() },
    { field: 'traits.email', message: messages.emailInvalid('x') },
  ])
  expect(form.messages.map(({ id }) => id)).toEqual([4000006])
  expect(form.nodes.map(({ messages: said }) => said.map(({ id }) => id))).toEqual([[], [4000003, 4000040]])
})

test('a message for a field the form lacks makes one behind the other defaults', () => {
  const form = withMessages(ui(csrfNode(''), field('default', 'traits.email'), field('password', 'password')), [
    { field: 'traits', message: messages.reason('additionalProperties "x" not allowed') },
  ])
  expect(form.nodes.map(show)).toEqual([
    'default:csrf_token',
    'default:traits.email',
    'default:traits',
    'password:password',
  ])
  expect(form.nodes[2]).toMatchObject({ attributes: { type: 'text' }, messages: [{ id: 4000001 }], meta: {} })
})

test('of several nodes with one name only the first is spoken to', () => {
  const form = withMessages(ui(button('code'), button('password')), [
    { field: 'method', message: messages.noLoginStrategy() },
  ])
  expect(form.nodes.map(({ messages: said }) => said.length)).toEqual([1, 0])
})

test('a cleared form says nothing and keeps its values', () => {
  const form = withMessages(withValues(ui(field('default', 'identifier')), { identifier: 'ann' }), [
    { field: 'identifier', message: messages.noAccount() },
    { field: '', message: messages.noAccount() },
  ])
  const cleared = clearMessages(form)
  expect(cleared.messages).toEqual([])
  expect(cleared.nodes.flatMap(({ messages: said }) => said)).toEqual([])
  expect(valueOf(cleared, 'identifier')).toBe('ann')
})
