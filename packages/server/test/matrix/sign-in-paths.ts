import type { JsonObject } from '../../src/core/json.ts'
import { provider } from '../oidc/base.ts'
import { PASSWORD } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Somebody, somebody } from '../somebody.ts'
import type { Account, UpstreamServer } from '../upstream.ts'
import type { Path, Walker } from './paths.ts'

const BROWSERS = ['ajax', 'form'] as const

/** A provider, and codes that sign people in. */
export const withUpstream = (issuer: string): JsonObject => ({
  oidc: { enabled: true, config: { providers: [provider(issuer)] } },
})
const PASSWORDLESS: JsonObject = { code: { enabled: true, passwordless_enabled: true } }
const SECOND: JsonObject = { code: { enabled: true, mfa_enabled: true } }

const through = async (upstream: UpstreamServer, who: Somebody, name: 'login' | 'registration', query = '') => {
  const { flow } = await who.start(name, query)
  const sent = await who.submit(flow, { provider: 'up' })
  return who.open(await upstream.visit(sent.location))
}

const accountOf = ({ email }: Walker): Account => ({ sub: email, email, email_verified: true })

/** Ways through a provider. */
export const socialPaths = (upstream: UpstreamServer): readonly Path[] => [
  {
    path: 'sign up with a provider',
    clients: BROWSERS,
    fires: ['registration.before', 'registration.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      await through(upstream, somebody(walker.app, walker.client), 'registration')
    },
  },
  {
    path: 'sign in with a provider for the first time: it becomes a sign-up',
    clients: BROWSERS,
    fires: ['login.before', 'registration.before', 'registration.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      await through(upstream, somebody(walker.app, walker.client), 'login')
    },
  },
  {
    path: 'sign in with a provider for the first time, and give the trait it did not tell',
    clients: BROWSERS,
    fires: ['login.before', 'registration.before', 'registration.after.oidc'],
    walk: async (walker) => {
      upstream.is({ sub: walker.email })
      const ann = somebody(walker.app, walker.client)
      const asked = await through(upstream, ann, 'login')
      const sent = await ann.submit(asked.flow, { provider: 'up', traits: { email: walker.email } })
      await ann.open(await upstream.visit(sent.location))
    },
  },
  {
    path: 'sign in with a provider',
    clients: BROWSERS,
    fires: ['login.before', 'login.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      await through(upstream, somebody(walker.app, 'ajax'), 'registration')
      walker.watch()
      await through(upstream, somebody(walker.app, walker.client), 'login')
    },
  },
  {
    path: 'sign up with a provider although one has an account: it becomes a sign-in',
    clients: BROWSERS,
    fires: ['registration.before', 'login.before', 'login.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      await through(upstream, somebody(walker.app, 'ajax'), 'registration')
      walker.watch()
      await through(upstream, somebody(walker.app, walker.client), 'registration')
    },
  },
  {
    path: 'confirm who one is (refresh) with a provider',
    clients: BROWSERS,
    fires: ['login.before', 'login.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      const ann = somebody(walker.app, walker.client)
      await through(upstream, ann, 'registration')
      walker.watch()
      await through(upstream, ann, 'login', '?refresh=true')
    },
  },
  {
    path: 'sign in with a provider whose address is somebody’s already: they sign in with their password, and it is linked',
    clients: BROWSERS,
    fires: ['login.before', 'login.before', 'login.after.password'],
    walk: async (walker) => {
      await somebody(walker.app, 'api').signUp(walker.email)
      upstream.is(accountOf(walker))
      walker.watch()
      const ann = somebody(walker.app, walker.client)
      const conflict = await through(upstream, ann, 'login')
      await ann.submit(conflict.flow, { method: 'password', identifier: walker.email, password: PASSWORD })
    },
  },
  {
    path: 'the provider says no',
    clients: BROWSERS,
    fires: ['login.before'],
    walk: async (walker) => {
      upstream.is(null)
      await through(upstream, somebody(walker.app, walker.client), 'login')
    },
  },
  {
    path: 'sign in with a provider from a native app: its browser brings it the code for a session',
    clients: ['api'],
    fires: ['login.before', 'registration.before', 'registration.after.oidc'],
    walk: async (walker) => {
      upstream.is(accountOf(walker))
      const ann = somebody(walker.app, 'api')
      const { flow, json } = await ann.start('login', '?return_session_token_exchange_code=true')
      const sent = await ann.submit(flow, { method: 'oidc', provider: 'up' })
      const back = await ann.http.get(await upstream.visit(sent.location), { accept: 'text/html' })
      const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? ''
      const init = typeof json.session_token_exchange_code === 'string' ? json.session_token_exchange_code : ''
      const given = await ann.open(
        `${walker.app.publicUrl}/sessions/token-exchange?init_code=${init}&return_to_code=${code}`,
      )
      if (given.status !== 200) throw new Error(`no session: ${given.text}`)
    },
  },
  {
    path: 'link a provider, and unlink it',
    fires: ['settings.before', 'settings.after.oidc', 'settings.before', 'settings.after.oidc'],
    walk: async (walker) => {
      const ann = somebody(walker.app, walker.client)
      await ann.signUp(walker.email)
      upstream.is({ sub: `elsewhere of ${walker.email}` })
      walker.watch()
      const { flow } = await ann.start('settings')
      const sent = await ann.submit(flow, { link: 'up' })
      const back = await ann.open(await upstream.visit(sent.location))
      if (walker.client === 'api') {
        // The browser brings the app a code, and the app links with it.
        const code = new URL(back.location).searchParams.get('code') ?? ''
        await ann.submit(flow, { link: 'up', code })
      }
      await ann.submit((await ann.start('settings')).flow, { unlink: 'up' })
    },
  },
]

