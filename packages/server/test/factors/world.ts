import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { codeAt, fromBase32 } from '../../src/methods/totp/one-time-password.ts'
import { USUAL } from '../../src/methods/totp/totp-url.ts'
import { startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import type { Authenticator, Fault } from '../authenticator.ts'
import { PERSON } from '../person.ts'
import { listIn, type Somebody, somebody, textIn, valueIn } from '../somebody.ts'

export const ORIGIN = 'http://login.example.test'

const rp = { id: 'example.test', display_name: 'Example', origins: [ORIGIN] }
const ui = (name: string) => ({ ui_url: `http://ui.example.test/${name}` })
const session = { hooks: [{ hook: 'session' }] }

/** A configuration with every factor; what a test adds comes last. */
export const factors = (methods: JsonObject = {}, selfservice: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  identity: {
    schemas: [{ id: 'default', url: `base64://${Buffer.from(JSON.stringify(PERSON)).toString('base64')}` }],
  },
  selfservice: {
    methods: {
      totp: { enabled: true, config: { issuer: 'Example', allow_reuse: false } },
      lookup_secret: { enabled: true },
      webauthn: { enabled: true, config: { passwordless: false, rp } },
      passkey: { enabled: true, config: { rp } },
      ...methods,
    },
    flows: {
      settings: { ...ui('settings'), privileged_session_max_age: '15m' },
      recovery: { enabled: true, ...ui('recovery') },
      registration: { after: { password: session, passkey: session, webauthn: session } },
      ...selfservice,
    },
  },
  ...more,
})

export const RP = rp

export const startFactors = (dialect: 'sqlite' | 'postgres', config: JsonObject = factors()): Promise<TestApp> =>
  startTestApp({ dialect, config })

/** The code an app shows now, or some steps from now. */
export const codeOf = (secret: string, now: number, steps = 0) =>
  codeAt({ ...USUAL, secret: fromBase32(secret) ?? Buffer.alloc(0) }, Math.floor(now / 30_000) + steps)

/** The time of an app whose clock was turned. */
export const nowOf = (turned: number) => Date.now() + turned

/** The nodes of a form, by their name or id. */
export const nodeIn = (flow: JsonObject, name: string): JsonObject => {
  const nodes = listIn(flow, 'ui.nodes')
  const found = nodes.find((node) => at(node, 'attributes.name') === name || at(node, 'attributes.id') === name)
  return isJsonObject(found) ? found : {}
}

/** Connects an authenticator app and tells its secret. */
export async function connectApp(ann: Somebody, now = Date.now(), steps = -1): Promise<string> {
  const { flow } = await ann.start('settings')
  const secret = textIn(nodeIn(flow, 'totp_secret_key'), 'attributes.text.text')
  // The code of the step before, so that the one of this step is still to be used.
  const saved = await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, now, steps) })
  if (at(saved.flow, 'state') !== 'success') throw new Error(`not connected: ${JSON.stringify(saved.json)}`)
  return secret
}

/** Makes codes on paper, and tells them. */
export async function writeCodes(ann: Somebody): Promise<readonly string[]> {
  const { flow } = await ann.start('settings')
  const shown = await ann.submit(flow, { method: 'lookup_secret', lookup_secret_regenerate: true })
  const codes = listIn(nodeIn(shown.flow, 'lookup_secret_codes'), 'attributes.text.context.secrets')
  const saved = await ann.submit(shown.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
  if (at(saved.flow, 'state') !== 'success') throw new Error(`not confirmed: ${JSON.stringify(saved.json)}`)
  return codes.map((code) => textIn(code, 'text'))
}

export const optionsIn = (flow: JsonObject, name: string): JsonObject => JSON.parse(valueIn(flow, name))

let people = 0

/** Somebody new who is signed in with a password. */
export async function signedUp(app: TestApp, client: Somebody['client']) {
  people += 1
  const email = `person-${people}@example.test`
  const ann = somebody(app, client)
  await ann.signUp(email)
  return { ann, email }
}

/** The same person with another client: signed in with the password alone. */
export async function again(app: TestApp, email: string, client: Somebody['client']) {
  const ann = somebody(app, client)
  const answer = await ann.signIn(email)
  return { ann, answer }
}

/** A form as the script of its page sends it: without a button, so without the name of a method. */
export const adding = (ann: Somebody, flow: JsonObject, key: Authenticator, fault: Fault = {}, name = 'my key') =>
  ann.submit(flow, {
    webauthn_register: key.create(optionsIn(flow, 'webauthn_register_trigger'), fault),
    webauthn_register_displayname: name,
  })

export const addingPasskey = (ann: Somebody, flow: JsonObject, key: Authenticator, fault: Fault = {}) =>
  ann.submit(flow, { passkey_settings_register: key.create(optionsIn(flow, 'passkey_create_data'), fault) })
