import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { DIALECTS } from '../app.ts'
import { at } from '../http-client.ts'
import { mailsTo } from '../mails.ts'
import { listIn, namesIn, saidIn, somebody, textIn, valueIn } from '../somebody.ts'
import { connectApp, codeOf } from '../factors/world.ts'
import { goThrough, type Stage, stage, toldTriggers } from './walk.ts'

describe.each(DIALECTS)('signing in with a provider, on %s', (dialect) => {
  let here: Stage
  let count = 0
  beforeAll(async () => {
    here = await stage({ dialect, setting: { methods: { totp: { enabled: true } } } })
  })
  afterAll(() => here.close())
  beforeEach(() => here.hooks.reset())

  const olga = (more: JsonObject = {}) => {
    const email = `olga-${++count}@example.test`
    return { sub: `sub-${count}`, email, email_verified: true, given_name: 'Olga', ...more }
  }
  const bodyOf = (path: string): JsonObject => {
    const body: Json = JSON.parse(here.hooks.callsTo(`/${path}`)[0]?.body ?? 'null')
    return isJsonObject(body) ? body : {}
  }

  test.each(['ajax', 'form'] as const)(
    'S29, %s: sign-up, and the next sign-in, each with what the provider said',
    async (client) => {
      const account = olga()
      here.upstream.is(account)
      const ann = somebody(here.app, client)
      const { flow } = await ann.start('registration')
      const sent = await ann.submit(flow, { provider: 'up', transient_payload: { from: 'social' } })
      expect(sent.status).toBe(client === 'form' ? 303 : 422)
      if (client === 'ajax') expect(sent.json).toMatchObject({ error: { id: 'browser_location_change_required' } })
      const departure = new URL(sent.location)
      expect(Object.fromEntries(departure.searchParams)).toMatchObject({
        client_id: 'cardea',
        response_type: 'code',
        scope: 'openid email profile',
        redirect_uri: `${here.app.publicUrl}/self-service/methods/oidc/callback/up`,
        code_challenge_method: 'S256',
      })
      const back = await ann.open(await here.upstream.visit(sent.location))
      expect(back.status).toBe(client === 'form' ? 303 : 200)
      if (client === 'form') expect(back.location).toBe('http://ui.example.test/')

      const session = (await ann.whoami()).json
      expect(session).toMatchObject({
        authenticator_assurance_level: 'aal1',
        authentication_methods: [{ method: 'oidc', aal: 'aal1', provider: 'up' }],
        identity: {
          traits: { email: account.email, name: { first: 'Olga' } },
          metadata_public: { upstream: account.sub },
          verifiable_addresses: [{ value: account.email, verified: true, status: 'completed' }],
        },
      })
      // What the provider has verified needs no mail of ours.
      expect(await mailsTo(here.app, account.email)).toEqual([])
      expect(await toldTriggers(here, 2)).toEqual(['registration.before', 'registration.after.oidc'])
      expect(bodyOf('registration.after.oidc')).toMatchObject({
        flow: { active: 'oidc', transient_payload: { from: 'social' } },
        upstream: { provider: 'up', claims: { sub: account.sub, raw_claims: { email: account.email } } },
      })
      expect(JSON.stringify(bodyOf('registration.after.oidc'))).not.toMatch(/access_token|metadata_admin/)

      here.hooks.reset()
      const again = somebody(here.app, client)
      const signedIn = await goThrough(here, again, (await again.start('login')).flow)
      expect(signedIn.status).toBe(client === 'form' ? 303 : 200)
      expect(at((await again.whoami()).json, 'identity.id')).toBe(at(session, 'identity.id'))
      expect(await toldTriggers(here, 2)).toEqual(['login.before', 'login.after.oidc'])
      expect(bodyOf('login.after.oidc')).toMatchObject({
        upstream: { provider: 'up' },
        session: { authentication_methods: [{ method: 'oidc', provider: 'up' }] },
      })
    },
  )

  test('a first sign-in from the login page becomes a sign-up, with both before and only its own after', async () => {
    const account = olga({ email_verified: false })
    here.upstream.is(account)
    const ann = somebody(here.app, 'form')
    const { flow } = await ann.start('login', '?return_to=https://allowed.example.test/deep')
    const back = await goThrough(here, ann, flow, { transient_payload: { x: '1' } })
    expect(back.location).toBe('https://allowed.example.test/deep')
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(account.email)
    expect(await toldTriggers(here, 3)).toEqual(['login.before', 'registration.before', 'registration.after.oidc'])
    expect(bodyOf('registration.after.oidc')).toMatchObject({ flow: { transient_payload: { x: '1' } } })
    // Nobody has verified this address yet, so it is written to.
    expect(await mailsTo(here.app, account.email)).toMatchObject([{ template: 'verification_code_valid' }])
  })

  test('a sign-up of somebody who is known becomes a sign-in', async () => {
    here.upstream.is(olga())
    const ann = somebody(here.app, 'form')
    await goThrough(here, ann, (await ann.start('registration')).flow)
    const known = at((await ann.whoami()).json, 'identity.id')
    await toldTriggers(here, 2)
    here.hooks.reset()
    const again = somebody(here.app, 'form')
    await goThrough(here, again, (await again.start('registration')).flow)
    expect(at((await again.whoami()).json, 'identity.id')).toBe(known)
    expect(await toldTriggers(here, 3)).toEqual(['registration.before', 'login.before', 'login.after.oidc'])
  })

  test.each(
    (['login', 'registration'] as const).flatMap((from) =>
      (['form', 'ajax'] as const).map((client) => [from, client] as const),
    ),
  )('missing traits are asked for after a %s (%s), and one more round trip completes it', async (from, client) => {
    const account = { sub: `bare-${++count}`, given_name: 'Olga' }
    here.upstream.is(account)
    const ann = somebody(here.app, client)
    const asked = await goThrough(here, ann, (await ann.start(from)).flow)
    expect(asked.status).toBe(client === 'form' ? 302 : 400)
    if (client === 'form') expect(asked.location).toMatch(/^http:\/\/ui\.example\.test\/registration\?flow=/)
    expect(namesIn(asked.flow)).toEqual([
      'provider',
      'csrf_token',
      'traits.email',
      'traits.name.first',
      'traits.newsletter',
    ])
    expect(saidIn(asked.flow)).toEqual(['traits.email: 4000002'])
    expect(valueIn(asked.flow, 'traits.name.first')).toBe('Olga')
    expect(at(listIn(asked.flow, 'ui.nodes')[0], 'meta.label.id')).toBe(1040003)

    const email = `typed-${count}@example.test`
    const done = await goThrough(here, ann, asked.flow, { traits: { email, name: { first: 'Olia' } } })
    if (client === 'form') expect(done.location).toBe('http://ui.example.test/')
    else expect(done.status).toBe(200)
    expect((await ann.whoami()).json).toMatchObject({
      identity: {
        traits: { email, name: { first: 'Olia' } },
        // What somebody typed is nothing a provider has verified.
        verifiable_addresses: [{ value: email, verified: false }],
      },
    })
  })

  test('somebody else has the address: they sign in the old way, and the account is linked', async () => {
    const account = olga()
    await somebody(here.app, 'ajax').signUp(account.email)
    await toldTriggers(here, 2)
    here.hooks.reset()
    here.upstream.is(account)
    const ann = somebody(here.app, 'form')
    const conflict = await goThrough(here, ann, (await ann.start('login')).flow)
    expect(conflict.status).toBe(303)
    expect(conflict.location).toMatch(/^http:\/\/ui\.example\.test\/login\?flow=[0-9a-f-]{36}&no_org_ui=true$/)
    expect(saidIn(conflict.flow)).toEqual(['1010016'])
    expect(conflict.flow.active).toBe('oidc')
    expect(namesIn(conflict.flow)).toEqual(['csrf_token', 'identifier', 'password', 'method'])
    expect(valueIn(conflict.flow, 'identifier')).toBe(account.email)
    expect(textIn(listIn(conflict.flow, 'ui.nodes')[1], 'attributes.type')).toBe('hidden')
    expect((await ann.whoami()).status).toBe(401)

    const signedIn = await ann.submit(conflict.flow, {
      method: 'password',
      identifier: account.email,
      password: 'a-horse-with-9-batteries',
    })
    expect(signedIn.location).toBe('http://ui.example.test/')
    expect(await toldTriggers(here, 3)).toEqual(['login.before', 'login.before', 'login.after.password'])
    const again = somebody(here.app, 'form')
    await goThrough(here, again, (await again.start('login')).flow)
    expect(at((await again.whoami()).json, 'identity.id')).toBe(at((await ann.whoami()).json, 'identity.id'))
  })

  test('who has a second factor shows it before an account is linked', async () => {
    const account = olga()
    const owner = somebody(here.app, 'ajax')
    await owner.signUp(account.email)
    const secret = await connectApp(owner)
    const linked = async () => {
      const id = textIn((await owner.whoami()).json, 'identity.id')
      const { json } = await owner.http.get(`${here.app.adminUrl}/admin/identities/${id}`)
      return at(json, 'credentials.oidc.identifiers') ?? []
    }
    here.upstream.is(account)
    const ann = somebody(here.app, 'ajax')
    const conflict = await goThrough(here, ann, (await ann.start('login')).flow)
    const half = await ann.submit(conflict.flow, {
      method: 'password',
      identifier: account.email,
      password: 'a-horse-with-9-batteries',
    })
    expect(half.status).toBe(422)
    expect(half.location).toMatch(/^http:\/\/ui\.example\.test\/login\?flow=/)
    expect(half.flow.requested_aal).toBe('aal2')
    expect(await linked()).toEqual([])
    const done = await ann.submit(half.flow, { method: 'totp', totp_code: codeOf(secret, Date.now()) })
    expect(done.status).toBe(200)
    expect(await linked()).toEqual([`up:${account.sub}`])
  })

  test('a sign-up says the same to a script, and only the right person links', async () => {
    const account = olga()
    await somebody(here.app, 'ajax').signUp(account.email)
    const other = `other-${++count}@example.test`
    await somebody(here.app, 'ajax').signUp(other)
    here.upstream.is(account)
    const ann = somebody(here.app, 'ajax')
    const conflict = await goThrough(here, ann, (await ann.start('registration')).flow)
    expect(conflict.status).toBe(400)
    expect(saidIn(conflict.flow)).toEqual(['1010016'])
    const wrong = await ann.submit(conflict.flow, {
      method: 'password',
      identifier: other,
      password: 'a-horse-with-9-batteries',
    })
    expect(wrong.status).toBe(400)
    expect(saidIn(wrong.flow)).toEqual(['4010009'])
    expect((await ann.whoami()).status).toBe(401)
  })

  test.each(['form', 'ajax'] as const)(
    '%s: the provider says no: the person reads why, in the flow they came from',
    async (client) => {
      here.upstream.is(null)
      const ann = somebody(here.app, client)
      for (const name of ['login', 'registration'] as const) {
        const { flow } = await ann.start(name)
        const back = await goThrough(here, ann, flow)
        if (client === 'ajax') expect(back.status).toBe(400)
        expect(back.flow.id).toBe(flow.id)
        expect(saidIn(back.flow)).toEqual(['4000001'])
        expect(textIn(listIn(back.flow, 'ui.messages')[0], 'text')).toBe(
          'Unable to complete OpenID Connect flow because the OpenID Provider returned error "access_denied": Ann does not want to',
        )
        if (name === 'registration') expect(namesIn(back.flow)).toEqual(['provider', 'csrf_token'])
      }
    },
  )

  test('a refresh asks the provider to ask again, and shows only what is linked', async () => {
    here.upstream.is(olga())
    const ann = somebody(here.app, 'form')
    await goThrough(here, ann, (await ann.start('registration')).flow)
    const before = (await ann.whoami()).json
    here.app.turn(60_000)
    const { flow } = await ann.start('login', '?refresh=true')
    expect(namesIn(flow)).toEqual(['provider', 'csrf_token'])
    const sent = await ann.submit(flow, { provider: 'up' })
    expect(new URL(sent.location).searchParams.get('prompt')).toBe('login')
    await ann.open(await here.upstream.visit(sent.location))
    const after = (await ann.whoami()).json
    expect(after.id).toBe(before.id)
    expect(listIn(after, 'authentication_methods')).toHaveLength(2)
    expect(textIn(after, 'authenticated_at') > textIn(before, 'authenticated_at')).toBe(true)
  })

  test('a refresh with an account that is not linked makes nobody new', async () => {
    const ann = somebody(here.app, 'ajax')
    here.upstream.is(olga())
    await goThrough(here, ann, (await ann.start('registration')).flow)
    const stranger = olga()
    here.upstream.is(stranger)
    const told = await goThrough(here, ann, (await ann.start('login', '?refresh=true')).flow)
    expect(told.status).toBe(400)
    expect(saidIn(told.flow)).toEqual(['4000001'])
    const found = await ann.http.get(`${here.app.adminUrl}/admin/identities?credentials_identifier=up:${stranger.sub}`)
    expect(found.text.trim()).toBe('[]')
  })

  test('what a client says to the provider goes through a list', async () => {
    const ann = somebody(here.app, 'ajax')
    const { flow } = await ann.start('login')
    const sent = await ann.submit(flow, {
      provider: 'up',
      upstream_parameters: {
        login_hint: 'olga@example.test',
        prompt: 'consent',
        hd: 'example.test',
        redirect_uri: 'http://evil.example.test',
        state: 'x',
      },
    })
    const asked = new URL(sent.location).searchParams
    expect(asked.get('login_hint')).toBe('olga@example.test')
    expect(asked.get('prompt')).toBe('consent')
    expect(asked.get('hd')).toBe('example.test')
    expect(asked.getAll('redirect_uri')).toEqual([`${here.app.publicUrl}/self-service/methods/oidc/callback/up`])
    expect(asked.get('state')).not.toBe('x')
  })

  test('an unknown provider is not found, none is no method', async () => {
    const ann = somebody(here.app, 'ajax')
    const { flow } = await ann.start('login')
    const unknown = await ann.submit(flow, { provider: 'nobody' })
    expect(unknown.status).toBe(404)
    expect(textIn(unknown.json, 'error.reason')).toBe(
      'OpenID Connect Provider "nobody" is unknown or has not been configured',
    )
    expect(saidIn((await ann.submit(flow, { method: 'oidc' })).flow)).toEqual(['4010002'])
  })

  test('tokens of the provider lie sealed in the database and are shown to administrators who ask for them', async () => {
    here.upstream.is(olga())
    const ann = somebody(here.app, 'form')
    await goThrough(here, ann, (await ann.start('registration')).flow)
    const id = textIn((await ann.whoami()).json, 'identity.id')
    const { json } = await ann.http.get(`${here.app.adminUrl}/admin/identities/${id}?include_credential=oidc`)
    const entry = at(json, 'credentials.oidc.config.providers.0')
    expect(textIn(entry, 'initial_access_token').length).toBeGreaterThan(20)
    expect(textIn(entry, 'initial_id_token').split('.')).toHaveLength(3)
    expect(at(json, 'credentials.oidc.identifiers')).toEqual([`up:${textIn(entry, 'subject')}`])
  })
})
