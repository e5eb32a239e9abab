import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { createAuthenticator } from '../authenticator.ts'
import { factors, codeOf, nodeIn, optionsIn, ORIGIN, RP, writeCodes } from '../factors/world.ts'
import { at } from '../http-client.ts'
import { type Somebody, somebody, textIn, valueIn } from '../somebody.ts'
import type { Path, Walker } from './paths.ts'

/** What these paths need beside the hooks. */
export const withFactors = {
  identity: factors().identity ?? {},
  methods: {
    totp: { enabled: true, config: { issuer: 'Example', allow_reuse: false } },
    lookup_secret: { enabled: true },
    webauthn: { enabled: true, config: { passwordless: false, rp: RP } },
    passkey: { enabled: true, config: { rp: RP } },
  },
} satisfies JsonObject

const signedUp = async ({ app, client, email }: Walker) => {
  const ann = somebody(app, client)
  await ann.signUp(email)
  return ann
}

/** Signed in with the password alone, having set up a second factor in another browser. */
const halfway = async <T>({ app, client, email }: Walker, setUp: (owner: Somebody) => Promise<T>) => {
  const owner = somebody(app, 'ajax')
  await owner.signUp(email)
  const made = await setUp(owner)
  const ann = somebody(app, client)
  await ann.signIn(email)
  return { ann, made }
}

/** The server's own time, as a flow that has just begun tells it. */
const nowIn = (flow: JsonObject) => Date.parse(textIn(flow, 'issued_at'))

const connect = async (ann: Somebody) => {
  const { flow } = await ann.start('settings')
  const secret = textIn(nodeIn(flow, 'totp_secret_key'), 'attributes.text.text')
  await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, nowIn(flow), -1) })
  return secret
}

const addKey = async (ann: Somebody) => {
  const key = createAuthenticator(ORIGIN)
  const { flow } = await ann.start('settings')
  await ann.submit(flow, { webauthn_register: key.create(optionsIn(flow, 'webauthn_register_trigger')) })
  return key
}

const signUpWithPasskey = async (ann: Somebody, email: string) => {
  const key = createAuthenticator(ORIGIN)
  const { flow } = await ann.start('registration')
  const options = at(optionsIn(flow, 'passkey_create_data'), 'credentialOptions')
  const passkey_register = key.create(isJsonObject(options) ? options : {})
  await ann.submit(flow, { traits: { email }, passkey_register })
  return key
}

const BROWSERS = ['ajax', 'form'] as const

