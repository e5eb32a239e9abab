import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ActionWorld, actionWorld } from '../../test/action-world.ts'
import { load, minimalConfig, toBase64 } from '../../test/minimal-config.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { actionsFor } from '../core/plan.ts'
import type { Trigger } from '../core/trigger.ts'
import { explainPlan } from './explain-plan.ts'
import { lintActions } from './lint.ts'
import { makePlan } from './plan.ts'

const state: { world?: ActionWorld } = {}
beforeAll(() => {
  state.world = actionWorld()
})
afterAll(() => state.world?.close())

const hook = (name: string, more: JsonObject = {}): JsonObject => ({
  hook: 'web_hook',
  config: { url: `https://receiver.test/${name}`, method: 'POST', body: toBase64('{}'), ...more },
})
const parse = { response: { parse: true } }

async function planned(flows: JsonObject, more: JsonObject = {}, profile: 'safe' | 'ory' = 'safe') {
  const { settings } = await load(
    { ...minimalConfig, ...more, selfservice: { ...minimalConfig.selfservice, flows } },
    { profile },
  )
  const { world } = state
  if (world === undefined) throw new Error('no world')
  return makePlan(settings, { ...world, settings })
}
const wheres = ({ plan }: Awaited<ReturnType<typeof planned>>, trigger: Trigger) =>
  actionsFor(trigger, plan).map(({ where }) => where)

test('the overview’s own example: hook_1 at every start, hook_3 for password, hook_2 for every other method', async () => {
  const made = await planned({
    login: {
      before: { hooks: [hook('hook_1')] },
      after: { hooks: [hook('hook_2')], password: { hooks: [hook('hook_3')] } },
    },
  })
  expect(wheres(made, { phase: 'before', flow: 'login' })).toEqual(['login.before.hooks[0]'])
  expect(wheres(made, { phase: 'after', flow: 'login', method: 'password' })).toEqual(['login.after.password.hooks[0]'])
  for (const method of ['oidc', 'code', 'webauthn'] as const) {
    expect(wheres(made, { phase: 'after', flow: 'login', method })).toEqual(['login.after.hooks[0]'])
  }
})

test('an action of the default list is one action, wherever it counts', async () => {
  const { plan } = await planned({
    login: { after: { hooks: [hook('a')], password: { hooks: [hook('b')], merge: 'append' } } },
  })
  const [first] = plan.login.after
  expect(plan.login.afterMethod.password?.[0]).toBe(first)
})

test('actions that are off are not in the plan, and keep their neighbours’ names', async () => {
  const made = await planned({ login: { before: { hooks: [hook('a', { enabled: false }), hook('b')] } } })
  expect(wheres(made, { phase: 'before', flow: 'login' })).toEqual(['login.before.hooks[1]'])
})

test('an action is known by its id, else by its place and what it calls', async () => {
  const { plan } = await planned({ login: { before: { hooks: [hook('a', { id: 'crm' }), hook('b')] } } })
  expect(plan.login.before.map(({ id }) => id)).toEqual(['crm', expect.stringMatching(/^login\.before:[0-9a-f]{16}$/)])
})

test('kinds that do nothing are not in the plan', async () => {
  const { plan } = await planned({ login: { after: { hooks: [{ hook: 'b2b_sso' }, hook('a')] } } })
  expect(plan.login.after.map(({ kind }) => kind)).toEqual(['web_hook'])
})

test('a list of nothing but kinds that do nothing counts as empty, as in Ory', async () => {
  const made = await planned({
    login: { after: { hooks: [hook('a')], password: { hooks: [{ hook: 'organization' }] } } },
  })
  expect(wheres(made, { phase: 'after', flow: 'login', method: 'password' })).toEqual(['login.after.hooks[0]'])
})

const only = { methods: Object.fromEntries(['code', 'profile'].map((method) => [method, { enabled: false }])) }
const warned = async (flows: JsonObject, more: JsonObject = {}, profile: 'safe' | 'ory' = 'safe') => {
  const { settings } = await load(
    { ...minimalConfig, ...more, selfservice: { ...minimalConfig.selfservice, ...only, flows } },
    { profile },
  )
  const { world } = state
  if (world === undefined) throw new Error('no world')
  return makePlan(settings, { ...world, settings }).warnings.map(({ kind, where, text }) => `${kind} ${where} ${text}`)
}

