import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Json, JsonObject } from '../src/core/json.ts'
import { type TestApp, webHook } from './app.ts'
import { contractOf, type Heard } from './contract.ts'
import { factors, startFactors } from './factors/world.ts'
import { fiveFlows } from './flows/base.ts'
import { at, httpClient } from './http-client.ts'
import { PASSWORD } from './journeys.ts'
import { codeTo } from './mails.ts'
import { authorizationUrl, Browser, CALLBACK, startOAuth2Server } from './oauth2/server.ts'
import { startReceiver } from './receiver.ts'
import { somebody, textIn } from './somebody.ts'

const heard: Heard[] = []
const plainFetch = globalThis.fetch

beforeEach(() => {
  heard.length = 0
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const answer = await plainFetch(input, init)
    const text = await answer.clone().text()
    heard.push({
      method: init?.method ?? 'GET',
      url: String(input instanceof Request ? input.url : input),
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      text,
    })
    return answer
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

type Name = 'identity-public' | 'identity-admin' | 'oauth2-public' | 'oauth2-admin'

const documentOf = (name: Name): JsonObject =>
  JSON.parse(readFileSync(new URL(`../../../docs/openapi/${name}.json`, import.meta.url), 'utf8'))

/** What was wrong with everything that was heard from a listener, and what was never answered as promised. */
function judge(name: Name, url: string) {
  const contract = contractOf(documentOf(name))
  const own = heard.filter((each) => each.url.startsWith(url) && !each.url.endsWith('/openapi.json'))
  const wrong = own.flatMap((each) => contract.check(each).map((what) => `${what}\n${each.text.slice(0, 400)}`))
  return { wrong, unfulfilled: contract.operations.filter((id) => !contract.fulfilled.has(id)) }
}

/** The document that a listener serves is made of the routes it has, so it tells which of them nobody has described. */
async function served(url: string): Promise<JsonObject> {
  const answer = await plainFetch(`${url}/openapi.json`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
  return JSON.parse(await answer.text())
}

const withoutVersion = (document: JsonObject) => ({ ...document, info: null })

const JSON_ONLY = { accept: 'application/json' }
const ANN = 'ann@example.test'

async function startIdentity(hook: string): Promise<TestApp> {
  const flows = fiveFlows(
    {
      login: {
        before: { hooks: [webHook(hook, { id: 'told', response: { ignore: true } })] },
        after: { hooks: [webHook(hook, { response: { parse: true } })] },
      },
    },
    { code: { enabled: true }, link: { enabled: true } },
  )
  return startFactors('sqlite', merged(factors(), flows))
}

/** Group by group, as far as the configuration goes deep here. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  const both = Object.entries(other).map(([key, value]): [string, Json] => {
    const before = one[key]
    return [key, isGroup(before) && isGroup(value) ? merged(before, value) : value]
  })
  return { ...one, ...Object.fromEntries(both) }
}

const isGroup = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

test('the identity server answers as its documents promise, and has no route that they leave out', async () => {
  const receiver = await startReceiver()
  receiver.on('/hook', { json: {} })
  const app = await startIdentity(receiver.url('/hook'))
  try {
    expect(withoutVersion(await served(app.publicUrl))).toEqual(withoutVersion(documentOf('identity-public')))
    expect(withoutVersion(await served(app.adminUrl))).toEqual(withoutVersion(documentOf('identity-admin')))
    await walkPublic(app)
    await walkAdmin(app)
    const people = judge('identity-public', app.publicUrl)
    expect(people.wrong).toEqual([])
    // That needs a provider; test/oidc walks this way.
    expect(people.unfulfilled).toEqual(['exchangeSessionToken'])
    const administrators = judge('identity-admin', app.adminUrl)
    expect(administrators.wrong).toEqual([])
    expect(administrators.unfulfilled).toEqual([])
  } finally {
    await app.close()
    await receiver.close()
  }
})

async function walkPublic(app: TestApp): Promise<void> {
  const page = httpClient({ keepsCookies: false })
  const get = (path: string, headers = JSON_ONLY) => page.get(`${app.publicUrl}${path}`, headers)
  for (const path of ['/health/alive', '/health/ready', '/schemas', '/schemas/default', '/schemas/none'])
    await get(path)
  for (const path of ['/.well-known/change-password', '/.well-known/ory/webauthn.js']) await get(path)
  for (const path of ['/self-service/errors?id=stub:500', '/self-service/errors?id=none', '/sessions/whoami'])
    await get(path)
  await get('/sessions/token-exchange')
  await get('/self-service/methods/oidc/callback')
  await get('/self-service/methods/oidc/callback/none')
  for (const path of ['/self-service/methods/oidc/callback', '/self-service/methods/oidc/callback/none'])
    await page.send(`${app.publicUrl}${path}`, { body: new URLSearchParams({ state: 'x' }) })

  for (const client of ['api', 'ajax', 'form'] as const) {
    const email = `${client}@example.test`
    const ann = somebody(app, client)
    const started = await ann.start('registration')
    await ann.submit(started.flow, { method: 'password', password: 'short', traits: { email } })
    await ann.signUp(email)
    await ann.whoami()
    for (const method of ['POST', 'PUT', 'PATCH']) await ann.http.send(`${app.publicUrl}/sessions/whoami`, { method })

    const stranger = somebody(app, client)
    await stranger.signIn(email, 'the-wrong-password')
    await stranger.signIn(email)
    await stranger.start('login', '?refresh=true')
    const settings = await stranger.start('settings')
    await stranger.submit(settings.flow, { method: 'profile', traits: { email: 'no address' } })
    await stranger.submit(settings.flow, { method: 'profile', traits: { email, name: { first: 'Ann' } } })
    await stranger.submit((await stranger.start('settings')).flow, {
      method: 'lookup_secret',
      lookup_secret_regenerate: true,
    })

    const lost = somebody(app, client)
    const recovery = await lost.start('recovery')
    await lost.submit(recovery.flow, { method: 'code', email })
    const asked = await lost.see('recovery', textIn(recovery.flow, 'id'))
    await lost.submit(asked.flow, { method: 'code', code: '000000' })
    await lost.submit(asked.flow, { method: 'code', code: await codeTo(app, email) })

    const unsure = somebody(app, client)
    const verification = await unsure.start('verification')
    await unsure.submit(verification.flow, { method: 'code', email })
    const awaited = await unsure.see('verification', textIn(verification.flow, 'id'))
    await unsure.submit(awaited.flow, { method: 'code', code: await codeTo(app, email) })
    for (const name of ['login', 'registration', 'settings', 'recovery', 'verification'] as const) {
      await unsure.see(name, '7e57e57e-7e57-4e57-8e57-7e57e57e57e5')
      const { flow } = await (name === 'settings' ? stranger : unsure).start(name)
      await (name === 'settings' ? stranger : unsure).open(
        `${app.publicUrl}/self-service/${name}?flow=${textIn(flow, 'id')}&code=000000`,
      )
    }
  }
  await walkSessions(app)
}

async function walkSessions(app: TestApp): Promise<void> {
  const api = somebody(app, 'api')
  const { json } = await api.signUp(ANN)
  const others = [await somebody(app, 'api').signIn(ANN), await somebody(app, 'api').signIn(ANN)]
  const mine = { 'x-session-token': textIn(json, 'session_token') }
  const ask = (method: string, path: string) => api.http.send(`${app.publicUrl}${path}`, { method, headers: mine })
  await ask('GET', '/sessions?page_size=1')
  await ask('DELETE', `/sessions/${textIn(others[0]?.json, 'session.id')}`)
  await ask('DELETE', '/sessions')
  await api.http.send(`${app.publicUrl}/self-service/logout/api`, {
    method: 'DELETE',
    body: { session_token: mine['x-session-token'] },
  })
  const browser = somebody(app, 'ajax')
  await browser.signIn(ANN)
  const logout = await browser.open(`${app.publicUrl}/self-service/logout/browser`)
  await browser.open(textIn(logout.json, 'logout_url'))
}

async function walkAdmin(app: TestApp): Promise<void> {
  const http = httpClient({ keepsCookies: false })
  const ask = (method: string, path: string, body?: JsonObject | string) =>
    http.send(`${app.adminUrl}${path}`, {
      method,
      headers: { ...JSON_ONLY, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    })
  const get = (path: string) => ask('GET', path)
  for (const path of ['/health/alive', '/health/ready', '/health/config', '/version', '/metrics/prometheus'])
    await get(path)
  const made = await ask('POST', '/admin/identities', {
    schema_id: 'default',
    traits: { email: 'ben@example.test' },
    external_id: 'ben-1',
    credentials: { password: { config: { password: PASSWORD } } },
    metadata_admin: { seen: true },
  })
  const id = textIn(made.json, 'id')
  await ask('POST', '/admin/identities', { traits: { email: 'ben@example.test' } })
  await ask('POST', '/admin/identities', { unknown: true })
  const create = { schema_id: 'default', traits: { email: 'cem@example.test' } }
  await ask('PATCH', '/admin/identities', { identities: [{ create, patch_id: 'a' }, { create }] })
  for (const query of ['', '?page=0&per_page=1', '?page_size=1&include_credential=password', '?page_token=x'])
    await get(`/admin/identities${query}`)
  await get('/admin/identities/by/external/ben-1')
  await get(`/admin/identities/${id}?include_credential=password`)
  await get('/admin/identities/none')
  await ask('PUT', `/admin/identities/${id}`, {
    schema_id: 'default',
    state: 'active',
    traits: { email: 'ben@example.test' },
  })
  await ask('PATCH', `/admin/identities/${id}`, JSON.stringify([{ op: 'replace', path: '/metadata_public', value: 1 }]))
  const ben = somebody(app, 'api')
  const { json } = await ben.signIn('ben@example.test')
  const session = textIn(json, 'session.id')
  await get(`/admin/sessions?expand=identity&expand=devices&page_size=1`)
  await get('/admin/sessions')
  await get(`/admin/sessions/${session}?expand=identity&expand=devices`)
  await get(`/admin/identities/${id}/sessions`)
  await ask('PATCH', `/admin/sessions/${session}/extend`)
  await ask('DELETE', `/admin/sessions/${session}`)
  await ask('POST', '/admin/sessions', { action: 'disable', identities: [id] })
  await ask('DELETE', `/admin/identities/${id}/sessions`)
  await ask('POST', '/admin/recovery/code', { identity_id: id, expires_in: '1h' })
  await ask('POST', '/admin/recovery/link', { identity_id: id })
  await ask('POST', '/admin/recovery/link', {})
  const ann = await get(`/admin/identities?credentials_identifier=${ANN}`)
  const annId = textIn(at(JSON.parse(ann.text), '0'), 'id')
  await ask('DELETE', `/admin/identities/${annId}/credentials/password`)
  const codes = somebody(app, 'api')
  const known = await codes.signUp('codes@example.test')
  const shown = await codes.submit((await codes.start('settings')).flow, { lookup_secret_regenerate: true })
  await codes.submit(shown.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
  await ask('DELETE', `/admin/identities/${textIn(known.json, 'identity.id')}/credentials/lookup_secret`)
  const mails = await get('/admin/courier/messages?page_size=2')
  await get(`/admin/courier/messages/${textIn(at(JSON.parse(mails.text), '0'), 'id')}`)
  await get('/admin/courier/messages?status=none')
  await get('/admin/actions/log?page_size=2')
  await get('/admin/actions/log?outcome=none')
  await get('/admin/actions')
  await get('/admin/actions/told')
  await get('/admin/actions/tolt')
  await ask('PUT', '/admin/actions/told/state', { state: 'paused', for: '1h' })
  await ask('POST', '/admin/actions/told/dry-runs', {})
  await ask('POST', '/admin/actions/told/dry-runs', { send: true })
  await ask('POST', '/admin/actions/told/dry-runs', { template: 'error "cancel"' })
  await somebody(app, 'api').start('login')
  const deliveries = await get('/admin/deliveries?action=told')
  const delivery = textIn(at(JSON.parse(deliveries.text), '0'), 'id')
  await get(`/admin/deliveries/${delivery}`)
  await ask('DELETE', `/admin/deliveries/${delivery}`)
  await ask('POST', `/admin/deliveries/${delivery}/redeliveries`, {})
  await ask('POST', '/admin/deliveries/redeliveries', { filter: { status: 'delivered' } })
  for (const about of [
    `delivery=${delivery}`,
    `flow=${textIn(at(JSON.parse(deliveries.text), '0'), 'flow_id')}`,
    `identity=${id}`,
  ])
    await get(`/admin/actions/explanations?${about}`)
  await get('/admin/configuration')
  await ask('DELETE', `/admin/identities/${id}`)
}

const ISSUERS = '/admin/trust/grants/jwt-bearer/issuers'

test('the OAuth2 server answers as its documents promise, and has no route that they leave out', async () => {
  const server = await startOAuth2Server({
    config: {
      oidc: { dynamic_client_registration: { enabled: true } },
      oauth2: { client_credentials: { default_grant_allowed_scope: true } },
    },
  })
  try {
    expect(withoutVersion(await served(server.publicUrl))).toEqual(withoutVersion(documentOf('oauth2-public')))
    expect(withoutVersion(await served(server.adminUrl))).toEqual(withoutVersion(documentOf('oauth2-admin')))
    const browser = new Browser()
    const http = httpClient({ keepsCookies: false })
    const admin = (method: string, path: string, body?: JsonObject | string) =>
      http.send(`${server.adminUrl}${path}`, { method, ...(body === undefined ? {} : { body }) })
    const ask = (path: string, form: { readonly [name: string]: string }, headers = {}) =>
      http.send(`${server.publicUrl}${path}`, { body: new URLSearchParams(form), headers })

    for (const path of ['/health/alive', '/health/ready', '/version', '/metrics/prometheus']) await admin('GET', path)
    for (const path of ['/health/alive', '/health/ready', '/.well-known/jwks.json'])
      await http.get(`${server.publicUrl}${path}`)
    for (const path of ['openid-configuration', 'oauth-authorization-server'])
      await http.get(`${server.publicUrl}/.well-known/${path}`)
    await ask('/credentials', {})

    // A client, and everything that can be done to one.
    const fields = {
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [CALLBACK],
      grant_types: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      response_types: ['code'],
      scope: 'openid offline_access',
      token_endpoint_auth_method: 'client_secret_post',
    }
    const made = await admin('POST', '/admin/clients', { ...fields, client_name: 'App', owner: 'ann' })
    const client = { client_id: textIn(made.json, 'client_id'), client_secret: textIn(made.json, 'client_secret') }
    const own = `/admin/clients/${client.client_id}`
    await admin('POST', '/admin/clients', { redirect_uris: 'none' })
    await admin('GET', '/admin/clients?page_size=1')
    await admin('GET', own)
    await admin('GET', '/admin/clients/none')
    await admin('PUT', own, { ...fields, ...client, client_name: 'The app' })
    await admin('PATCH', own, JSON.stringify([{ op: 'replace', path: '/client_name', value: 'Ours' }]))
    await admin('PUT', `${own}/lifespans`, { authorization_code_grant_access_token_lifespan: '5m' })
    const rotated = await admin('POST', `${own}/secrets/rotate`)
    await admin('DELETE', `${own}/secrets/rotate`)
    const secret = { ...client, client_secret: textIn(rotated.json, 'client_secret') }

    // Somebody signs in and agrees.
    const challengeIn = (answer: { readonly location: URL | null }, kind: string) =>
      answer.location?.searchParams.get(`${kind}_challenge`) ?? ''
    const requests = '/admin/oauth2/auth/requests'
    const accept = async (kind: string, challenge: string, body: JsonObject) => {
      await admin('GET', `${requests}/${kind}?${kind}_challenge=${challenge}`)
      const { json } = await admin('PUT', `${requests}/${kind}/accept?${kind}_challenge=${challenge}`, body)
      return browser.go(textIn(json, 'redirect_to'))
    }
    const grant = { grant_scope: ['openid', 'offline_access'], session: { id_token: { name: 'Ann' } } }
    const throughLogin = async (first: { readonly location: URL | null }) => {
      const second = await accept('login', challengeIn(first, 'login'), { subject: 'ann', remember: true })
      return accept('consent', challengeIn(second, 'consent'), grant)
    }
    const url = authorizationUrl(server, {
      client_id: client.client_id,
      scope: fields.scope,
      nonce: 'long-enough-a-nonce',
    })
    const landed = await throughLogin(await browser.go(url))
    const code = landed.location?.searchParams.get('code') ?? ''
    const tokens = await ask('/oauth2/token', {
      ...secret,
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
    })
    await ask('/oauth2/token', { ...secret, grant_type: 'authorization_code', code: 'none', redirect_uri: CALLBACK })
    await ask('/oauth2/token', { ...secret, grant_type: 'client_credentials' })
    const token = textIn(tokens.json, 'access_token')
    const bearer = { authorization: `Bearer ${token}` }
    await http.get(`${server.publicUrl}/userinfo`, bearer)
    await http.get(`${server.publicUrl}/userinfo`)
    await ask('/userinfo', {}, bearer)
    for (const one of [token, textIn(tokens.json, 'refresh_token'), 'none'])
      await http.send(`${server.adminUrl}/admin/oauth2/introspect`, { body: new URLSearchParams({ token: one }) })
    await admin('GET', '/admin/oauth2/auth/sessions/consent?subject=ann')
    await browser.go(url, { method: 'POST', body: '' })

    // Somebody does not.
    const again = new Browser()
    const refused = await again.go(url)
    await admin('PUT', `${requests}/login/reject?login_challenge=${challengeIn(refused, 'login')}`, {
      error: 'access_denied',
    })
    const other = await browser.go(url)
    const skipped = await accept('login', challengeIn(other, 'login'), { subject: 'ann' })
    await admin('PUT', `${requests}/consent/reject?consent_challenge=${challengeIn(skipped, 'consent')}`, {})
    await admin('GET', `${requests}/login?login_challenge=none`)

    // A device.
    const device = await ask('/oauth2/device/auth', { ...secret, scope: 'openid' })
    const atCode = await browser.go(`${server.publicUrl}/oauth2/device/verify`)
    const typed = await admin('PUT', `${requests}/device/accept?device_challenge=${challengeIn(atCode, 'device')}`, {
      user_code: textIn(device.json, 'user_code'),
    })
    await browser.go(textIn(typed.json, 'redirect_to'))

    // Everybody leaves.
    const out = `${server.publicUrl}/oauth2/sessions/logout?id_token_hint=${textIn(tokens.json, 'id_token')}`
    const stays = await browser.go(out)
    const challenge = challengeIn(stays, 'logout')
    await admin('PUT', `${requests}/logout/reject?logout_challenge=${challenge}`)
    const leaves = await browser.go(out, { method: 'POST', body: new URLSearchParams(new URL(out).searchParams) })
    await accept('logout', challengeIn(leaves, 'logout'), {})
    await ask('/oauth2/revoke', { ...secret, token })
    await admin('DELETE', '/admin/oauth2/auth/sessions/consent?subject=ann&all=true')
    await admin('DELETE', '/admin/oauth2/auth/sessions/consent')
    await admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=ann')
    await admin('DELETE', `/admin/oauth2/tokens?client_id=${client.client_id}`)

    // Keys and issuers.
    const key = await admin('POST', '/admin/keys/set', { alg: 'ES256', kid: 'one' })
    const [jwk] = Array.isArray(key.json['keys']) ? key.json['keys'] : []
    const one: JsonObject = isGroup(jwk) ? jwk : {}
    await admin('GET', '/admin/keys/set')
    await admin('GET', '/admin/keys/set/one')
    await admin('GET', '/admin/keys/none')
    await admin('PUT', '/admin/keys/set', { keys: [one] })
    await admin('PUT', '/admin/keys/set/one', one)
    const { d: _, ...publicKey } = one
    const trust = await admin('POST', ISSUERS, {
      issuer: 'https://issuer.example.test',
      subject: 'ann',
      scope: ['openid'],
      jwk: publicKey,
      expires_at: '2100-01-01T00:00:00Z',
    })
    await admin('POST', ISSUERS, {})
    await admin('GET', ISSUERS)
    await admin('GET', `${ISSUERS}/${textIn(trust.json, 'id')}`)
    await admin('DELETE', `${ISSUERS}/${textIn(trust.json, 'id')}`)
    await admin('DELETE', '/admin/keys/set/one')
    await admin('DELETE', '/admin/keys/set')

    // A client that registers itself.
    const { client_name: _name, ...self } = { ...fields, client_name: '' }
    const registered = await http.send(`${server.publicUrl}/oauth2/register`, { body: self })
    const place = `${server.publicUrl}/oauth2/register/${textIn(registered.json, 'client_id')}`
    const proof = (answer: JsonObject) => ({ authorization: `Bearer ${textIn(answer, 'registration_access_token')}` })
    await http.get(place, proof(registered.json))
    await http.get(place)
    const replaced = await http.send(place, { method: 'PUT', headers: proof(registered.json), body: self })
    await http.send(place, { method: 'DELETE', headers: proof(replaced.json) })
    await admin('DELETE', own)

    const clients = judge('oauth2-public', server.publicUrl)
    expect(clients.wrong).toEqual([])
    // There is nothing to be told but that it is not there.
    expect(clients.unfulfilled).toEqual(['createVerifiableCredential'])
    const administrators = judge('oauth2-admin', server.adminUrl)
    expect(administrators.wrong).toEqual([])
    expect(administrators.unfulfilled).toEqual([])
  } finally {
    await server.close()
  }
})