/** Ways by a code that is sent. */
export const CODE_PATHS: readonly Path[] = [
  {
    path: 'sign up with a code: wrong code, right code',
    fires: ['registration.before', 'registration.after.code'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await walker.configure({}, PASSWORDLESS)
      const ann = somebody(app, client)
      const traits = { email }
      const sent = await ann.submit((await ann.start('registration')).flow, { method: 'code', traits })
      const code = await codeTo(app, email)
      await ann.submit(sent.flow, { method: 'code', code: code === '000000' ? '000001' : '000000', traits })
      await ann.submit(sent.flow, { method: 'code', code, traits })
    },
  },
  {
    path: 'sign in with a code',
    fires: ['login.before', 'login.after.code'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await walker.configure({}, PASSWORDLESS)
      await somebody(app, 'api').signUp(email)
      walker.watch()
      const ann = somebody(app, client)
      const sent = await ann.submit((await ann.start('login')).flow, { method: 'code', identifier: email })
      await ann.submit(sent.flow, { method: 'code', identifier: email, code: await codeTo(app, email) })
    },
  },
  {
    path: 'confirm who one is (refresh) with a code',
    fires: ['login.before', 'login.after.code'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await walker.configure({}, PASSWORDLESS)
      const ann = somebody(app, client)
      await ann.signUp(email)
      walker.watch()
      const { flow } = await ann.start('login', '?refresh=true')
      const sent = await ann.submit(flow, { method: 'code', identifier: email })
      await ann.submit(sent.flow, { method: 'code', identifier: email, code: await codeTo(app, email) })
    },
  },
  {
    path: 'sign in with a password and a code that is sent at once (step-up)',
    fires: ['login.before', 'login.after.code'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await walker.configure({}, SECOND)
      await somebody(app, 'api').signUp(email)
      const ann = somebody(app, client)
      await ann.signIn(email)
      walker.watch()
      const { flow } = await ann.start('login', '?aal=aal2')
      await ann.submit(flow, { method: 'code', code: await codeTo(app, email) })
    },
  },
  {
    path: 'say who one is first, then the password',
    fires: ['login.before', 'login.after.password'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await somebody(app, 'api').signUp(email)
      await walker.configure({ 'login.style': 'identifier_first' })
      walker.watch()
      const ann = somebody(app, client)
      const first = await ann.submit((await ann.start('login')).flow, { method: 'identifier_first', identifier: email })
      await ann.submit(first.flow, { method: 'password', identifier: email, password: PASSWORD })
    },
  },
  {
    path: 'sign up in two steps',
    fires: ['registration.before', 'registration.after.password'],
    walk: async (walker) => {
      const { app, client, email } = walker
      await walker.configure({ 'registration.style': 'profile_first' })
      const ann = somebody(app, client)
      const second = await ann.submit((await ann.start('registration')).flow, { method: 'profile', traits: { email } })
      await ann.submit(second.flow, { method: 'password', password: PASSWORD, traits: { email } })
    },
  },
]
