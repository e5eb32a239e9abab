import type { JsonObject } from '../../src/core/json.ts'
import { httpClient } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { somebody, textIn } from '../somebody.ts'
import { admin, idOf, type Path, signedUp, type Walker } from './paths.ts'

/** The session somebody uses, by its id. */
const sessionOf = async (ann: Awaited<ReturnType<typeof signedUp>>) => textIn((await ann.whoami()).json, 'id')

/** The same person with another device. */
const elsewhere = async (walker: Walker) => {
  const there = somebody(walker.app, 'api')
  await there.signIn(walker.email)
  return there
}

const described = ({ email }: Walker): JsonObject => ({ schema_id: 'default', traits: { email } })

/** Ways on which no action of a flow runs, and something happens to a person or a session all the same. */
export const EVENT_PATHS: readonly Path[] = [
  {
    path: 'sign out',
    fires: [],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      if (walker.client === 'api') {
        await ann.http.send(`${walker.app.publicUrl}/self-service/logout/api`, {
          method: 'DELETE',
          body: { session_token: ann.token() },
        })
        return
      }
      const { json } = await ann.open(`${walker.app.publicUrl}/self-service/logout/browser`)
      await ann.open(textIn(json, 'logout_url'))
    },
  },
  {
    path: 'end all other sessions of oneself',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      await elsewhere(walker)
      await elsewhere(walker)
      walker.watch()
      await ann.http.send(`${walker.app.publicUrl}/sessions`, {
        method: 'DELETE',
        headers: { 'x-session-token': ann.token() },
      })
    },
  },
  {
    path: 'end one other session of oneself, twice',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      const other = await sessionOf(await elsewhere(walker))
      walker.watch()
      for (let i = 0; i < 2; i++) {
        await ann.http.send(`${walker.app.publicUrl}/sessions/${other}`, {
          method: 'DELETE',
          headers: { 'x-session-token': ann.token() },
        })
      }
    },
  },
  {
    path: 'sign in with revoke_active_sessions',
    fires: ['login.before', 'login.after.password'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      await walker.configure({ 'login.after.password': [{ hook: 'revoke_active_sessions' }] })
      walker.watch()
      await somebody(walker.app, ann.client).signIn(walker.email)
    },
  },
  {
    path: 'change the password with revoke_active_sessions',
    fires: ['settings.before', 'settings.after.password'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      await elsewhere(walker)
      await walker.configure({ 'settings.after.password': [{ hook: 'revoke_active_sessions' }] })
      walker.watch()
      const { flow } = await ann.start('settings')
      await ann.submit(flow, { method: 'password', password: `another-${PASSWORD}` })
    },
  },
  {
    path: 'save a profile as it is',
    fires: ['settings.before', 'settings.after.profile'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('settings')
      await ann.submit(flow, { method: 'profile', traits: { email: walker.email } })
    },
  },
  {
    path: 'an administrator ends a session',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      const id = await sessionOf(await signedUp(walker))
      walker.watch()
      await admin(walker, 'DELETE', `/sessions/${id}`)
    },
  },
  {
    path: 'an administrator ends all sessions of somebody',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      await signedUp(walker)
      await elsewhere(walker)
      const id = await idOf(walker)
      walker.watch()
      await admin(walker, 'DELETE', `/identities/${id}/sessions`)
    },
  },
  {
    path: 'an administrator ends many sessions at once, and deletes them',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      await signedUp(walker)
      await elsewhere(walker)
      const id = await idOf(walker)
      walker.watch()
      await admin(walker, 'POST', '/sessions', { action: 'disable', identities: [id] })
      await admin(walker, 'POST', '/sessions', { action: 'delete', identities: [id] })
    },
  },
  {
    path: 'an administrator deletes somebody who is signed in',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      await signedUp(walker)
      const id = await idOf(walker)
      walker.watch()
      await admin(walker, 'DELETE', `/identities/${id}`)
    },
  },
  {
    path: 'an administrator imports an identity with a verified address, among others',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      walker.watch()
      const { email } = walker
      const create = {
        ...described(walker),
        credentials: { password: { config: { password: PASSWORD } } },
        verifiable_addresses: [{ value: email, via: 'email', verified: true, status: 'completed' }],
      }
      const taken = { create: described(walker) }
      await admin(walker, 'PATCH', '/identities', { identities: [{ create }, taken] })
    },
  },
  {
    path: 'an administrator patches an identity, also with what it has already',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      const made = await admin(walker, 'POST', '/identities', described(walker))
      walker.watch()
      const patch = (op: JsonObject) =>
        httpClient({ keepsCookies: false }).send(`${walker.app.adminUrl}/admin/identities/${textIn(made.json, 'id')}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify([op]),
        })
      await patch({ op: 'replace', path: '/metadata_admin', value: { tier: 'gold' } })
      await patch({ op: 'replace', path: '/metadata_admin', value: { tier: 'gold' } })
    },
  },
  {
    path: 'an administrator takes a credential away, and is refused another',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      const totp = { config: { totp_url: 'otpauth://totp/x:ann?secret=JBSWY3DPEHPK3PXP&issuer=x' } }
      const made = await admin(walker, 'POST', '/identities', {
        ...described(walker),
        credentials: { password: { config: { password: PASSWORD } }, totp },
      })
      walker.watch()
      await admin(walker, 'DELETE', `/identities/${textIn(made.json, 'id')}/credentials/totp`)
      await admin(walker, 'DELETE', `/identities/${textIn(made.json, 'id')}/credentials/password`)
    },
  },
]
