import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, type TestApp } from '../app.ts'
import { at } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { listIn, namesIn, saidIn, textIn } from '../somebody.ts'
import { again, nodeIn, signedUp, startFactors, writeCodes } from './world.ts'

describe.each(DIALECTS)('codes on paper on %s', (dialect) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startFactors(dialect)
  })
  afterAll(() => app.close())

  const step = async (email: string, code: string) => {
    const { ann } = await again(app, email, 'api')
    const { flow } = await ann.start('login', '?aal=aal2')
    return ann.submit(flow, { method: 'lookup_secret', lookup_secret: code })
  }

  test.each(CLIENTS)('S32, %s: make, confirm, use, reveal, make others, take away', async (client) => {
    const { ann, email } = await signedUp(app, client)
    const { flow } = await ann.start('settings')
    expect(namesIn(flow)).toContain('lookup_secret_regenerate')
    // As the button of a page sends it: without the name of a method.
    const shown = await ann.submit(flow, { lookup_secret_regenerate: true })
    expect(shown.status).toBe(client === 'form' ? 303 : 200)
    expect(namesIn(shown.flow).slice(-2)).toEqual(['lookup_secret_codes', 'lookup_secret_confirm'])
    const codes = listIn(nodeIn(shown.flow, 'lookup_secret_codes'), 'attributes.text.context.secrets').map((code) =>
      textIn(code, 'text'),
    )
    expect(codes).toHaveLength(12)
    expect(new Set(codes).size).toBe(12)
    for (const code of codes) expect(code).toMatch(/^[a-z0-9]{8}$/)
    expect(textIn(nodeIn(shown.flow, 'lookup_secret_codes'), 'attributes.text.text')).toBe(codes.join(', '))
    // Shown is not stored: until they are confirmed nobody is asked for them.
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal1' })

    const saved = await ann.submit(shown.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
    expect(saidIn(saved.flow)).toEqual(['1050001'])
    expect((await ann.whoami()).json).toMatchObject({ authenticator_assurance_level: 'aal2' })
    // They can't be confirmed a second time, which would make used ones new.
    const twice = await ann.submit(saved.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
    expect(saidIn(twice.flow)).toEqual(['4000001'])

    const [first = '', second = ''] = codes
    expect((await step(email, first)).status).toBe(200)
    expect(saidIn((await step(email, first)).flow)).toEqual(['4000012'])
    expect(saidIn((await step(email, second.toUpperCase())).flow)).toEqual(
      second === second.toUpperCase() ? [] : ['4000016'],
    )
    expect(saidIn((await step(email, 'nonsense')).flow)).toEqual(['4000016'])

    const revealed = await ann.submit((await ann.start('settings')).flow, {
      method: 'lookup_secret',
      lookup_secret_reveal: 'true',
    })
    const seen = nodeIn(revealed.flow, 'lookup_secret_codes')
    expect(textIn(seen, 'attributes.text.text')).toBe(['used', ...codes.slice(1)].join(', '))
    expect(at(seen, 'attributes.text.context.secrets.0.id')).toBe(1050014)
    expect(namesIn(revealed.flow).slice(-3)).toEqual([
      'lookup_secret_codes',
      'lookup_secret_disable',
      'lookup_secret_regenerate',
    ])

    const others = await ann.submit(revealed.flow, { method: 'lookup_secret', lookup_secret_regenerate: true })
    // The old ones hold until the new ones are confirmed.
    expect((await step(email, second)).status).toBe(200)
    await ann.submit(others.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
    expect(saidIn((await step(email, codes[2] ?? '')).flow)).toEqual(['4000016'])

    const gone = await ann.submit((await ann.start('settings')).flow, {
      method: 'lookup_secret',
      lookup_secret_disable: true,
    })
    expect(namesIn(gone.flow)).toContain('lookup_secret_regenerate')
    expect(saidIn((await step(email, 'anything')).flow)).toEqual(['4000014'])
  })

  test('a code is good for one of two who use it at once', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const [code = ''] = await writeCodes(ann)
    const answers = await Promise.all(Array.from({ length: 5 }, () => step(email, code)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400, 400])
    for (const { status, flow } of answers) if (status === 400) expect(saidIn(flow)).toEqual(['4000012'])
  })

  test('nothing is confirmed that was not shown, or was shown in another flow', async () => {
    const { ann } = await signedUp(app, 'ajax')
    const [one, other] = [await ann.start('settings'), await ann.start('settings')]
    await ann.submit(other.flow, { method: 'lookup_secret', lookup_secret_regenerate: true })
    const answer = await ann.submit(one.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
    expect(saidIn(answer.flow)).toEqual(['4000001'])
  })

  test('codes that were shown are forgotten when something else is saved', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    const shown = await ann.submit((await ann.start('settings')).flow, {
      method: 'lookup_secret',
      lookup_secret_regenerate: true,
    })
    const saved = await ann.submit(shown.flow, { method: 'profile', traits: { email, newsletter: true } })
    const answer = await ann.submit(saved.flow, { method: 'lookup_secret', lookup_secret_confirm: true })
    expect(saidIn(answer.flow)).toEqual(['4000001'])
  })

  test.each([{ method: 'lookup_secret' }, { method: 'lookup_secret', lookup_secret_reveal: false }])(
    'a form that wishes for nothing: %j',
    async (fields) => {
      const { ann } = await signedUp(app, 'ajax')
      const { flow } = await ann.start('settings')
      expect(saidIn((await ann.submit(flow, fields)).flow)).toEqual(['4010004'])
    },
  )

  test('used up codes are still asked for: nobody gets in with one factor less', async () => {
    const { ann, email } = await signedUp(app, 'ajax')
    for (const code of await writeCodes(ann)) expect((await step(email, code)).status).toBe(200)
    const { ann: later } = await again(app, email, 'api')
    expect((await later.whoami()).status).toBe(403)
  })

  test('imported codes sign in', async () => {
    const email = `imported-${dialect}@example.test`
    const credentials = {
      password: { config: { password: 'a-horse-with-9-batteries' } },
      lookup_secret: {
        config: { codes: [{ code: 'old-code-1' }, { code: 'old-code-2', used_at: '2024-01-01T00:00:00Z' }] },
      },
    }
    const answer = await fetch(`${app.adminUrl}/admin/identities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema_id: 'default', traits: { email }, credentials }),
    })
    expect(answer.status).toBe(201)
    expect((await step(email, 'old-code-1')).status).toBe(200)
    expect(saidIn((await step(email, 'old-code-2')).flow)).toEqual(['4000012'])
  })
})