test.each([
  [
    'B5: an entry that every method overrides',
    { login: { after: { hooks: [hook('a')], password: { hooks: [hook('b')] } } } },
    {},
    'safe',
    [
      'unreachable_action login.after.hooks[0] never runs: every method has a list of its own; move it there, or set `merge`',
    ],
  ],
  [
    'no warning where merge lets it run',
    { login: { after: { hooks: [hook('a')], password: { hooks: [hook('b')], merge: 'append' } } } },
    {},
    'safe',
    [],
  ],
  [
    'B8: three blocking calls of 2 s within a budget of 3 s',
    { login: { before: { hooks: ['a', 'b', 'c'].map((name) => hook(name, { timeout: '2s' })) } } },
    { actions: { ask_timeout: '3s' } },
    'safe',
    [
      'budget_exceeded login.before.hooks[2] at login.before the blocking actions can need 6 s, actions.ask_timeout is 3 s: login.before.hooks[2] may never be asked',
    ],
  ],
  [
    'one call that has less time than it was given',
    { login: { before: { hooks: [hook('a', { timeout: '20s' })] } } },
    {},
    'safe',
    [
      'budget_exceeded login.before.hooks[0] at login.before the blocking actions can need 20 s, actions.ask_timeout is 10 s: login.before.hooks[0] may be cut short',
    ],
  ],
  [
    'no warning for calls nobody waits for',
    { login: { before: { hooks: ['a', 'b', 'c', 'd'].map((name) => hook(name, { response: { ignore: true } })) } } },
    {},
    'safe',
    [],
  ],
  [
    'row 2: a hook that never ran in Kratos',
    { registration: { after: { hooks: [hook('a', parse)] } } },
    {},
    'ory',
    [
      'never_ran_in_kratos registration.after.hooks[0] never ran in Kratos, runs here; `enabled: false` switches it off',
    ],
  ],
  ['no such warning in safe', { registration: { after: { hooks: [hook('a', parse)] } } }, {}, 'safe', []],
  ['no such warning for the other flows', { login: { after: { hooks: [hook('a', parse)] } } }, {}, 'ory', []],
  [
    'a list of a method that is off',
    { login: { after: { code: { hooks: [hook('a')] } } } },
    {},
    'safe',
    ['method_is_off login.after.code.hooks never runs: the method code is switched off'],
  ],
  [
    'a list that is all off',
    { login: { after: { password: { hooks: [hook('a', { enabled: false })] } } } },
    {},
    'safe',
    ['list_is_off login.after.password.hooks counts as empty, as every entry is off: the default list runs instead'],
  ],
  [
    'recovery that waits for a receiver',
    { recovery: { after: { hooks: [hook('a')] } } },
    {},
    'safe',
    [
      'can_strand recovery.after.hooks[0] while its receiver fails, nobody can recover an account; response.ignore queues the call instead',
    ],
  ],
  [
    'two entries that are known as one',
    { login: { before: { hooks: [hook('a', { timeout: '1s' }), hook('a', { timeout: '2s' })] } } },
    {},
    'safe',
    [
      expect.stringContaining(
        'same_id login.before.hooks[1] makes the same call as login.before.hooks[0]: if both are meant, give each an `id`',
      ),
    ],
  ],
  [
    'a call without a body',
    { login: { before: { hooks: [hook('a', { body: '' })] } } },
    {},
    'safe',
    ['no_body login.before.hooks[0] fails whenever it is called: it has no body template'],
  ],
  [
    'somebody who is signed in at once',
    { registration: { after: { password: { hooks: [{ hook: 'session' }] } } } },
    {},
    'safe',
    [expect.stringContaining('tells_who_exists registration.after.password.hooks[0] people are signed in at once')],
  ],
] as const)(
  '%s',
  async (_name, flows: JsonObject, more: JsonObject, profile: 'safe' | 'ory', expected: readonly unknown[]) => {
    expect(await warned(flows, { dev: true, ...more }, profile)).toEqual(expected)
  },
)

