import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { METHODS_WITH_HOOKS } from '../../src/core/place.ts'
import { startTestApp, type TestApp } from '../app.ts'
import { createAuthenticator } from '../authenticator.ts'
import {
  adding,
  addingPasskey,
  codeOf,
  connectApp,
  factors,
  optionsIn,
  ORIGIN,
  RP,
  writeCodes,
} from '../factors/world.ts'
import { freePort } from '../free-port.ts'
import { at } from '../http-client.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { provider } from '../oidc/base.ts'
import { type Somebody, somebody, textIn, type Told } from '../somebody.ts'
import { startUpstream, type UpstreamServer } from '../upstream.ts'

/**
 * What `session`, `revoke_active_sessions` and `require_verified_address` do after every method that may carry them
 * (ory-actions.md §1.1), first sign-ins, step-ups and refreshes alike.
 */
let app: TestApp
let upstream: UpstreamServer
const issuer = { url: '' }
let count = 0
let turned = 0

type LoginMethod = (typeof METHODS_WITH_HOOKS.login)[number]
type RegistrationMethod = (typeof METHODS_WITH_HOOKS.registration)[number]
type SettingsMethod = Exclude<(typeof METHODS_WITH_HOOKS.settings)[number], 'profile'>

const ui = (name: string) => ({ ui_url: `http://ui.example.test/${name}` })

