import type { JsonObject } from '../../src/core/json.ts'
import type { TestApp } from '../app.ts'
import { httpClient } from '../http-client.ts'
import { type Client, PASSWORD } from '../journeys.ts'
import { codeTo, linkTo } from '../mails.ts'
import { type Somebody, somebody, textIn } from '../somebody.ts'

/** What a walk has to hand. */
export type Walker = {
  readonly app: TestApp
  readonly client: Client
  /** An address nobody has yet. */
  readonly email: string
  /** Forgets what was called so far: what comes from here on is the path itself. */
  watch(): void
  /** Puts the configuration with a hook in every place in force, with others before it in some. */
  configure(changes: JsonObject, methods?: JsonObject): Promise<void>
}

/** A way through the server, and every trigger that has to fire on it, in this order. */
export type Path = {
  readonly path: string
  /** Where not all kinds of client can walk it. */
  readonly clients?: readonly Client[]
  readonly fires: readonly string[]
  readonly walk: (walker: Walker) => Promise<void>
}

const OTHER_PASSWORD = 'another-horse-with-9-batteries'
const MINUTES = 60_000
const WRONG = (code: string) => (code === '000000' ? '111111' : '000000')

export const signedUp = async ({ app, client, email }: Walker) => {
  const ann = somebody(app, client)
  await ann.signUp(email)
  return ann
}
/** Somebody else's client made the account, so this one is signed out. */
const known = async ({ app, client, email }: Walker) => {
  await somebody(app, 'api').signUp(email)
  return somebody(app, client)
}
export const idOf = async ({ app, email }: Walker) => {
  const { text } = await httpClient({ keepsCookies: false }).get(
    `${app.adminUrl}/admin/identities?credentials_identifier=${email}`,
  )
  return textIn(JSON.parse(text), '0.id')
}
export const admin = ({ app }: Pick<Walker, 'app'>, method: string, path: string, body?: JsonObject) =>
  httpClient({ keepsCookies: false }).send(`${app.adminUrl}/admin${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
  })

const recovering = async (walker: Walker, ann: Somebody, method: 'code' | 'link') => {
  const { flow } = await ann.start('recovery')
  return ann.submit(flow, { method, email: walker.email })
}
const verifying = async (walker: Walker, ann: Somebody, method: 'code' | 'link') => {
  const { flow } = await ann.start('verification')
  return ann.submit(flow, { method, email: walker.email })
}

export const PATHS: readonly Path[] = [
  {
    path: 'sign in with a password',
    fires: ['login.before', 'login.after.password'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      await ann.signIn(walker.email)
    },
  },
  {
    path: 'try to sign in with a wrong password',
    fires: ['login.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      await ann.signIn(walker.email, 'wrong')
    },
  },
  {
    path: 'confirm who one is (refresh) with a password',
    fires: ['login.before', 'login.after.password'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('login', '?refresh=true')
      await ann.submit(flow, { method: 'password', identifier: walker.email, password: PASSWORD })
    },
  },
  {
    path: 'submit a login that has expired',
    fires: ['login.before', 'login.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const { flow } = await ann.start('login')
      walker.app.turn(11 * MINUTES)
      await ann.submit(flow, { method: 'password', identifier: walker.email, password: PASSWORD })
    },
  },
  {
    path: 'sign in, refused because no address is verified, and verify one',
    fires: ['login.before', 'verification.after'],
    walk: async (walker) => {
      const ann = await known(walker)
      await walker.configure({ 'login.after.password': [{ hook: 'require_verified_address' }] })
      walker.watch()
      const refused = await ann.signIn(walker.email)
      const id =
        walker.client === 'form'
          ? textIn(refused.flow, 'id')
          : textIn(refused.json, 'error.details.continue_with.0.flow.id')
      const { flow } = await ann.see('verification', id)
      await ann.submit(flow, { method: 'code', code: await codeTo(walker.app, walker.email) })
    },
  },
  {
    path: 'sign up with a password, and verify the address with the code that is mailed',
    fires: ['registration.before', 'registration.after.password', 'verification.after'],
    walk: async (walker) => {
      walker.watch()
      const ann = await signedUp(walker)
      const link = await linkTo(walker.app, walker.email)
      const id = new URL(link).searchParams.get('flow') ?? ''
      const { flow } = await ann.see('verification', id)
      await ann.submit(flow, { method: 'code', code: await codeTo(walker.app, walker.email) })
    },
  },
  {
    path: 'sign up with an address somebody has',
    fires: ['registration.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      await ann.signUp(walker.email)
    },
  },
  {
    path: 'submit a registration that has expired',
    fires: ['registration.before', 'registration.before'],
    walk: async (walker) => {
      const ann = somebody(walker.app, walker.client)
      walker.watch()
      const { flow } = await ann.start('registration')
      walker.app.turn(11 * MINUTES)
      await ann.submit(flow, { method: 'password', password: PASSWORD, traits: { email: walker.email } })
    },
  },
  {
    path: 'change the profile',
    fires: ['settings.before', 'settings.after.profile'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('settings')
      await ann.submit(flow, { method: 'profile', traits: { email: walker.email, newsletter: true } })
    },
  },
  {
    path: 'change the address, and verify the new one',
    fires: ['settings.before', 'settings.after.profile', 'verification.after'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      const other = `other-${walker.email}`
      walker.watch()
      await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email: other } })
      const id = new URL(await linkTo(walker.app, other)).searchParams.get('flow') ?? ''
      const { flow } = await ann.see('verification', id)
      await ann.submit(flow, { method: 'code', code: await codeTo(walker.app, other) })
    },
  },
  {
    path: 'change the address with verify_new_address: the change waits for its code',
    // The gate of the verification is asked before anything is stored, the profile's hook told once it is.
    fires: ['settings.before', 'verification.after', 'settings.after.profile'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      const other = `other-${walker.email}`
      await walker.configure({ 'settings.after.profile': [{ hook: 'verify_new_address' }] })
      walker.watch()
      await ann.submit((await ann.start('settings')).flow, { method: 'profile', traits: { email: other } })
      const id = new URL(await linkTo(walker.app, other)).searchParams.get('flow') ?? ''
      const { flow } = await ann.see('verification', id)
      await ann.submit(flow, { method: 'code', code: await codeTo(walker.app, other) })
    },
  },
  {
    path: 'change the password',
    fires: ['settings.before', 'settings.after.password'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      await ann.submit((await ann.start('settings')).flow, { method: 'password', password: OTHER_PASSWORD })
    },
  },
  {
    path: 'change the password after having been asked who one is',
    clients: ['ajax', 'form'],
    fires: ['settings.before', 'login.before', 'login.after.password', 'settings.after.password'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.app.turn(16 * MINUTES)
      walker.watch()
      const { flow } = await ann.start('settings')
      const stale = await ann.submit(flow, { method: 'password', password: OTHER_PASSWORD })
      const login = await ann.open(stale.location)
      await ann.submit(login.flow, { method: 'password', identifier: walker.email, password: PASSWORD })
      await ann.open(textIn(flow, 'ui.action'))
    },
  },
  {
    path: 'submit settings that have expired',
    fires: ['settings.before', 'settings.before'],
    walk: async (walker) => {
      const ann = await signedUp(walker)
      walker.watch()
      const { flow } = await ann.start('settings')
      walker.app.turn(61 * MINUTES)
      await ann.submit(flow, { method: 'password', password: OTHER_PASSWORD })
    },
  },
  {
    path: 'recover by code: asked for, wrong once, right',
    fires: ['recovery.before', 'recovery.after', 'settings.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const sent = await recovering(walker, ann, 'code')
      const code = await codeTo(walker.app, walker.email)
      const wrong = await ann.submit(sent.flow, { method: 'code', code: WRONG(code) })
      await ann.submit(wrong.flow, { method: 'code', code })
    },
  },
  {
    path: 'recover by link',
    fires: ['recovery.before', 'recovery.after', 'settings.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      await recovering(walker, ann, 'link')
      await somebody(walker.app, 'form').open(await linkTo(walker.app, walker.email))
    },
  },
  {
    path: 'recover with skip_settings',
    fires: ['recovery.before', 'recovery.after'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const { flow } = await ann.start('recovery', '?skip_settings=true')
      const sent = await ann.submit(flow, { method: 'code', email: walker.email })
      await ann.submit(sent.flow, { method: 'code', code: await codeTo(walker.app, walker.email) })
    },
  },
  {
    path: 'ask for a recovery of an address nobody has',
    fires: ['recovery.before'],
    walk: async (walker) => {
      const ann = somebody(walker.app, walker.client)
      walker.watch()
      await recovering(walker, ann, 'code')
    },
  },
  {
    path: 'submit a recovery that has expired',
    fires: ['recovery.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const sent = await recovering(walker, ann, 'code')
      walker.app.turn(61 * MINUTES)
      await ann.submit(sent.flow, { method: 'code', code: '123456' })
    },
  },
  {
    path: 'recover with a code made by an administrator',
    clients: ['form'],
    fires: ['recovery.after', 'settings.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const { json } = await admin(walker, 'POST', '/recovery/code', { identity_id: await idOf(walker) })
      const id = new URL(textIn(json, 'recovery_link')).searchParams.get('flow') ?? ''
      const { flow } = await ann.see('recovery', id)
      await ann.submit(flow, { method: 'code', code: textIn(json, 'recovery_code') })
    },
  },
  {
    path: 'recover with a link made by an administrator',
    clients: ['form'],
    fires: ['recovery.after', 'settings.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const { json } = await admin(walker, 'POST', '/recovery/link', { identity_id: await idOf(walker) })
      await ann.open(textIn(json, 'recovery_link'))
    },
  },
  {
    path: 'verify an address by code: asked for, wrong once, right',
    fires: ['verification.before', 'verification.after'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const sent = await verifying(walker, ann, 'code')
      const code = await codeTo(walker.app, walker.email)
      const wrong = await ann.submit(sent.flow, { method: 'code', code: WRONG(code) })
      await ann.submit(wrong.flow, { method: 'code', code })
    },
  },
  {
    path: 'verify an address by link',
    fires: ['verification.before', 'verification.after'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      await verifying(walker, ann, 'link')
      await somebody(walker.app, 'form').open(await linkTo(walker.app, walker.email))
    },
  },
  {
    path: 'submit a verification that has expired',
    fires: ['verification.before'],
    walk: async (walker) => {
      const ann = await known(walker)
      walker.watch()
      const sent = await verifying(walker, ann, 'code')
      walker.app.turn(61 * MINUTES)
      await ann.submit(sent.flow, { method: 'code', code: '123456' })
    },
  },
  {
    path: 'an administrator creates, changes and deletes an identity',
    clients: ['api'],
    fires: [],
    walk: async (walker) => {
      walker.watch()
      const traits = { email: walker.email }
      const made = await admin(walker, 'POST', '/identities', { schema_id: 'default', traits })
      const path = `/identities/${textIn(made.json, 'id')}`
      await admin(walker, 'PUT', path, {
        schema_id: 'default',
        state: 'active',
        traits: { ...traits, newsletter: true },
      })
      await admin(walker, 'DELETE', path)
    },
  },
]
