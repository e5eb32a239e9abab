import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS, PASSWORD } from '../journeys.ts'
import { saidIn, somebody, textIn } from '../somebody.ts'
import { fiveFlows } from './base.ts'

describe.each(DIALECTS)('registration by every kind of client on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(() => app.close())

  const newAddress = () => `sign-up-${++count}-${dialect}@example.test`
  const fields = (email: string, more = {}) => ({ method: 'password', password: PASSWORD, traits: { email }, ...more })
  const isKnown = async (email: string) => {
    const listed = await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    const identities: unknown = JSON.parse(await listed.text())
    return Array.isArray(identities) && identities.length > 0
  }

  test.each(CLIENTS)(
    '%s: a sign-up lets in where the session action says so, as each kind of client is told',
    async (client) => {
      const ann = somebody(app, client)
      const told = await ann.signUp(newAddress())
      expect(told.status).toBe(client === 'form' ? 303 : 200)
      if (client === 'api') {
        expect(told.json).toMatchObject({
          session_token: expect.stringMatching(/^ory_st_/),
          identity: { state: 'active' },
          continue_with: [{ action: 'set_ory_session_token' }],
        })
      }
      if (client === 'ajax') {
        expect(told.json).not.toHaveProperty('session_token')
        expect(told.json).toMatchObject({ continue_with: [{ action: 'redirect_browser_to' }] })
      }
      if (client === 'form') expect(told.location).toBe('http://ui.example.test/')
      expect((await ann.whoami()).status).toBe(200)
    },
  )

  test.each(CLIENTS)('%s: without that action nobody is let in, and the account is there', async (client) => {
    await app.reload({ selfservice: { flows: { registration: { after: { password: { hooks: [] } } } } } })
    try {
      const email = newAddress()
      const ann = somebody(app, client)
      const told = await ann.signUp(email)
      expect(told.status).toBe(client === 'form' ? 303 : 200)
      if (client !== 'form') expect(told.json).not.toHaveProperty('session')
      expect((await ann.whoami()).status).toBe(401)
      expect((await ann.signIn(email)).status).toBe(client === 'form' ? 303 : 200)
      expect((await ann.whoami()).status).toBe(200)
    } finally {
      await app.reload({})
    }
  })

  test.each(
    CLIENTS.flatMap((client) =>
      (
        [
          ['no address', { traits: {} }, ['traits.email: 4000002']],
          ['no address that is one', { traits: { email: 'nobody' } }, ['traits.email: 4000040']],
          ['a trait nobody knows', { traits: { email: 'x@example.test', nope: 'x' } }, ['traits: 4000001']],
          ['a short password', { password: '1234567' }, ['password: 4000032']],
          [
            'a password like the address',
            { password: 'like-the-address@example.test', traits: { email: 'like-the-address@example.test' } },
            ['password: 4000031'],
          ],
          ['no password', { password: '' }, ['password: 4000002']],
          ['no method', { method: '' }, ['4010003']],
        ] as const
      ).map(([what, more, said]) => [client, what, more, said] as const),
    ),
  )('%s: %s is said where it belongs, and nobody is stored', async (client, _what, more, said) => {
    const email = newAddress()
    const ann = somebody(app, client)
    const wrong = await ann.submit((await ann.start('registration')).flow, fields(email, more))
    expect(wrong.status).toBe(client === 'form' ? 302 : 400)
    expect(saidIn(wrong.flow)).toEqual(said)
    expect(await isKnown(email)).toBe(false)
    // The same form takes what is right.
    await ann.submit(wrong.flow, fields(email))
    expect(await isKnown(email)).toBe(true)
  })

  test.each(CLIENTS)(
    '%s: an address that somebody has is refused, and what was typed stays but the password',
    async (client) => {
      const email = newAddress()
      await somebody(app, 'api').signUp(email)
      const ann = somebody(app, client)
      const told = await ann.signUp(email.toUpperCase(), { name: { first: 'Ann' } })
      expect(told.status).toBe(client === 'form' ? 302 : 400)
      expect(saidIn(told.flow)).toEqual(['4000007'])
      expect(JSON.stringify(told.flow)).toContain('"Ann"')
      expect(JSON.stringify(told.flow)).not.toContain(PASSWORD)
    },
  )

  test.each(CLIENTS)('%s: whoever is signed in is told so, at the start and at the submission', async (client) => {
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    await ann.signUp(newAddress())
    const start = await ann.start('registration')
    const late = await ann.submit(flow, fields(newAddress()))
    if (client === 'form') {
      expect([start.status, start.location]).toEqual([303, 'http://ui.example.test/'])
      expect([late.status, late.location]).toEqual([302, 'http://ui.example.test/'])
      return
    }
    expect([start.status, at(start.json, 'error.id')]).toEqual([400, 'session_already_available'])
    expect([late.status, at(late.json, 'error.id')]).toEqual([400, 'session_already_available'])
  })

  test.each(CLIENTS)('%s: a registration that is switched off says so, and stores nobody', async (client) => {
    const email = newAddress()
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    await app.reload({ selfservice: { flows: { registration: { enabled: false } } } })
    try {
      const start = await somebody(app, client).start('registration')
      if (client === 'form') expect(start.location).toContain('/error?id=')
      else expect([start.status, at(start.json, 'error.id')]).toEqual([400, 'self_service_flow_disabled'])
      const late = await ann.submit(flow, fields(email))
      if (client === 'form') expect(late.location).toContain('/error?id=')
      else expect([late.status, at(late.json, 'error.id')]).toEqual([400, 'self_service_flow_disabled'])
      expect((await ann.see('registration', textIn(flow, 'id'))).status).toBe(400)
      expect(await isKnown(email)).toBe(false)
    } finally {
      await app.reload({})
    }
  })

  test.each(CLIENTS)('%s: an expired flow is not shown, and its submission leads to a new one', async (client) => {
    const email = newAddress()
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    app.turn(11 * 60_000)
    expect((await ann.see('registration', textIn(flow, 'id'))).status).toBe(410)
    const late = await ann.submit(flow, fields(email))
    if (client === 'form') {
      expect(late.status).toBe(303)
      expect(saidIn(late.flow)).toEqual(['4040001'])
    } else {
      expect([late.status, at(late.json, 'error.id')]).toEqual([410, 'self_service_flow_expired'])
      expect(saidIn((await ann.see('registration', textIn(late.json, 'use_flow_id'))).json)).toEqual(['4040001'])
    }
    expect(await isKnown(email)).toBe(false)
  })

  test.each(['ajax', 'form'] as const)(
    '%s: a form without its token, or from another browser, stores nobody',
    async (client) => {
      const email = newAddress()
      const [ann, eve] = [somebody(app, client), somebody(app, client)]
      const { flow } = await ann.start('registration')
      const accept = client === 'form' ? 'text/html' : 'application/json'
      const body =
        client === 'form'
          ? new URLSearchParams({ method: 'password', password: PASSWORD, 'traits.email': email })
          : fields(email)
      const blind = await ann.http.send(textIn(flow, 'ui.action'), { headers: { accept }, body })
      await eve.start('registration')
      const foreign = await eve.submit(flow, fields(email))
      for (const refused of [blind, foreign]) {
        if (client === 'form') expect(refused.headers.get('location')).toContain('/error?id=')
        else expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
      }
      expect(await isKnown(email)).toBe(false)
    },
  )

  test.each(CLIENTS)('%s: a flow that has made an account makes no second one', async (client) => {
    const [first, second] = [newAddress(), newAddress()]
    const ann = somebody(app, client)
    const { flow } = await ann.start('registration')
    await ann.submit(flow, fields(first))
    for (const name of ann.http.cookies.keys()) if (name.includes('session')) ann.http.cookies.delete(name)
    await (client === 'api' ? somebody(app, client) : ann).submit(flow, fields(second))
    expect([await isKnown(first), await isKnown(second)]).toEqual([true, false])
  })
})
