import { describe, expect, test } from 'vitest'
import { toBase64 } from '../../test/minimal-config.ts'
import { ConfigError } from '../core/errors.ts'
import { personSchema } from '../../test/minimal-config.ts'
import { explainPlan } from './explain-plan.ts'
import { loadConfig } from './load.ts'
import { makePlan } from './plan.ts'
import { actionWorld } from '../../test/action-world.ts'

const head = `dsn: memory
identity: { schemas: [{ id: default, url: '${toBase64(JSON.stringify(personSchema))}' }] }
secrets: { cookie: [dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe] }
selfservice: { default_browser_return_url: 'https://app.example.test/', methods: { password: { enabled: true } } }
`

/** Loads a configuration with these connections, and perhaps a recipe of the operator's own in own.yml. */
const load = (connections: string, own?: string) =>
  loadConfig({
    files: ['cardea.yml'],
    profile: 'safe',
    dev: true,
    env: { KEY: 'sk_test_1' },
    readFile: (path) =>
      path === 'own.yml'
        ? Promise.resolve(own ?? '')
        : Promise.resolve(
            `${head}actions:\n${own === undefined ? '' : '  recipes: [own.yml]\n'}  connections:\n${connections}`,
          ),
  })

async function problemsOf(connections: string, own?: string): Promise<readonly string[]> {
  try {
    await load(connections, own)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ file, line, key, got, need }) => `${file}:${line} ${key}: ${got ?? ''} > ${need}`)
    throw error
  }
  return []
}

const RECIPE = `name: own
title: Own
summary: A test.
base_url: https://vendor.example.test
secrets:
  key: { help: the key, example: k }
params:
  size: { type: number, help: A size., default: 1 }
auth: { bearer: '\${secrets.key}' }
facts: '{ id: ctx.identity.id }'
outcomes:
  - { about: done, status: 2xx, outcome: success }
steps:
  first:
    about: calls
    request: { method: POST, path: '/a/\${facts.id}', body: { json: '{ size: params.size }' } }
    keep: { id: answer.body.id }
  second:
    about: calls again
    when: steps.first.id != null
    request: { method: DELETE, path: '/b/\${steps.first.id}' }
triggers:
  registration:
    about: Calls.
    default: true
    steps: [first, second]
`
const USED = `    mine: { recipe: own, secrets: { key: k } }\n`

describe('recipes of an operator', () => {
  test('one that is right is used like those that come with Cardea', async () => {
    const { settings, sources } = await load(USED, RECIPE)
    expect(settings.connections.map(({ name }) => name)).toEqual(['mine'])
    expect(sources).toContain('own.yml')
  })

  test.each([
    ['an unknown key', ['summary: A test.', 'sumary: A test.'], 'own.yml:3 sumary: an unknown key'],
    [
      'an unknown step',
      ['steps: [first, second]', 'steps: [first, third]'],
      'triggers.registration.steps[1]:  > one of the recipe’s steps: first, second',
    ],
    [
      'a step that comes later',
      ['steps: [first, second]', 'steps: [second, first]'],
      'own.yml:20 steps.second.when:  > an earlier step: there are none; first is none',
    ],
    ['a secret in an expression', ['{ size: params.size }', '{ size: secrets.key }'], 'no expression sees a secret'],
    [
      'a secret in what is kept',
      ["'{ id: ctx.identity.id }'", '\'{ id: "${secrets.key}" }\''],
      'own.yml:10 facts:  > no secret',
    ],
    [
      'a secret nobody declared',
      ["'${secrets.key}'", "'${secrets.other}'"],
      'own.yml:9 auth.bearer:  > one of the recipe’s secrets: key; other is none',
    ],
    [
      'a missing parameter',
      ['params.size', 'params.length'],
      'steps.first.request.body.json:  > one of the recipe’s params: size; length is none',
    ],
    ['a wrong type', ['outcome: success', 'outcome: fine'], 'own.yml:12 outcomes[0].outcome'],
    ['an expression that can’t be read', ['/a/${facts.id}', '/a/${facts.id'], 'own.yml:16 steps.first.request.path'],
    ['the answer where there is none yet', ['/a/${facts.id}', '/a/${answer.body.id}'], 'Unknown variable: answer'],
    ['the identity after what is known of it', ['/a/${facts.id}', '/a/${ctx.identity.id}'], 'Unknown variable: ctx'],
    [
      'a step nobody uses',
      ['steps: [first, second]', 'steps: [first]'],
      'steps.second:  > a trigger that has this step: none does',
    ],
    ['a method that is none', ['method: DELETE', 'method: FETCH'], 'steps.second.request.method'],
    ['no YAML', ['name: own', 'name: [own'], 'own.yml:'],
  ])('%s is refused, with file and place', async (_what, [from = '', to = ''], said) => {
    expect(RECIPE).toContain(from)
    const problems = await problemsOf(USED, RECIPE.replace(from, to))
    expect(problems.join('\n')).toContain(said)
  })

  test('personal data that is refused cannot be looked for in a second call', async () => {
    const problems = await problemsOf(USED, `${RECIPE}personal_data: refused\n`)
    expect(problems.join('\n')).toContain('triggers.registration.steps:  > one step, as personal data is refused')
  })

  test('a file that is not there', async () => {
    const problems = loadConfig({
      files: ['cardea.yml'],
      profile: 'safe',
      dev: true,
      env: {},
      readFile: (path) =>
        path === 'cardea.yml'
          ? Promise.resolve(`${head}actions: { recipes: [gone.yml] }\n`)
          : Promise.reject(new Error('there is none')),
    })
    await expect(problems).rejects.toThrow('gone.yml')
  })
})

