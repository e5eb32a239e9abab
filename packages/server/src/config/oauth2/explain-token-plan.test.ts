import { expect, test } from 'vitest'
import { explainTokenPlan } from './explain-token-plan.ts'
import { loadOAuth2Config } from './load.ts'

const web = (name: string, scope: object = {}) => ({
  hook: 'web_hook',
  ...scope,
  config: { url: `https://key:secret@hooks.example.test/${name}?q=1`, method: 'POST', id: name },
})

async function planOf(document: object) {
  const { settings } = await loadOAuth2Config({
    files: ['hydra.yml'],
    profile: 'ory',
    dev: false,
    env: {},
    readFile: () =>
      Promise.resolve(JSON.stringify({ secrets: { system: ['a-system-secret-for-tests'] }, ...document })),
  })
  return explainTokenPlan(settings)
}

const lines = (plan: Awaited<ReturnType<typeof planOf>>) =>
  plan.map(({ trigger, steps }) => [
    trigger,
    steps.map(({ beat, call, why }) => `${beat}: ${call?.target ?? ''} (${call?.answer ?? ''}), ${why}`),
  ])

test('nothing configured, nothing runs: every grant is named with no steps', async () => {
  expect(lines(await planOf({}))).toEqual([
    ['tokens.authorization_code', []],
    ['tokens.refresh_token', []],
    ['tokens.client_credentials', []],
    ['tokens.device_code', []],
    ['tokens.jwt_bearer', []],
  ])
})

test('Hydra’s hooks come first, the older one on refreshing only; then the list of the grant, then what is told', async () => {
  const plan = await planOf({
    oauth2: { token_hook: 'https://hooks.example.test/t', refresh_token_hook: 'https://hooks.example.test/r' },
    tokens: {
      before_issue: { hooks: [web('all'), web('machine', { grants: ['client_credentials', 'jwt_bearer'] })] },
      after_issue: { hooks: [web('told')] },
    },
  })
  const old = 'asked: POST https://hooks.example.test/t (may refuse or change), every grant'
  const all = 'asked: POST https://hooks.example.test/all (may refuse or change), every grant'
  const machine = 'asked: POST https://hooks.example.test/machine (may refuse or change), names this grant'
  const told = 'queued: POST https://hooks.example.test/told (is not waited for), every grant'
  expect(lines(plan)).toEqual([
    ['tokens.authorization_code', [old, all, told]],
    [
      'tokens.refresh_token',
      ['asked: POST https://hooks.example.test/r (may refuse or change), a refresh', old, all, told],
    ],
    ['tokens.client_credentials', [old, machine, told]],
    ['tokens.device_code', [old, all, told]],
    ['tokens.jwt_bearer', [old, machine, told]],
  ])
})

test('a client that a list names is shown apart, where its list holds', async () => {
  const plan = await planOf({
    tokens: {
      before_issue: {
        hooks: [web('all'), web('shop', { clients: ['shop'], grants: ['refresh_token'] })],
      },
    },
  })
  expect(plan.map(({ trigger, steps }) => [trigger, steps.map(({ id }) => id)])).toEqual([
    ['tokens.authorization_code', ['all']],
    ['tokens.refresh_token', ['all']],
    ['tokens.refresh_token, client shop', ['shop']],
    ['tokens.client_credentials', ['all']],
    ['tokens.device_code', ['all']],
    ['tokens.jwt_bearer', ['all']],
  ])
})