test.each([
  [
    'strict',
    [
      'default_list_replaced settings.after.hooks[0] does not run beside settings.after.profile.hooks; in Ory it does (actions.precedence: ory)',
    ],
  ],
  [
    'ory',
    [
      expect.stringContaining(
        'default_list_runs_beside settings.after.hooks[0] runs beside settings.after.profile.hooks as well',
      ),
    ],
  ],
] as const)('row 17 in %s names every entry it concerns', async (precedence, expected) => {
  const { settings } = await load({
    ...minimalConfig,
    actions: { precedence },
    selfservice: {
      ...minimalConfig.selfservice,
      flows: {
        settings: {
          after: { hooks: [hook('a'), hook('b', parse)], profile: { hooks: [{ hook: 'verify_new_address' }] } },
        },
      },
    },
  })
  const { world } = state
  if (world === undefined) throw new Error('no world')
  const { warnings } = makePlan(settings, { ...world, settings })
  expect(warnings.map(({ kind, where, text }) => `${kind} ${where} ${text}`)).toEqual(expected)
})

test('people’s data over http is worth a word outside of development', async () => {
  const config = {
    ...minimalConfig,
    secrets: { cookie: ['env://COOKIE'] },
    selfservice: {
      ...minimalConfig.selfservice,
      flows: {
        login: {
          before: { hooks: [hook('a', { url: 'http://crm.test/' }), hook('b', { url: 'http://localhost:8080/' })] },
        },
      },
    },
  }
  const env = { COOKIE: 'dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe' }
  const { settings } = await load(config, { dev: false, env })
  const { world } = state
  if (world === undefined) throw new Error('no world')
  expect(makePlan(settings, { ...world, settings }).warnings).toEqual([
    { kind: 'plain_http', where: 'login.before.hooks[0]', text: expect.stringContaining('over http') },
  ])
})

test('what stands on events is planned, explained and linted like everything else', async () => {
  const actions = { on: { identity: { created: { hooks: [hook('a'), hook('off', { enabled: false })] } } } }
  const { settings } = await load({ ...minimalConfig, actions })
  const { world } = state
  if (world === undefined) throw new Error('no world')
  const { plan } = makePlan(settings, { ...world, settings })
  expect(wheres({ plan, warnings: [] }, { phase: 'on', event: 'identity.created' })).toEqual([
    'on.identity.created.hooks[0]',
  ])
  expect(wheres({ plan, warnings: [] }, { phase: 'on', event: 'identity.updated' })).toEqual([])
  expect(explainPlan(settings).find(({ trigger }) => trigger === 'on.identity.created')?.steps).toEqual([
    expect.objectContaining({
      beat: 'queued',
      where: 'on.identity.created.hooks[0]',
      why: 'identity.created, whatever caused it',
      call: expect.objectContaining({ target: 'POST https://receiver.test/a', answer: 'is not waited for' }),
    }),
  ])
})

test('the notes about calls are about those on events as well', async () => {
  const bad = hook('a', { url: 'http://169.254.169.254/', headers: { host: 'x' }, body: '' })
  const { settings } = await load({
    ...minimalConfig,
    actions: {
      on: {
        session: {
          revoked: {
            hooks: [bad, hook('b'), { ...hook('b'), config: { ...object(hook('b').config), timeout: '1s' } }],
          },
        },
      },
    },
  })
  const remarks = await lintActions(settings, {
    readFile: () => Promise.resolve(''),
    fetchText: () => Promise.resolve(''),
  })
  const [first, third] = ['on.session.revoked.hooks[0]', 'on.session.revoked.hooks[2]']
  const of = (where: string | undefined) =>
    remarks.filter((remark) => remark.where.startsWith(where ?? '')).map(({ kind }) => kind)
  expect(of(first).toSorted()).toEqual(['header_not_allowed', 'no_body', 'target_not_allowed'])
  expect(of(third)).toEqual(['same_id'])
})

const object = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})