describe('connections', () => {
  test.each([
    [
      'an unknown recipe',
      'a: { recipe: strpe }',
      'cardea.yml:7 actions.connections.a.recipe: "strpe" > one of cloudevents',
    ],
    [
      'a missing secret',
      'a: { recipe: stripe }',
      'actions.connections.a.secrets.api_key: nothing > the secret or restricted key',
    ],
    [
      'a secret of the wrong form',
      'a: { recipe: stripe, secrets: { api_key: pk_1 } }',
      'cardea.yml:7 actions.connections.a.secrets.api_key:  > a key that begins with sk_ or rk_',
    ],
    [
      'a secret nobody knows',
      'a: { recipe: stripe, secrets: { api_key: sk_1, kee: x } }',
      'secrets.kee: an unknown secret',
    ],
    [
      'a missing parameter',
      'a: { recipe: google-analytics, secrets: { api_secret: x } }',
      'params.measurement_id:  > a text',
    ],
    [
      'a parameter of the wrong type',
      'a: { recipe: stripe, secrets: { api_key: sk_1 }, params: { trial_days: x } }',
      'params.trial_days:  > a number',
    ],
    [
      'a parameter that can’t be read',
      'a: { recipe: stripe, secrets: { api_key: sk_1 }, params: { email: "ctx." } }',
      'params.email:  > a Jsonnet expression over ctx that can be read',
    ],
    [
      'a trigger the recipe does not have',
      'a: { recipe: stripe, secrets: { api_key: sk_1 }, on: [login] }',
      'on[0]: "login", which the recipe stripe knows nothing of',
    ],
    [
      'two triggers of which one is the other',
      'a: { recipe: stripe, secrets: { api_key: sk_1 }, on: [registration, identity.created] }',
      'both registration and identity.created',
    ],
    [
      'a key without its data centre',
      'a: { recipe: mailchimp, secrets: { api_key: abc }, params: { list_id: x } }',
      'secrets.api_key:  > a key that ends in its data centre',
    ],
    [
      'an address that is none',
      'a: { recipe: zapier, secrets: { hook_url: abc } }',
      'secrets.hook_url:  > a whole http or https URL',
    ],
    [
      'a condition that can’t be read',
      'a: { recipe: zapier, secrets: { hook_url: "https://h.example.test/" }, when: "ctx ==" }',
      'actions.connections.a.when',
    ],
    ['a name that is none', 'A b: { recipe: stripe }', 'actions.connections["A b"]: an unknown key'],
  ])('%s is refused, with file and place', async (_what, connection, said) => {
    const problems = await problemsOf(`    ${connection}\n`)
    expect(problems.join('\n')).toContain(said)
    expect(problems.join('\n')).not.toMatch(/pk_1|sk_1|abc/)
  })

  test('what is switched off need not be right', async () => {
    const { settings } = await load('    a: { recipe: stripe, enabled: false }\n')
    expect(settings.connections).toEqual([])
  })

  test('a connection is one action of the plan, at the end of every list that counts', async () => {
    const { settings } =
      await load(`    billing: { recipe: stripe, secrets: { api_key: env://KEY }, on: [registration, identity.deleted] }
  on: {}
`)
    const world = actionWorld()
    const { plan } = makePlan(settings, world)
    const ids = (actions: readonly { readonly id: string }[] | undefined) => actions?.map(({ id }) => id)
    expect(ids(plan.registration.after)).toEqual(['connection:billing'])
    expect(ids(plan.login.after)).toEqual([])
    expect(ids(plan.on['identity.deleted'])).toEqual(['connection:billing'])
    const steps = explainPlan(settings).flatMap(({ trigger, steps: all }) =>
      all.filter(({ kind }) => kind === 'connection').map(({ id, beat, call }) => [trigger, id, beat, call?.target]),
    )
    expect(steps).toContainEqual([
      'registration.after.password',
      'connection:billing',
      'queued',
      'Stripe: POST https://api.stripe.com/v1/customers',
    ])
    expect(JSON.stringify(steps)).not.toContain('sk_test_1')
    await world.close()
  })

  test('with actions switched off nobody is told', async () => {
    const off = `    billing: { recipe: stripe, secrets: { api_key: env://KEY } }\n  enabled: false\n`
    expect((await load(off)).settings.connections).toEqual([])
  })
})