/** Every method, and the hooks of a test. `keys` says what security keys are for. */
function world(after: { readonly [flow: string]: JsonObject } = {}, keys: 'second' | 'first' = 'second'): JsonObject {
  const session = { hooks: [{ hook: 'session' }] }
  const everySession = Object.fromEntries(METHODS_WITH_HOOKS.registration.map((method) => [method, session]))
  return factors(
    {
      webauthn: { enabled: true, config: { passwordless: keys === 'first', rp: RP } },
      code: { enabled: true, passwordless_enabled: true },
      oidc: { enabled: true, config: { providers: [provider(issuer.url)] } },
    },
    {
      verification: { enabled: true, ...ui('verification') },
      login: { ...ui('login'), after: after.login ?? {} },
      settings: { ...ui('settings'), privileged_session_max_age: '15m', after: after.settings ?? {} },
      registration: { ...ui('registration'), after: { ...everySession, ...after.registration } },
    },
    { courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' } } },
  )
}

beforeAll(async () => {
  const port = await freePort()
  issuer.url = `http://127.0.0.1:${port}`
  app = await startTestApp({ config: world() })
  upstream = await startUpstream({ port, redirectUris: [`${app.publicUrl}/self-service/methods/oidc/callback/up`] })
})
afterAll(async () => {
  await app.close()
  await upstream.close()
})

const newAddress = () => `methods-${++count}@example.test`
const visitor = () => somebody(app, 'ajax')

/** The owner of an account, signed in with it, and how they sign in elsewhere by the method. */
type Entry = { readonly owner: Somebody; readonly enter: (as: Somebody) => Promise<Told> }

const withPassword = async (email: string) => {
  const owner = visitor()
  await owner.signUp(email)
  return owner
}
/** Steps up with a second factor, after the password. */
const steppingUp = (email: string, fields: (flow: JsonObject) => JsonObject) => async (as: Somebody) => {
  await as.signIn(email)
  const { flow } = await as.start('login', '?aal=aal2')
  return as.submit(flow, fields(flow))
}
const throughProvider = async (as: Somebody, name: 'login' | 'registration', email: string) => {
  upstream.is({ sub: email, email, email_verified: false })
  const sent = await as.submit((await as.start(name)).flow, { provider: 'up' })
  return as.open(await upstream.visit(sent.location))
}
const credentialOptions = (flow: JsonObject) => {
  const options = at(optionsIn(flow, 'passkey_create_data'), 'credentialOptions')
  return isJsonObject(options) ? options : {}
}

const LOGINS: { readonly [M in LoginMethod]: (email: string) => Promise<Entry> } = {
  password: async (email) => ({ owner: await withPassword(email), enter: (as) => as.signIn(email) }),
  totp: async (email) => {
    const owner = await withPassword(email)
    const secret = await connectApp(owner, Date.now() + turned)
    // A code of an app is good for one sign-in.
    const nextCode = () => {
      app.turn(30_000)
      turned += 30_000
      return codeOf(secret, Date.now() + turned)
    }
    return { owner, enter: steppingUp(email, () => ({ method: 'totp', totp_code: nextCode() })) }
  },
  lookup_secret: async (email) => {
    const owner = await withPassword(email)
    const codes = [...(await writeCodes(owner))]
    return {
      owner,
      enter: steppingUp(email, () => ({ method: 'lookup_secret', lookup_secret: codes.pop() ?? '' })),
    }
  },
  webauthn: async (email) => {
    const owner = await withPassword(email)
    const key = createAuthenticator(ORIGIN)
    await adding(owner, (await owner.start('settings')).flow, key)
    return {
      owner,
      enter: steppingUp(email, (flow) => ({ webauthn_login: key.get(optionsIn(flow, 'webauthn_login_trigger')) })),
    }
  },
  passkey: async (email) => {
    const owner = visitor()
    const key = createAuthenticator(ORIGIN)
    const { flow } = await owner.start('registration')
    await owner.submit(flow, { traits: { email }, passkey_register: key.create(credentialOptions(flow)) })
    return {
      owner,
      enter: async (as) => {
        const { flow: login } = await as.start('login')
        return as.submit(login, { passkey_login: key.get(optionsIn(login, 'passkey_challenge')) })
      },
    }
  },
  code: async (email) => {
    const owner = await withPassword(email)
    return {
      owner,
      enter: async (as) => {
        const sent = await as.submit((await as.start('login')).flow, { method: 'code', identifier: email })
        return as.submit(sent.flow, { method: 'code', identifier: email, code: await codeTo(app, email) })
      },
    }
  },
  oidc: async (email) => {
    const owner = visitor()
    await throughProvider(owner, 'registration', email)
    return { owner, enter: (as) => throughProvider(as, 'login', email) }
  },
}

describe('at a sign-in', () => {
  const cases = METHODS_WITH_HOOKS.login.flatMap((method) =>
    ([`login.after.${method}`, 'login.after'] as const).map((place) => [method, place] as const),
  )
  const hooked = (place: string, method: LoginMethod, hook: string): JsonObject => {
    const list = { hooks: [{ hook }] }
    return place === 'login.after' ? list : { [method]: list }
  }

  test.each(cases)(
    'S34, %s: revoke_active_sessions of %s ends the other sessions and not the new one',
    async (method, place) => {
      await app.reload(world())
      const { owner, enter } = await LOGINS[method](newAddress())
      const before = visitor()
      await enter(before)
      expect([(await owner.whoami()).status, (await before.whoami()).status]).toEqual([200, 200])
      await app.reload(world({ login: hooked(place, method, 'revoke_active_sessions') }))
      const here = visitor()
      const told = await enter(here)
      expect(told.status).toBe(200)
      expect((await here.whoami()).status).toBe(200)
      expect([(await owner.whoami()).status, (await before.whoami()).status]).toEqual([401, 401])
    },
  )

  // Of the default list the password is refused already, before anybody gets to a second factor.
  const SECOND: readonly string[] = ['totp', 'lookup_secret', 'webauthn']
  test.each(cases.filter(([method, place]) => place !== 'login.after' || !SECOND.includes(method)))(
    'S35, %s: require_verified_address of %s lets nobody in before',
    async (method, place) => {
      await app.reload(world())
      const email = newAddress()
      const { enter } = await LOGINS[method](email)
      await app.reload(world({ login: hooked(place, method, 'require_verified_address') }))
      const here = visitor()
      const told = await enter(here)
      // Whoever has read the code has an address that is verified by it.
      if (method === 'code') {
        expect((await here.whoami()).status).toBe(200)
        return
      }
      expect([told.status, at(told.json, 'error.id')]).toEqual([403, 'session_verified_address_required'])
      expect((await here.whoami()).status).not.toBe(200)
      expect((await mailsTo(app, email)).at(-1)?.template).toBe('verification_code_valid')
    },
  )
})

test('46: a step-up writes to nobody, whatever its list says; the sign-in before it does', async () => {
  await app.reload(world())
  const email = newAddress()
  const { enter } = await LOGINS.totp(email)
  const written = (await mailsTo(app, email)).length
  const verify = { hooks: [{ hook: 'verification' }] }
  await app.reload(world({ login: { totp: verify } }))
  expect((await enter(visitor())).status).toBe(200)
  expect(await mailsTo(app, email)).toHaveLength(written)
  await app.reload(world({ login: { password: verify } }))
  await enter(visitor())
  expect(await mailsTo(app, email)).toHaveLength(written + 1)
})

describe('at a refresh', () => {
  const refreshed = async (as: Somebody, email: string) => {
    const { flow } = await as.start('login', '?refresh=true')
    return as.submit(flow, { method: 'password', identifier: email, password: 'a-horse-with-9-batteries' })
  }

  test('revoke_active_sessions ends the other sessions, and the refreshed one stays', async () => {
    await app.reload(world({ login: { hooks: [{ hook: 'revoke_active_sessions' }] } }))
    const email = newAddress()
    const owner = await withPassword(email)
    await app.reload(world())
    const other = visitor()
    await other.signIn(email)
    await app.reload(world({ login: { hooks: [{ hook: 'revoke_active_sessions' }] } }))
    expect((await refreshed(owner, email)).status).toBe(200)
    expect([(await owner.whoami()).status, (await other.whoami()).status]).toEqual([200, 401])
  })

  test('require_verified_address refuses it, and the session stays as it was', async () => {
    await app.reload(world())
    const email = newAddress()
    const owner = await withPassword(email)
    const since = at((await owner.whoami()).json, 'authenticated_at')
    await app.reload(world({ login: { hooks: [{ hook: 'require_verified_address' }] } }))
    const told = await refreshed(owner, email)
    expect([told.status, at(told.json, 'error.id')]).toEqual([403, 'session_verified_address_required'])
    expect(at((await owner.whoami()).json, 'authenticated_at')).toBe(since)
  })
})

const SIGN_UPS: { readonly [M in RegistrationMethod]: (as: Somebody, email: string) => Promise<Told> } = {
  password: (as, email) => as.signUp(email),
  code: async (as, email) => {
    const traits = { email }
    const sent = await as.submit((await as.start('registration')).flow, { method: 'code', traits })
    return as.submit(sent.flow, { method: 'code', traits, code: await codeTo(app, email) })
  },
  oidc: (as, email) => throughProvider(as, 'registration', email),
  passkey: async (as, email) => {
    const { flow } = await as.start('registration')
    const passkey_register = createAuthenticator(ORIGIN).create(credentialOptions(flow))
    return as.submit(flow, { traits: { email }, passkey_register })
  },
  webauthn: async (as, email) => {
    const { flow } = await as.start('registration')
    const webauthn_register = createAuthenticator(ORIGIN).create(optionsIn(flow, 'webauthn_register_trigger'))
    return as.submit(flow, { traits: { email }, webauthn_register })
  },
}

test.each(METHODS_WITH_HOOKS.registration)(
  'S38, %s: `session` lets in whoever signs up, and nobody is let in without it',
  async (method) => {
    const keys = method === 'webauthn' ? 'first' : 'second'
    for (const hooks of [[{ hook: 'session' }], []]) {
      await app.reload(world({ registration: { [method]: { hooks } } }, keys))
      const [ann, email] = [visitor(), newAddress()]
      const told = await SIGN_UPS[method](ann, email)
      expect(told.status).toBe(200)
      expect(textIn(told.json, 'identity.traits.email')).toBe(email)
      expect((await ann.whoami()).status).toBe(hooks.length === 0 ? 401 : 200)
    }
  },
)

const CHANGES: { readonly [M in SettingsMethod]: (as: Somebody, email: string) => Promise<unknown> } = {
  password: async (as) =>
    as.submit((await as.start('settings')).flow, { method: 'password', password: 'another-horse-9-batteries' }),
  totp: (as) => connectApp(as, Date.now() + turned),
  lookup_secret: (as) => writeCodes(as),
  webauthn: async (as) => adding(as, (await as.start('settings')).flow, createAuthenticator(ORIGIN)),
  passkey: async (as) => addingPasskey(as, (await as.start('settings')).flow, createAuthenticator(ORIGIN)),
  oidc: async (as, email) => {
    upstream.is({ sub: `linked ${email}` })
    const sent = await as.submit((await as.start('settings')).flow, { link: 'up' })
    return as.open(await upstream.visit(sent.location))
  },
}

test.each(METHODS_WITH_HOOKS.settings.filter((method) => method !== 'profile'))(
  'S37, %s: revoke_active_sessions after a change of settings ends the other sessions and not this one',
  async (method) => {
    await app.reload(world())
    const email = newAddress()
    const owner = await withPassword(email)
    const other = visitor()
    await other.signIn(email)
    await app.reload(world({ settings: { [method]: { hooks: [{ hook: 'revoke_active_sessions' }] } } }))
    await CHANGES[method](owner, email)
    // Who is left with one factor where two are wanted is not signed out by that.
    expect([(await owner.whoami()).status, (await other.whoami()).status]).toEqual([200, 401])
  },
)
