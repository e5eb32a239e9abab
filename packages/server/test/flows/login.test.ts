import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS, type Client, PASSWORD } from '../journeys.ts'
import { saidIn, type Somebody, somebody, textIn, type Told } from '../somebody.ts'
import { fiveFlows } from './base.ts'

describe.each(DIALECTS)('login by every kind of client on %s', (dialect) => {
  let app: TestApp
  let count = 0
  beforeAll(async () => {
    app = await startTestApp({ dialect, config: fiveFlows() })
  })
  afterAll(() => app.close())

  const newAddress = () => `login-${++count}-${dialect}@example.test`
  const person = async () => {
    const email = newAddress()
    await somebody(app, 'api').signUp(email)
    return email
  }
  const fields = (identifier: string, password = PASSWORD) => ({ method: 'password', identifier, password })
  const signedIn = async (client: Client) => {
    const email = await person()
    const ann = somebody(app, client)
    await ann.signIn(email)
    return { ann, email }
  }

  test.each(CLIENTS)('%s: the right password lets in, as each kind of client is told', async (client) => {
    const { ann, email } = await signedIn(client)
    const again = await (await fresh(client)).signIn(email)
    if (client === 'api') {
      expect(again.status).toBe(200)
      expect(again.json).toMatchObject({ session: { active: true }, session_token: expect.stringMatching(/^ory_st_/) })
      expect(again.headers.getSetCookie()).toEqual([])
    } else if (client === 'ajax') {
      expect(again.status).toBe(200)
      expect(again.json).not.toHaveProperty('session_token')
      expect(again.json).toMatchObject({
        continue_with: [{ action: 'redirect_browser_to', redirect_browser_to: 'http://ui.example.test/' }],
      })
      expect(again.headers.getSetCookie().join('\n')).toContain('ory_kratos_session=')
    } else {
      expect([again.status, again.location]).toEqual([303, 'http://ui.example.test/'])
      expect(again.headers.getSetCookie().join('\n')).toContain('ory_kratos_session=')
    }
    expect((await ann.whoami()).status).toBe(200)
  })

  const fresh = async (client: Client): Promise<Somebody> => somebody(app, client)

  test.each(CLIENTS)('%s: nobody, and somebody with the wrong password, read the same', async (client) => {
    const email = await person()
    for (const identifier of [email, newAddress()]) {
      const ann = somebody(app, client)
      const { flow } = await ann.start('login')
      const wrong = await ann.submit(flow, fields(identifier, 'not-this-one'))
      expect(wrong.status).toBe(client === 'form' ? 303 : 400)
      expect(saidIn(wrong.flow)).toEqual(['4000006'])
      expect(wrong.flow.id).toBe(flow.id)
      expect(wrong.headers.getSetCookie().join('\n')).not.toContain('ory_kratos_session=ey')
      // The same form takes the right one.
      if (identifier === email) await ann.submit(wrong.flow, fields(email))
      expect((await ann.whoami()).status).toBe(identifier === email ? 200 : 401)
    }
  })

  test.each(
    CLIENTS.flatMap((client) =>
      (
        [
          ['no identifier', { method: 'password', password: 'x' }, ['identifier: 4000002']],
          ['no password', { method: 'password', identifier: 'x' }, ['password: 4000002']],
          ['no method', { identifier: 'x', password: 'y' }, ['4010002']],
          ['a method nobody knows', { method: 'magic', identifier: 'x' }, ['4010002']],
        ] as const
      ).map(([what, body, said]) => [client, what, body, said] as const),
    ),
  )('%s: %s is said beside its field, or in the form', async (client, _what, body, said) => {
    const ann = somebody(app, client)
    const wrong = await ann.submit((await ann.start('login')).flow, body)
    expect(wrong.status).toBe(client === 'form' ? 303 : 400)
    expect(saidIn(wrong.flow)).toEqual(said)
  })

  test.each(CLIENTS)('%s: whoever is signed in is told so, at the start and at the submission', async (client) => {
    const { ann, email } = await signedIn(client)
    const start = await ann.start('login', '?return_to=https://allowed.example.test/here')
    if (client === 'form') expect([start.status, start.location]).toEqual([303, 'https://allowed.example.test/here'])
    else expect([start.status, at(start.json, 'error.id')]).toEqual([400, 'session_already_available'])

    const other = somebody(app, client)
    const { flow } = await other.start('login')
    await other.signIn(email)
    const late = await other.submit(flow, fields(email))
    if (client === 'form') expect([late.status, late.location]).toEqual([303, 'http://ui.example.test/'])
    else {
      expect(late.status).toBe(400)
      expect(textIn(late.json, 'ui.messages.0.text')).toContain('A valid session was detected')
    }
  })

  test.each(CLIENTS)('%s: a refresh asks once more, and the session stays the same one', async (client) => {
    const { ann, email } = await signedIn(client)
    const before = at((await ann.whoami()).json, 'id')
    const { flow } = await ann.start('login', '?refresh=true')
    expect(saidIn(flow)).toEqual(['1010003'])
    app.turn(60_000)
    const wrong = await ann.submit(flow, fields(email, 'not-this-one'))
    expect(saidIn(wrong.flow)).toContain('4000006')
    const done = await ann.submit(wrong.flow, fields(email))
    expect(done.status).toBe(client === 'form' ? 303 : 200)
    const after = await ann.whoami()
    expect(at(after.json, 'id')).toBe(before)
    expect(Date.parse(textIn(after.json, 'authenticated_at'))).toBeGreaterThan(
      Date.parse(textIn(after.json, 'issued_at')),
    )
  })

  test.each(CLIENTS)('%s: a second factor needs a first one, and a level has to be one', async (client) => {
    const ann = somebody(app, client)
    const early = await ann.start('login', '?aal=aal2')
    const odd = await ann.start('login', '?aal=aal9')
    if (client === 'form') {
      expect(early.location).toContain('/error?id=')
      expect(odd.location).toContain('/error?id=')
      return
    }
    expect([early.status, at(early.json, 'error.id')]).toEqual([401, 'session_aal1_required'])
    expect(odd.status).toBe(400)
  })

  test.each(CLIENTS)('%s: an expired flow is not shown, and its submission leads to a new one', async (client) => {
    const ann = somebody(app, client)
    const { flow } = await ann.start('login')
    app.turn(11 * 60_000)
    const shown = await ann.see('login', textIn(flow, 'id'))
    expect([shown.status, at(shown.json, 'error.id')]).toEqual([410, 'self_service_flow_expired'])
    const late = await ann.submit(flow, fields('x'))
    if (client === 'form') {
      expect(late.status).toBe(303)
      expect(saidIn(late.flow)).toEqual(['4010001'])
      expect(late.flow.id).not.toBe(flow.id)
      return
    }
    expect([late.status, at(late.json, 'error.id')]).toEqual([410, 'self_service_flow_expired'])
    const next = await ann.see('login', textIn(late.json, 'use_flow_id'))
    expect(saidIn(next.json)).toEqual(['4010001'])
  })

  test.each(CLIENTS)('%s: a flow that has let somebody in lets nobody else in', async (client) => {
    const email = await person()
    const ann = somebody(app, client)
    const { flow } = await ann.start('login')
    await ann.submit(flow, fields(email))
    // Whoever has its id, and its cookie, but no session.
    for (const name of ann.http.cookies.keys()) if (name.includes('session')) ann.http.cookies.delete(name)
    const eve = client === 'api' ? somebody(app, client) : ann
    const again = await eve.submit(flow, fields(email))
    expect(again.headers.getSetCookie().join('\n')).not.toContain('ory_kratos_session=')
    expect(again.json).not.toHaveProperty('session_token')
    expect((await eve.whoami()).status).toBe(401)
  })

  test.each(['ajax', 'form'] as const)(
    '%s: a form without its token, or from another browser, is refused',
    async (client) => {
      const email = await person()
      const [ann, eve] = [somebody(app, client), somebody(app, client)]
      const { flow } = await ann.start('login')
      const accept = client === 'form' ? 'text/html' : 'application/json'
      const pairs = { ...fields(email) }
      const body = client === 'form' ? new URLSearchParams(pairs) : pairs
      const blind = await ann.http.send(textIn(flow, 'ui.action'), { headers: { accept }, body })
      await eve.start('login')
      const foreign = await eve.submit(flow, fields(email))
      for (const refused of [blind, foreign]) {
        if (client === 'form') expect(refused.headers.get('location')).toContain('/error?id=')
        else expect([refused.status, at(refused.json, 'error.id')]).toEqual([403, 'security_csrf_violation'])
      }
      expect((await ann.whoami()).status).toBe(401)
      expect((await eve.see('login', textIn(flow, 'id'))).status).toBe(403)
    },
  )

  test.each(CLIENTS)('%s: whose account is switched off is told so', async (client) => {
    const email = await person()
    await switchOff(app, email)
    const ann = somebody(app, client)
    const told = await ann.signIn(email)
    expect(told.status).toBe(client === 'form' ? 303 : 400)
    expect(saidIn(told.flow)).toEqual(['4010011'])
    expect((await ann.whoami()).status).toBe(401)
  })

  test.each(CLIENTS)('%s: where to go is the wish, if it is allowed, else what is configured', async (client) => {
    const email = await person()
    const through = async (query: string): Promise<Told> => {
      const ann = somebody(app, client)
      return ann.submit((await ann.start('login', query)).flow, fields(email))
    }
    const target = (told: Told) =>
      client === 'form' ? told.location : at(told.json, 'continue_with.0.redirect_browser_to')
    const wished = 'https://allowed.example.test/a?b=c%20d'
    const told = await through(`?return_to=${encodeURIComponent(wished)}`)
    if (client !== 'api') expect(target(told)).toBe(wished)
    const refused = await somebody(app, client).start('login', '?return_to=https://evil.example.test/')
    if (client === 'form') expect(refused.location).toContain('/error?id=')
    else expect([refused.status, at(refused.json, 'error.id')]).toEqual([400, 'self_service_flow_return_to_forbidden'])
  })
})

/** An administrator switches somebody's account off. */
async function switchOff({ adminUrl }: TestApp, email: string): Promise<void> {
  const listed = await (await fetch(`${adminUrl}/admin/identities?credentials_identifier=${email}`)).text()
  const id = textIn(JSON.parse(listed), '0.id')
  await fetch(`${adminUrl}/admin/identities/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ op: 'replace', path: '/state', value: 'inactive' }]),
  })
}