/** Second factors, security keys and passkeys. */
export const FACTOR_PATHS: readonly Path[] = [
  {
    path: 'connect an authenticator app: wrong code, right code',
    fires: ['settings.before', 'settings.after.totp'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('settings')
      const secret = textIn(nodeIn(flow, 'totp_secret_key'), 'attributes.text.text')
      const wrong = await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, nowIn(flow), 9) })
      await ann.submit(wrong.flow, { method: 'totp', totp_code: codeOf(secret, nowIn(flow)) })
    },
  },
  {
    path: 'sign in with a password and an authenticator app (step-up): wrong code, right code',
    fires: ['login.before', 'login.after.totp'],
    walk: async (walker) => {
      const { ann, made } = await halfway(walker, connect)
      walker.watch()
      const { flow } = await ann.start('login', '?aal=aal2')
      const wrong = await ann.submit(flow, { method: 'totp', totp_code: codeOf(made, nowIn(flow), 9) })
      await ann.submit(wrong.flow, { method: 'totp', totp_code: codeOf(made, nowIn(flow)) })
    },
  },
  {
    path: 'let go of an authenticator app',
    fires: ['settings.before', 'settings.after.totp'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      await connect(ann)
      walker.watch()
      await ann.submit((await ann.start('settings')).flow, { totp_unlink: 'true' })
    },
  },
  {
    path: 'make recovery codes: shown, confirmed',
    fires: ['settings.before', 'settings.after.lookup_secret'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      await writeCodes(ann)
    },
  },
  {
    path: 'look at recovery codes',
    fires: ['settings.before'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      await writeCodes(ann)
      walker.watch()
      await ann.submit((await ann.start('settings')).flow, { lookup_secret_reveal: 'true' })
    },
  },
  {
    path: 'make recovery codes, and take them away',
    fires: ['settings.before', 'settings.after.lookup_secret', 'settings.before', 'settings.after.lookup_secret'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      await writeCodes(ann)
      await ann.submit((await ann.start('settings')).flow, { lookup_secret_disable: 'true' })
    },
  },
  {
    path: 'sign in with a password and a recovery code (step-up)',
    fires: ['login.before', 'login.after.lookup_secret'],
    walk: async (walker) => {
      const { ann, made } = await halfway(walker, writeCodes)
      walker.watch()
      const { flow } = await ann.start('login', '?aal=aal2')
      await ann.submit(flow, { method: 'lookup_secret', lookup_secret: made[0] ?? '' })
    },
  },
  {
    path: 'add a security key, and remove it',
    clients: BROWSERS,
    fires: ['settings.before', 'settings.after.webauthn', 'settings.before', 'settings.after.webauthn'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      await addKey(ann)
      const { flow } = await ann.start('settings')
      await ann.submit(flow, { webauthn_remove: valueIn(flow, 'webauthn_remove') })
    },
  },
  {
    path: 'sign in with a password and a security key (step-up): broken answer, right answer',
    clients: BROWSERS,
    fires: ['login.before', 'login.after.webauthn'],
    walk: async (walker) => {
      const { ann, made } = await halfway(walker, addKey)
      walker.watch()
      const { flow } = await ann.start('login', '?aal=aal2')
      const options = optionsIn(flow, 'webauthn_login_trigger')
      await ann.submit(flow, { webauthn_login: made.get(options, { garbage: 'signature' }) })
      await ann.submit(flow, { webauthn_login: made.get(options) })
    },
  },
  {
    path: 'sign up with a security key alone, and sign in with it',
    clients: BROWSERS,
    fires: ['registration.before', 'registration.after.webauthn', 'login.before', 'login.after.webauthn'],
    walk: async (walker) => {
      await walker.configure({}, { webauthn: { enabled: true, config: { passwordless: true, rp: RP } } })
      const key = createAuthenticator(ORIGIN)
      const ann = somebody(walker.app, walker.client)
      walker.watch()
      const { flow } = await ann.start('registration')
      const webauthn_register = key.create(optionsIn(flow, 'webauthn_register_trigger'))
      await ann.submit(flow, { traits: { email: walker.email }, webauthn_register })
      const later = somebody(walker.app, walker.client)
      const asked = await later.submit((await later.start('login')).flow, {
        method: 'webauthn',
        identifier: walker.email,
      })
      const webauthn_login = key.get(optionsIn(asked.flow, 'webauthn_login_trigger'))
      await later.submit(asked.flow, { identifier: walker.email, webauthn_login })
    },
  },
  {
    path: 'sign up with a passkey, and sign in with it',
    fires: ['registration.before', 'registration.after.passkey', 'login.before', 'login.after.passkey'],
    walk: async (walker) => {
      walker.watch()
      const key = await signUpWithPasskey(somebody(walker.app, walker.client), walker.email)
      const later = somebody(walker.app, walker.client)
      const { flow } = await later.start('login')
      await later.submit(flow, { passkey_login: key.get(optionsIn(flow, 'passkey_challenge')) })
    },
  },
  {
    path: 'add a passkey, and remove it',
    fires: ['settings.before', 'settings.after.passkey', 'settings.before', 'settings.after.passkey'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('settings')
      const key = createAuthenticator(ORIGIN)
      await ann.submit(flow, { passkey_settings_register: key.create(optionsIn(flow, 'passkey_create_data')) })
      const { flow: next } = await ann.start('settings')
      await ann.submit(next, { passkey_remove: valueIn(next, 'passkey_remove') })
    },
  },
]
