import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { DIALECTS, type TestApp, webHook } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { startReceiver } from '../receiver.ts'
import { namesIn, saidIn, somebody, textIn } from '../somebody.ts'
import { again, codeOf, connectApp, factors, nodeIn, signedUp, startFactors } from './world.ts'

describe.each(DIALECTS)('authenticator apps on %s', (dialect) => {
  let app: TestApp
  let turned = 0
  const now = () => Date.now() + turned
  const turn = (time: number) => {
    turned += time
    app.turn(time)
  }
  beforeAll(async () => {
    app = await startFactors(dialect)
  })
  afterAll(() => app.close())

  const identityOf = async (email: string) => {
    const url = `${app.adminUrl}/admin/identities?credentials_identifier=${email}&include_credential=totp`
    return at(JSON.parse(await (await fetch(url)).text()), '0')
  }

  test.each(CLIENTS)('S30, %s: connect, sign in with it, let go of it', async (client) => {
    const { ann, email } = await signedUp(app, client)
    const { flow } = await ann.start('settings')
    const qr = nodeIn(flow, 'totp_qr')
    expect(textIn(qr, 'attributes.src')).toMatch(/^data:image\/png;base64,iVBOR/)
    const secret = textIn(nodeIn(flow, 'totp_secret_key'), 'attributes.text.text')
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)

    const wrong = await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, now(), 9) })
    expect(saidIn(wrong.flow)).toEqual(['totp_code: 4000008'])
    expect(textIn(nodeIn(wrong.flow, 'totp_secret_key'), 'attributes.text.text')).toBe(secret)
    const saved = await ann.submit(wrong.flow, { method: 'totp', totp_code: codeOf(secret, now(), -1) })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect(namesIn(saved.flow)).toContain('totp_unlink')
    expect(JSON.stringify(saved.flow)).not.toContain(secret)
    // Who has just shown the app need not show it again.
    expect((await ann.whoami()).json).toMatchObject({
      authenticator_assurance_level: 'aal2',
      authentication_methods: [{ method: 'password' }, { method: 'totp', aal: 'aal2' }],
    })

    const { ann: later } = await again(app, email, client)
    const login = await later.start('login', '?aal=aal2')
    expect(namesIn(login.flow)).toEqual(['csrf_token', 'totp_code', 'method'])
    expect(saidIn(login.flow)).toEqual(['1010004'])
    const refused = await later.submit(login.flow, { method: 'totp', totp_code: '000000' })
    expect(saidIn(refused.flow)).toEqual(['4000008'])
    expect(nodeIn(refused.flow, 'totp_code')).toMatchObject({ attributes: { required: true } })
    expect(nodeIn(refused.flow, 'totp_code')).not.toHaveProperty('attributes.value')
    await later.submit(login.flow, { method: 'totp', totp_code: ` ${codeOf(secret, now()).replace(/(...)/, '$1 ')}` })
    expect((await later.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })

    const gone = await later.submit((await later.start('settings')).flow, { method: 'totp', totp_unlink: 'true' })
    expect(namesIn(gone.flow)).toContain('totp_qr')
    // The session that let go of it keeps what it has shown.
    expect((await later.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })
    const { ann: free } = await again(app, email, client)
    expect((await free.whoami()).status).toBe(200)
  })

  test('a seed is never stored or shown in the clear', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const secret = await connectApp(ann, now())
    const stored = JSON.stringify(await identityOf(email))
    expect(stored).toContain('totp_url')
    expect(stored).not.toContain(secret)
    expect(stored).not.toContain('otpauth')
    expect(JSON.stringify(app.logged)).not.toContain(secret)
  })

  test('a receiver that is asked sees the form, and not the seed in it', async () => {
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    receiver.on('/asked', { status: 204 })
    const hooks = [webHook(receiver.url('/asked'), { response: { parse: true } })]
    const settings = { ui_url: 'http://ui.example.test/settings', after: { totp: { hooks } } }
    await app.reload(factors({}, { settings }))
    const { ann } = await signedUp(app, 'ajax')
    const secret = await connectApp(ann, now())
    const [call] = receiver.callsTo('/asked')
    expect(call?.body).toContain('totp_secret_key')
    expect(call?.body).not.toContain(secret)
    expect(call?.body).not.toContain('iVBOR')
    await app.reload(factors())
  })

  test('a code is good for once, raced or one after the other', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const secret = await connectApp(ann, now())
    const tries = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { ann: each } = await again(app, email, 'api')
        return { each, flow: (await each.start('login', '?aal=aal2')).flow }
      }),
    )
    const code = codeOf(secret, now())
    const answers = await Promise.all(
      tries.map(({ each, flow }) => each.submit(flow, { method: 'totp', totp_code: code })),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400, 400, 400])
    for (const { status, flow } of answers) if (status === 400) expect(saidIn(flow)).toEqual(['4000008'])

    const { ann: late } = await again(app, email, 'api')
    const { flow } = await late.start('login', '?aal=aal2')
    const older = await late.submit(flow, { method: 'totp', totp_code: codeOf(secret, now(), -1) })
    expect(saidIn(older.flow)).toEqual(['4000008'])
    // The next one of the app is as good as ever.
    turn(30_000)
    expect((await late.submit(flow, { method: 'totp', totp_code: codeOf(secret, now()) })).status).toBe(200)
  })

  test('Ory’s habit, where it is wished for: a code is taken again while it is valid', async () => {
    const reuse = { totp: { enabled: true, config: { issuer: 'Example', allow_reuse: true } } }
    await app.reload(factors(reuse))
    const { ann, email } = await signedUp(app, 'ajax')
    const secret = await connectApp(ann, now(), 0)
    for (let i = 0; i < 2; i++) {
      const { ann: later } = await again(app, email, 'api')
      const { flow } = await later.start('login', '?aal=aal2')
      expect((await later.submit(flow, { method: 'totp', totp_code: codeOf(secret, now()) })).status).toBe(200)
    }
    await app.reload(factors())
  })

  test('the code that connected the app cannot sign in as well', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const secret = await connectApp(ann, now(), 0)
    const { ann: later } = await again(app, email, 'api')
    const { flow } = await later.start('login', '?aal=aal2')
    const answer = await later.submit(flow, { method: 'totp', totp_code: codeOf(secret, now()) })
    expect(saidIn(answer.flow)).toEqual(['4000008'])
  })

  test('a code for an app that is connected already is not looked at, and proves nothing', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    await connectApp(ann, now())
    await app.reload(factors({}, { settings: { ui_url: 'http://ui.example.test/settings', required_aal: 'aal1' } }))
    const { ann: thief } = await again(app, email, 'ajax')
    const { flow } = await thief.start('settings')
    const answer = await thief.submit(flow, { method: 'totp', totp_code: '000000' })
    expect(saidIn(answer.flow)).toEqual(['1050001'])
    expect((await thief.whoami()).status).toBe(403)
    await app.reload(factors())
  })

  test('a code of the seed of another flow connects nothing', async () => {
    const { ann } = await signedUp(app, 'ajax')
    const [one, other] = [await ann.start('settings'), await ann.start('settings')]
    const secret = textIn(nodeIn(other.flow, 'totp_secret_key'), 'attributes.text.text')
    const answer = await ann.submit(one.flow, { method: 'totp', totp_code: codeOf(secret, now()) })
    expect(saidIn(answer.flow)).toEqual(['totp_code: 4000008'])
  })

  test('what stands in for the key is refused at the door', async () => {
    const { ann } = await signedUp(app, 'ajax')
    const { flow } = await ann.start('settings')
    expect(saidIn((await ann.submit(flow, { method: 'totp' })).flow)).toEqual(['totp_code: 4000002'])
    expect(saidIn((await ann.submit(flow, { method: 'totp', totp_code: { a: 1 } })).flow)).toEqual([
      'totp_code: 4000002',
    ])
  })

  test('nobody steps up without an app', async () => {
    const { ann } = await signedUp(app, 'ajax')
    const { flow } = await ann.start('login', '?aal=aal2')
    expect(namesIn(flow)).toEqual(['csrf_token'])
    const answer = await ann.submit(flow, { method: 'totp', totp_code: '123456' })
    expect(saidIn(answer.flow)).toEqual(['4000011'])
  })

  test('an app is no way to sign in alone', async () => {
    const bob = somebody(app, 'ajax')
    const { flow } = await bob.start('login')
    expect(namesIn(flow)).not.toContain('totp_code')
    expect(saidIn((await bob.submit(flow, { method: 'totp', totp_code: '123456' })).flow)).toEqual(['4010002'])
  })

  test('an imported key signs in, and is sealed; one that cannot be read is refused', async () => {
    const create = async (email: string, totp_url: string) => {
      const credentials = {
        password: { config: { password: 'a-horse-with-9-batteries' } },
        totp: { config: { totp_url } },
      }
      const body = JSON.stringify({ schema_id: 'default', traits: { email }, credentials })
      const answer = await fetch(`${app.adminUrl}/admin/identities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      return { status: answer.status, text: await answer.text() }
    }
    const email = `imported-${dialect}@example.test`
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const url = `otpauth://totp/Old:ann?secret=${secret}&issuer=Old`
    expect((await create(email, url)).status).toBe(201)
    expect(JSON.stringify(await identityOf(email))).not.toContain(secret)
    const { ann } = await again(app, email, 'api')
    expect((await ann.whoami()).status).toBe(403)
    const { flow } = await ann.start('login', '?aal=aal2')
    expect((await ann.submit(flow, { method: 'totp', totp_code: codeOf(secret, now()) })).status).toBe(200)

    const refused = await create(`refused-${dialect}@example.test`, 'otpauth://totp/x?secret=1')
    expect(refused).toMatchObject({ status: 400 })
    expect(refused.text).toContain('totp_url must be an otpauth')
  })
})
