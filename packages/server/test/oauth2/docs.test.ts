import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadOAuth2Config } from '../../src/config/oauth2/load.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { GRANT_NAMES, tokenActionsFor, tokenPlan } from '../../src/oauth2/token-plan.ts'
import { readTokenAnswer } from '../../src/oauth2/read-token-answer.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import {
  claimsOf,
  introspect,
  type OAuth2TestServer,
  refresh,
  register,
  startOAuth2Server,
  token,
  tokensFor,
} from './server.ts'

// What docs/oauth2.md shows is what happens.

const DOCS = readFileSync(new URL('../../../../docs/oauth2.md', import.meta.url), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...DOCS.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const [ACTIONS = '', HOOK = ''] = blocks('yaml')
const [AMENDMENT = '', REFUSAL = '', DENIAL = ''] = blocks('json')
const ENV = { CRM_SIGNING_SECRET: 'a-signing-secret-of-enough-bytes', HOOK_KEY: 'the-key-of-the-hook' }

const load = async (yaml: string) => {
  const document: JsonObject = parse(yaml)
  const { settings } = await loadOAuth2Config({
    files: ['hydra.json'],
    profile: 'ory',
    dev: false,
    env: ENV,
    readFile: () =>
      Promise.resolve(JSON.stringify({ secrets: { system: ['a-system-secret-for-tests'] }, ...document })),
  })
  return settings
}

test('the configurations are valid, and the lists mean what is said of them', async () => {
  const plan = tokenPlan(await load(ACTIONS))
  const runs = (phase: 'before' | 'after', grant: string, client: string) =>
    tokenActionsFor(plan, phase, GRANT_NAMES[grant] ?? grant, client).map(({ hook }) => hook.endpoint)
  expect(runs('before', 'client_credentials', 'anybody')).toEqual(['https://hooks.example.test/claims'])
  expect(runs('before', 'refresh_token', 'anybody')).toEqual(['https://hooks.example.test/still-allowed'])
  expect(runs('before', 'refresh_token', 'the-shop')).toEqual(['https://shop.example.test/claims'])
  expect(runs('after', 'device_code', 'anybody')).toEqual(['https://crm.example.test/signed-in'])
  expect(runs('after', 'refresh_token', 'anybody')).toEqual([])
  expect((await load(HOOK)).tokenHook).toMatchObject({ auth: { in: 'header', name: 'X-Key', value: ENV.HOOK_KEY } })
  for (const grant of Object.keys(GRANT_NAMES)) expect(DOCS).toContain(`| \`${grant}\` |`)
})

test('the refusals are read as they are written', () => {
  expect(readTokenAnswer(400, REFUSAL)).toEqual({
    kind: 'deny',
    status: 400,
    error: 'invalid_grant',
    description: 'This account is closed.',
  })
  expect(readTokenAnswer(200, DENIAL)).toEqual({
    kind: 'deny',
    status: 403,
    error: 'access_denied',
    description: 'Your plan has no API.',
  })
})

let server: OAuth2TestServer
let receiver: Receiver

beforeAll(async () => {
  receiver = await startReceiver()
  const onReceiver = ACTIONS.replaceAll(/https:\/\/[a-z]+\.example\.test\//g, receiver.url('/')).replaceAll(
    /env:\/\/(\w+)/g,
    (_whole, name: keyof typeof ENV) => ENV[name],
  )
  server = await startOAuth2Server({ config: parse(onReceiver) })
})
afterAll(async () => {
  await server.close()
  await receiver.close()
})

test('an amendment shows in a JWT, its introspection, the ID token and userinfo alike, and stays over a refresh', async () => {
  const client = await register(server, { access_token_strategy: 'jwt', client_name: 'The application' })
  receiver.on('/claims', { body: AMENDMENT, headers: { 'content-type': 'application/json' } })
  const consent = { session: { access_token: { trial: true, kept: 1 }, id_token: { given: 'x' } } }
  const { status, body } = await tokensFor(server, client, 'openid offline read', { consent })
  expect(status).toBe(200)
  expect(body).toMatchObject({ scope: 'openid offline', expires_in: 300 })
  const ext = { kept: 1, tier: 'gold' }
  const whole = claimsOf(body.access_token)
  expect(whole).toMatchObject({ ext, scp: ['openid', 'offline'] })
  expect(whole['ext']).not.toHaveProperty('trial')
  expect((await introspect(server, body.access_token)).ext).toEqual(ext)
  const id = claimsOf(body.id_token)
  expect(id).toMatchObject({ plan: 'pro', given: 'x' })
  expect(Number(id['exp']) - Number(id['iat'])).toBe(300)
  const answer = await fetch(`${server.publicUrl}/userinfo`, {
    headers: { authorization: `Bearer ${body.access_token}` },
  })
  expect(JSON.parse(await answer.text())).toMatchObject({ plan: 'pro', given: 'x' })
  const lives = await introspect(server, body.refresh_token)
  expect((lives.exp ?? 0) - (lives.iat ?? 0)).toBe(3600)

  const [told] = await receiver.waitFor('/signed-in')
  expect(JSON.parse(told?.body ?? '')).toEqual({ who: 'alice', app: 'The application' })
  expect(told?.headers['webhook-signature']).toMatch(/^v1,/)

  receiver.on('/still-allowed', { status: 204 })
  const next = await refresh(server, client, body.refresh_token)
  expect(claimsOf(next.body.access_token)).toMatchObject({ ext, scp: ['openid', 'offline'] })
  expect(claimsOf(next.body.id_token)).toMatchObject({ plan: 'pro' })
  receiver.on('/still-allowed', { status: 400, body: REFUSAL })
  expect(await refresh(server, client, next.body.refresh_token)).toMatchObject({
    status: 400,
    body: JSON.parse(REFUSAL),
  })
})

test('a client that is named has its own action, whose failure stops nobody', async () => {
  await server.oauth2.createOAuth2Client({
    oAuth2Client: {
      client_id: 'the-shop',
      client_secret: 'a-secret-of-the-shop',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  })
  receiver.reset()
  receiver.on('/claims', { status: 500 })
  const shop = { client_id: 'the-shop', client_secret: 'a-secret-of-the-shop' }
  expect((await token(server, shop, { grant_type: 'client_credentials' })).status).toBe(200)
  // Named by nobody, the same receiver has the last word.
  expect((await token(server, await register(server), { grant_type: 'client_credentials' })).status).toBe(500)
})
