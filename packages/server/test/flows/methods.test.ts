import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { provider } from '../oidc/base.ts'
import { PERSON } from '../person.ts'
import { namesIn, saidIn, somebody, textIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

const rp = { id: '127.0.0.1', display_name: 'Example' }
const schema = `base64://${Buffer.from(JSON.stringify(PERSON)).toString('base64')}`

/** Every method there is, switched on. */
const ALL: JsonObject = {
  code: { enabled: true, passwordless_enabled: true },
  totp: { enabled: true },
  lookup_secret: { enabled: true },
  webauthn: { enabled: true, config: { passwordless: true, rp } },
  passkey: { enabled: true, config: { rp } },
  oidc: { enabled: true, config: { providers: [provider('http://127.0.0.1:9')] } },
}
const world = (methods: JsonObject): JsonObject =>
  fiveFlows({}, methods, { identity: { schemas: [{ id: 'default', url: schema }] } })

type Row = readonly [flow: 'login' | 'registration' | 'settings', method: string, fields: JsonObject]

/** What each method is sent in each flow that it is part of. */
const ROWS: readonly Row[] = [
  ['login', 'password', { method: 'password', identifier: 'x', password: 'y' }],
  ['login', 'code', { method: 'code', identifier: 'x@example.test' }],
  ['login', 'webauthn', { method: 'webauthn', identifier: 'x', webauthn_login: '{}' }],
  ['login', 'passkey', { method: 'passkey', passkey_login: '{}' }],
  ['login', 'oidc', { method: 'oidc', provider: 'up' }],
  [
    'registration',
    'password',
    { method: 'password', password: 'a-horse-with-9-batteries', traits: { email: 'x@example.test' } },
  ],
  ['registration', 'code', { method: 'code', traits: { email: 'x@example.test' } }],
  ['registration', 'webauthn', { method: 'webauthn', webauthn_register: '{}', traits: { email: 'x@example.test' } }],
  ['registration', 'passkey', { method: 'passkey', passkey_register: '{}', traits: { email: 'x@example.test' } }],
  ['registration', 'oidc', { method: 'oidc', provider: 'up' }],
  ['settings', 'password', { method: 'password', password: 'a-horse-with-9-batteries' }],
  ['settings', 'profile', { method: 'profile', traits: { email: 'x@example.test' } }],
  ['settings', 'totp', { method: 'totp', totp_code: '123456' }],
  ['settings', 'lookup_secret', { method: 'lookup_secret', lookup_secret_regenerate: true }],
  ['settings', 'webauthn', { method: 'webauthn', webauthn_register: '{}' }],
  ['settings', 'passkey', { method: 'passkey', passkey_settings_register: '{}' }],
  ['settings', 'oidc', { method: 'oidc', link: 'up' }],
]

describe.each(DIALECTS)('methods that are switched off on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({ dialect, config: world(ALL) })
  })
  afterAll(() => app.close())

  const cases = ROWS.flatMap(([flow, method, fields]) =>
    // Native clients have no security keys.
    CLIENTS.filter((client) => client !== 'api' || method !== 'webauthn').map(
      (client) => ({ flow, method, fields, client }) as const,
    ),
  )
  test.each(cases)(
    '$client: $method in $flow is not found, is not shown, and changes nothing',
    async ({ flow, method, fields, client }) => {
      const ann = somebody(app, client)
      const email = `off-${++count}-${dialect}@example.test`
      if (flow === 'settings') await ann.signUp(email)
      const { flow: open } = await ann.start(flow)
      await app.reload(world({ ...ALL, [method]: { enabled: false } }))
      try {
        const off = await ann.submit(open, fields)
        if (client === 'form') expect(off.location).toContain('/error?id=')
        else {
          expect(off.status).toBe(404)
          expect(textIn(off.json, 'error.reason')).toContain('This endpoint was disabled by system administrator')
        }
        const anew = await ann.start(flow)
        expect(groupsIn(anew.flow)).not.toContain(method)
        if (flow === 'settings') expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
      } finally {
        await app.reload({})
      }
    },
  )

  test.each(CLIENTS)('%s: settings that are sent without a method, or with an unknown one, say so', async (client) => {
    const ann = somebody(app, client)
    await ann.signUp(`none-${++count}-${dialect}@example.test`)
    for (const fields of [{}, { method: 'magic' }, { method: 'code' }]) {
      const { flow } = await ann.start('settings')
      const told = await ann.submit(flow, fields)
      expect(told.status).toBe(client === 'form' ? 303 : 400)
      expect(saidIn(told.flow)).toEqual(['4010004'])
    }
  })

  const OWN = ROWS.filter(([flow]) => flow === 'settings')
  test.each(
    OWN.flatMap(([, method, fields]) => (['ajax', 'form'] as const).map((client) => [client, method, fields] as const)),
  )('%s: %s in settings is refused without the form’s token', async (client, _method, fields) => {
    const ann = somebody(app, client)
    const email = `forged-${++count}-${dialect}@example.test`
    await ann.signUp(email)
    const { flow } = await ann.start('settings')
    const flat = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
      typeof value === 'object' ? [['traits.email', 'x@example.test']] : [[name, String(value)]],
    )
    const forged = await ann.http.send(textIn(flow, 'ui.action'), {
      headers: { accept: client === 'form' ? 'text/html' : 'application/json' },
      body: client === 'form' ? new URLSearchParams(flat) : fields,
    })
    if (client === 'form') expect(forged.headers.get('location')).toContain('/error?id=')
    else expect([forged.status, at(forged.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
    expect(at((await ann.whoami()).json, 'identity.traits.email')).toBe(email)
  })

  test.each(OWN.flatMap(([, method, fields]) => CLIENTS.map((client) => [client, method, fields] as const)))(
    '%s: %s in the settings of somebody else is refused',
    async (client, _method, fields) => {
      const [ann, eve] = [somebody(app, client), somebody(app, client)]
      await ann.signUp(`owner-${++count}-${dialect}@example.test`)
      await eve.signUp(`eve-${++count}-${dialect}@example.test`)
      const { flow } = await ann.start('settings')
      const refused = await eve.submit(flow, fields)
      if (client === 'form') expect(refused.location).toContain('/error?id=')
      else expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'security_identity_mismatch'])
    },
  )

  test.each(
    OWN.filter(([, method]) => method !== 'profile' && method !== 'webauthn').flatMap(([, method, fields]) =>
      CLIENTS.map((client) => [client, method, fields] as const),
    ),
  )('%s: %s in settings wants somebody who has signed in lately', async (client, _method, fields) => {
    const ann = somebody(app, client)
    await ann.signUp(`late-${++count}-${dialect}@example.test`)
    app.turn(16 * 60_000)
    const { flow } = await ann.start('settings')
    const told = await ann.submit(flow, fields)
    if (client === 'form') expect(told.location).toContain('/self-service/login/browser?refresh=true')
    else expect([told.status, at(told.json, 'error.id')]).toEqual([403, 'session_refresh_required'])
  })

  test('the forms that are shown hold every method', async () => {
    const ann = somebody(app, 'ajax')
    expect(groupsIn((await ann.start('login')).flow)).toEqual([
      'code',
      'default',
      'oidc',
      'passkey',
      'password',
      'webauthn',
    ])
    expect(groupsIn((await ann.start('registration')).flow)).toEqual([
      'code',
      'default',
      'oidc',
      'passkey',
      'password',
      'webauthn',
    ])
    await ann.signUp(`all-${++count}-${dialect}@example.test`)
    const { flow } = await ann.start('settings')
    expect(groupsIn(flow)).toEqual([
      'default',
      'lookup_secret',
      'oidc',
      'passkey',
      'password',
      'profile',
      'totp',
      'webauthn',
    ])
    expect(namesIn(flow)).toContain('totp_qr')
  })
})

/** The groups of a form, by name; what all of them share is `default`. */
const groupsIn = (flow: JsonObject): readonly string[] => {
  const nodes = at(flow, 'ui.nodes')
  // The script of keys is of the group `webauthn`, whoever needs it.
  const shown = (Array.isArray(nodes) ? nodes : []).filter((node) => at(node, 'type') !== 'script')
  return [...new Set(shown.map((node) => textIn(node, 'group')))].toSorted()
}
