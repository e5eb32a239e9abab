import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { CLIENTS } from '../journeys.ts'
import { mailsTo } from '../mails.ts'
import { listIn, saidIn, somebody, textIn } from '../somebody.ts'
import { CLIENT } from '../upstream.ts'
import { MAPPER, provider } from './base.ts'
import { goThrough, type Stage, stage } from './walk.ts'

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
const REASON = 'Unable to complete OpenID Connect flow because'

describe.each(DIALECTS)('attacks on social sign-in, on %s', (dialect) => {
  let here: Stage
  let count = 0
  const others = (): readonly JsonObject[] => [
    // A second provider at the same place, under another name.
    { ...provider('http://127.0.0.1:1'), id: 'other', provider: 'gitlab', mapper_url: MAPPER, ...CLIENT },
  ]
  beforeAll(async () => {
    here = await stage({ dialect, others: others() })
  })
  afterAll(() => here.close())
  beforeEach(() => here.hooks.reset())

  const account = (more: JsonObject = {}) => ({
    sub: `eve-${++count}`,
    email: `eve-${count}@example.test`,
    email_verified: true,
    ...more,
  })
  /** Somebody on their way: the answer of the provider that their browser is about to bring. */
  const onTheWay = async (name: 'login' | 'registration' = 'login') => {
    const who = somebody(here.app, 'ajax')
    const { flow } = await who.start(name)
    const sent = await who.submit(flow, { provider: 'up' })
    return { who, flow, answer: new URL(await here.upstream.visit(sent.location)) }
  }
  const refused = (told: { readonly status: number; readonly json: JsonObject }, because: string) => {
    expect(told.status).toBe(400)
    expect(textIn(told.json, 'error.reason')).toBe(`${REASON} ${because}`)
  }

  test('the state of another browser is of no use', async () => {
    here.upstream.is(account())
    const { answer } = await onTheWay()
    const victim = somebody(here.app, 'ajax')
    refused(await victim.open(answer.href), 'it was started in another browser. Please try again.')
    // Not even in a browser that is on a way of its own.
    const other = await onTheWay()
    refused(await other.who.open(answer.href), 'it was started in another browser. Please try again.')
    expect((await victim.whoami()).status).toBe(401)
    expect((await other.who.whoami()).status).toBe(401)
  })

  test('a code that is injected into a callback is not redeemed: it was issued for another departure', async () => {
    here.upstream.is(account())
    const eve = await onTheWay()
    here.upstream.is(account())
    const ann = await onTheWay()
    ann.answer.searchParams.set('code', eve.answer.searchParams.get('code') ?? '')
    const told = await ann.who.open(ann.answer.href)
    expect(told.status).toBe(400)
    expect(saidIn(told.flow)).toEqual(['4000001'])
    expect((await ann.who.whoami()).status).toBe(401)
  })

  test.each([
    ['tampered with', (state: string) => `${state.slice(0, -4)}AAAA`],
    ['made up', () => 'nonsense'],
    ['missing', () => null],
  ] as const)('a state that is %s is refused, as JSON and on the error page', async (_, change) => {
    here.upstream.is(account())
    const { who, answer } = await onTheWay()
    const state = change(answer.searchParams.get('state') ?? '')
    if (state === null) answer.searchParams.delete('state')
    else answer.searchParams.set('state', state)
    refused(await who.open(answer.href), 'the OAuth2 state parameter is invalid.')
    const page = await httpClient({ keepsCookies: true }).get(answer.href, { accept: 'text/html' })
    expect(page.status).toBe(303)
    expect(page.headers.get('location')).toMatch(/^http:\/\/ui\.example\.test\/error\?id=/)
  })

  test('a callback whose flow is not there, or no longer, is refused', async () => {
    here.upstream.is(account())
    const { answer } = await onTheWay()
    // Another house with the same secrets, which never had this flow.
    const elsewhere = await stage({ dialect })
    try {
      const target = new URL(answer.pathname + answer.search, elsewhere.app.publicUrl)
      refused(await somebody(elsewhere.app, 'ajax').open(target.href), 'the OAuth2 state parameter is invalid.')
    } finally {
      await elsewhere.close()
    }
  })

  test('an answer of one provider at the door of another is refused', async () => {
    here.upstream.is(account())
    const { who, answer } = await onTheWay()
    const elsewhere = answer.href.replace('/callback/up?', '/callback/other?')
    refused(await who.open(elsewhere), 'the answer came from another provider.')
  })

  test('an answer that names another issuer is refused (RFC 9207)', async () => {
    here.upstream.is(account())
    const { who, answer } = await onTheWay()
    answer.searchParams.set('iss', 'https://evil.example.test')
    expect(saidIn((await who.open(answer.href)).flow)).toEqual(['4000001'])
    expect((await who.whoami()).status).toBe(401)
  })

  test('a callback is good once', async () => {
    here.upstream.is(account())
    const { who, answer } = await onTheWay()
    expect((await who.open(answer.href)).status).toBe(200)
    const session = at((await who.whoami()).json, 'id')
    await who.open(answer.href)
    expect(at((await who.whoami()).json, 'id')).toBe(session)
    who.http.cookies.delete('ory_kratos_session')
    const replayed = await who.open(answer.href)
    expect(replayed.status).toBe(400)
    expect((await who.whoami()).status).toBe(401)
  })

  test('a callback that comes too late starts anew', async () => {
    here.upstream.is(account())
    const { who, answer } = await onTheWay()
    here.app.turn(31 * 60_000)
    refused(await who.open(answer.href), 'it took too long or was already completed. Please try again.')
  })

  test('two tabs at once: each comes back to its own flow', async () => {
    here.upstream.is(account())
    const ann = somebody(here.app, 'ajax')
    const first = await ann.start('login')
    const second = await ann.start('registration')
    const sentFirst = await ann.submit(first.flow, { provider: 'up' })
    const sentSecond = await ann.submit(second.flow, { provider: 'up' })
    // The same flow in two tabs as well.
    const sentAgain = await ann.submit(first.flow, { provider: 'up' })
    expect((await ann.open(await here.upstream.visit(sentFirst.location))).status).toBe(200)
    const late = await ann.open(await here.upstream.visit(sentSecond.location))
    expect(late.status).toBe(400)
    expect(textIn(late.json, 'error.id')).toBe('session_already_available')
    expect((await ann.open(await here.upstream.visit(sentAgain.location))).status).toBe(400)
    expect((await ann.whoami()).status).toBe(200)
  })

  test('two tabs that sign the same stranger up at the same moment make one person', async () => {
    here.upstream.is(account())
    const tabs = await Promise.all([1, 2, 3, 4].map(() => onTheWay('registration')))
    const answers = await Promise.all(tabs.map(({ who, answer }) => who.open(answer.href)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const people = await Promise.all(tabs.map(async ({ who }) => at((await who.whoami()).json, 'identity.id')))
    expect(new Set(people).size).toBe(1)
  })

  test('a session that was there before is not the one that is signed in', async () => {
    // The attacker's own session cookie, planted in a victim's browser, never becomes the victim's session.
    here.upstream.is(account())
    const eve = await onTheWay()
    await eve.who.open(eve.answer.href)
    const planted = eve.who.http.cookies.get('ory_kratos_session') ?? ''
    here.upstream.is(account())
    const ann = await onTheWay()
    ann.who.http.cookies.set('ory_kratos_session', planted)
    const told = await ann.who.open(ann.answer.href)
    // She is signed in already, and as whom she sees; nothing is added to that session.
    expect(told.status).toBe(400)
    expect(listIn((await eve.who.whoami()).json, 'authentication_methods')).toHaveLength(1)
    const clean = somebody(here.app, 'ajax')
    await goThrough(here, clean, (await clean.start('login')).flow)
    expect(clean.http.cookies.get('ory_kratos_session')).not.toBe(planted)
  })

  test('a provider that lies about an address gets into nobody’s account', async () => {
    const victim = `victim-${++count}@example.test`
    await somebody(here.app, 'ajax').signUp(victim)
    here.upstream.is({ sub: `liar-${count}`, email: victim, email_verified: true })
    for (const name of ['login', 'registration'] as const) {
      const eve = somebody(here.app, 'ajax')
      const told = await goThrough(here, eve, (await eve.start(name)).flow)
      expect(saidIn(told.flow)).toEqual(['1010016'])
      expect((await eve.whoami()).status).toBe(401)
    }
  })

  test('an address the provider has not verified is written to, and counts as unverified', async () => {
    const eve = account({ email_verified: false })
    here.upstream.is(eve)
    const who = somebody(here.app, 'ajax')
    await goThrough(here, who, (await who.start('registration')).flow)
    expect(at((await who.whoami()).json, 'identity.verifiable_addresses.0.verified')).toBe(false)
    expect(await mailsTo(here.app, eve.email)).toHaveLength(1)
  })
})

describe.each(DIALECTS)('mappers and providers that fail, on %s', (dialect) => {
  const withMapper = (text: string) => stage({ dialect, provider: { mapper_url: base64(text) } })
  test.each([
    ['fails', "error 'no'"],
    ['reads a claim that is not there', "{ identity: { traits: { email: std.extVar('claims').nothing } } }"],
    ['returns no identity', '{ traits: {} }'],
    ['returns no traits', '{ identity: {} }'],
    ['returns no object', '[]'],
    ['never ends', 'local f(x) = f(x + 1); f(0)'],
    [
      'returns odd addresses',
      "{ identity: { traits: { email: 'a@example.test' }, verified_addresses: [{ via: 'pigeon', value: 1 }] } }",
    ],
  ])('a mapper that %s: the person is told neutrally, the log has the rest', async (_, text) => {
    const here = await withMapper(text)
    try {
      here.upstream.is({ sub: 'olga' })
      for (const name of ['login', 'registration'] as const) {
        const ann = somebody(here.app, 'form')
        const told = await goThrough(here, ann, (await ann.start(name)).flow)
        expect(saidIn(told.flow)).toEqual(['4000001'])
        expect(textIn(listIn(told.flow, 'ui.messages')[0], 'text')).toBe(
          `${REASON} your profile at the provider could not be read. Please contact the administrator.`,
        )
        expect((await ann.whoami()).status).toBe(401)
      }
      const logged = here.app.logged.filter(({ event }) => event === 'provider_failed')
      expect(logged).toHaveLength(2)
      expect(logged[0]?.fields).toMatchObject({ provider: 'up', detail: expect.stringContaining('the mapper') })
    } finally {
      await here.close()
    }
  })

  test('a provider that is away: the form says so to every client, and works again once it is back', async () => {
    const here = await stage({ dialect })
    try {
      await here.upstream.close()
      for (const client of CLIENTS) {
        for (const name of ['login', 'registration', 'settings'] as const) {
          const ann = somebody(here.app, client)
          if (name === 'settings') await ann.signUp(`away-${client}-${dialect}@example.test`)
          const { flow } = await ann.start(name)
          const told = await ann.submit(flow, name === 'settings' ? { link: 'up' } : { provider: 'up' })
          expect(told.status).toBe(client === 'form' ? (name === 'registration' ? 302 : 303) : 400)
          expect(textIn(listIn(told.flow, 'ui.messages')[0], 'text')).toBe(
            `${REASON} the provider can not be reached at the moment. Please try again later.`,
          )
        }
      }
    } finally {
      await here.hooks.close()
      await here.app.close()
    }
  })

  test('without PKCE a nonce binds the token to its sign-in', async () => {
    const here = await stage({ dialect, provider: { pkce: 'never' } })
    try {
      here.upstream.is({ sub: 'olga', email: 'olga@example.test' })
      const ann = somebody(here.app, 'ajax')
      const sent = await ann.submit((await ann.start('login')).flow, { provider: 'up' })
      const asked = new URL(sent.location).searchParams
      expect(asked.has('code_challenge')).toBe(false)
      expect(asked.get('nonce')?.length).toBeGreaterThan(20)
      const eve = somebody(here.app, 'ajax')
      const evil = await eve.submit((await eve.start('login')).flow, { provider: 'up' })
      const stolen = new URL(await here.upstream.visit(evil.location)).searchParams.get('code') ?? ''
      const answer = new URL(await here.upstream.visit(sent.location))
      const own = answer.searchParams.get('code') ?? ''
      answer.searchParams.set('code', stolen)
      expect(saidIn((await ann.open(answer.href)).flow)).toEqual(['4000001'])
      answer.searchParams.set('code', own)
      expect((await ann.open(answer.href)).status).toBe(200)
    } finally {
      await here.close()
    }
  })

  test('forced PKCE has a redirect URI without a name', async () => {
    const here = await stage({ dialect, provider: { pkce: 'force' } })
    try {
      here.upstream.is({ sub: 'olga', email: 'olga@example.test' })
      const ann = somebody(here.app, 'ajax')
      const sent = await ann.submit((await ann.start('login')).flow, { provider: 'up' })
      expect(new URL(sent.location).searchParams.get('redirect_uri')).toBe(
        `${here.app.publicUrl}/self-service/methods/oidc/callback`,
      )
      expect((await ann.open(await here.upstream.visit(sent.location))).status).toBe(200)
    } finally {
      await here.close()
    }
  })
})
