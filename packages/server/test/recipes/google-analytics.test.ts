import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileRecipe } from '../../src/actions/recipe/compile-recipe.ts'
import { readConnection } from '../../src/actions/recipe/connection.ts'
import {
  ada,
  answered,
  connect,
  contract,
  firstCall,
  HOSTILE,
  listAt,
  objectAt,
  outcomeOf,
  recording,
  servedOf,
  start,
  textAt,
  type Wire,
} from './contract.ts'

const file = await contract('google-analytics')
const secrets = { api_secret: '{{secret:ga4_api_secret}}' }
const base = { measurement_id: 'G-XXXXXXX' }
const plain = { ...base, ads_consent: 'unsaid' }
const ga = connect('google-analytics', { secrets, params: base })

function expectRecorded(id: string, call: Wire) {
  const request = objectAt(recording(file, id), 'request')
  expect(`${call.method} ${call.path}`).toBe('POST /mp/collect')
  expect(call.query).toEqual(request.query)
  expect(call.json).toEqual(request.body)
}

describe('S3: Google Analytics', () => {
  test('a registration, a login and a custom event, as recorded', () => {
    const known = connect('google-analytics', { secrets, params: { ...plain, client_id: 'ctx.identity.id' } })
    expectRecorded('signUp', firstCall(known))
    expectRecorded('login', firstCall(known, { trigger: 'login' }))
    const custom = connect('google-analytics', {
      secrets,
      params: { ...plain, verification_event: 'Email verified!', event_params: { via: "'email'" } },
    })
    expectRecorded('customEvent', firstCall(custom, { trigger: 'verification' }))
  })

  test('with consent, properties and a session, as the contract would have it', () => {
    const connection = connect('google-analytics', {
      secrets,
      params: { ...base, session_id: "'1768471200'", user_properties: { signup_method: 'ctx.trigger.method' } },
    })
    expect(firstCall(connection).json).toEqual(objectAt(file, 'recipe_body').body)
  })

  test('without the browser’s id one is made of the identity’s, always the same', () => {
    const id = (trigger: 'registration' | 'login') =>
      textAt(firstCall(ga, { trigger, transient: {} }).json, 'client_id')
    expect(id('registration')).toMatch(/^[0-9a-f-]{36}$/)
    expect(id('login')).toBe(id('registration'))
    expect(id('login')).not.toBe(ada.id)
  })

  const email = 'Ada.Lovelace+test@Example.com'
  test.each([
    ['an address', 'ctx.identity.traits.email', 'what looks like an e-mail address'],
    ['a number', 'ctx.identity.traits.phone', 'what looks like a phone number'],
    ['a number without its sign', "std.strReplace(ctx.identity.traits.phone, '+', '')", 'number'],
    ['a name', 'ctx.identity.traits.name.first', 'name'],
    ['a name in capitals, in a sentence', "'Hello ' + std.asciiUpper(ctx.identity.traits.name.last) + '!'", 'name'],
    ['somebody else’s address', "'who@example.test'", 'what looks like an e-mail address'],
    ['a hash', `'${createHash('sha256').update(email.toLowerCase()).digest('hex')}'`, 'hash'],
    ['another hash', `std.md5('${email}')`, 'hash'],
  ])('%s is never sent', (_what, source, said) => {
    for (const params of [{ event_params: { x: source } }, { user_properties: { x: source } }, { client_id: source }]) {
      const started = start(connect('google-analytics', { secrets, params: { ...base, ...params } }))
      // A property is cut before it is looked at, and then it may be part of a hash.
      if (source.includes('std.md5') || /^'[0-9a-f]{64}'$/.test(source)) {
        if ('user_properties' in params) continue
      }
      expect(started).toMatchObject({ kind: 'failed', detail: expect.stringContaining(said) })
    }
  })

  test('what tells nobody who somebody is may be sent', () => {
    const event_params = { plan: "'pro'", at: "'2026-01-15T10:00:00+00:00'", count: '17', ok: 'true' }
    expect(start(connect('google-analytics', { secrets, params: { ...base, event_params } })).kind).toBe('call')
  })

  test('names and values are cut to what Google takes', () => {
    const long = 'a'.repeat(45)
    const connection = connect('google-analytics', {
      secrets,
      params: {
        ...base,
        verification_event: long,
        event_params: { [long]: `'${'v'.repeat(120)}'` },
        user_properties: { [long]: `'${'v'.repeat(50)}'` },
      },
    })
    const { json } = firstCall(connection, { trigger: 'verification' })
    const [event] = listAt(json, 'events')
    expect(event?.name).toBe('a'.repeat(40))
    expect(objectAt(event, 'params')['a'.repeat(40)]).toBe('v'.repeat(100))
    expect(objectAt(json, 'user_properties')).toEqual({ ['a'.repeat(24)]: { value: 'v'.repeat(36) } })
  })

  test.each([
    [{ verification_event: 'google_event' }, 'params.verification_event'],
    [{ measurement_id: 'UA-1' }, 'params.measurement_id'],
  ])('%j is refused when it is configured', (params, key) => {
    const { recipe } = ga
    const read = readConnection(recipe, {
      name: 'x',
      secrets,
      params: { ...base, ...params },
      on: null,
      baseUrl: null,
      when: null,
    })
    expect(read.kind === 'wrong' ? read.problems.map(({ path }) => path.join('.')) : []).toEqual([key])
  })

  test('a list or an object as a value is refused, and named', () => {
    const started = start(connect('google-analytics', { secrets, params: { ...base, event_params: { items: '[1]' } } }))
    expect(started).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('event_params.items gives a list or an object'),
    })
  })

  test('everything is fine with Google but a fault of its own', () => {
    const [collect, ...others] = listAt(file, 'responses')
    const started = start(ga)
    if (started.kind !== 'call' || collect === undefined) throw new Error('no call')
    expect(outcomeOf(answered(ga, started.chain, servedOf(collect)))).toBe('success')
    const server = others.find(({ id }) => id === 'server')
    expect(outcomeOf(answered(ga, started.chain, servedOf(server ?? {})))).toBe('retry')
    expect(ga.recipe.limits.attempts).toBe(5)
  })

  test('the EU has a host of its own; the secret is in no stored call', () => {
    const connection = connect('google-analytics', { secrets, params: { ...base, region: 'eu' } })
    expect(firstCall(connection).origin).toBe('https://region1.google-analytics.com')
    expect(JSON.stringify(start(connection))).not.toContain(secrets.api_secret)
  })

  test('whatever people call themselves, nothing of it is sent', () => {
    for (const text of HOSTILE) {
      const traits = { email: 'a@example.test', name: { first: text } }
      const started = start(ga, { identity: { traits } })
      expect(started.kind).toBe('call')
      if (started.kind === 'call') expect(started.call.body).not.toContain(text.slice(0, 8))
    }
  })

  test('a recipe whose second call nobody could look through is not written this way', () => {
    expect(compileRecipe(ga.recipe.file, 'n').kind).toBe('recipe')
    for (const { steps } of ga.recipe.triggers.values()) expect(steps).toHaveLength(1)
  })
})
