import type { JsonObject } from '../src/core/json.ts'
import { PERSON } from '../test/app.ts'
import type { Ports } from './server.ts'

const base64 = (value: unknown) =>
  `base64://${Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')}`

/** A template as people write them: a few members, a condition, a text put together. */
export const TEMPLATE = `function(ctx) {
  event: 'login',
  email: ctx.identity.traits.email,
  id: ctx.identity.id,
  [if 'name' in ctx.identity.traits then 'name']: ctx.identity.traits.name,
  link: 'https://crm.example.test/people/%s' % ctx.identity.id,
  flow: { id: ctx.flow.id, type: ctx.flow.type },
}`

export type Hooked = { readonly receiver: string; readonly ignores: boolean } | null

/** As the reference was measured: bcrypt cost 4, a session after sign-up; with one hook after the login, or none. */
export const identityConfig =
  (dsn: string, hooked: Hooked) =>
  ({ open, admin }: Ports): JsonObject => ({
    dsn,
    serve: {
      public: { host: '127.0.0.1', port: open, base_url: `http://127.0.0.1:${open}/` },
      admin: { host: '127.0.0.1', port: admin, base_url: `http://127.0.0.1:${admin}/` },
    },
    log: { level: 'warning' },
    identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: base64(PERSON) }] },
    secrets: { cookie: ['a-cookie-secret-for-measuring'], cipher: ['a-cipher-of-32-characters-bench!'] },
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
    selfservice: {
      default_browser_return_url: 'http://ui.example.test/',
      methods: { password: { enabled: true, config: { haveibeenpwned_enabled: false } } },
      flows: {
        registration: { style: 'unified', after: { password: { hooks: [{ hook: 'session' }] } } },
        ...(hooked === null ? {} : { login: { after: { password: { hooks: [webHook(hooked)] } } } }),
      },
    },
  })

const webHook = ({ receiver, ignores }: NonNullable<Hooked>) => ({
  hook: 'web_hook',
  config: { url: receiver, method: 'POST', body: base64(TEMPLATE), response: { ignore: ignores } },
})

/** Hydra's tree, with a hook for every token or none. */
export const oauth2Config =
  (dsn: string, tokenHook: string | null) =>
  ({ open, admin }: Ports): JsonObject => ({
    dsn,
    serve: { public: { host: '127.0.0.1', port: open }, admin: { host: '127.0.0.1', port: admin } },
    urls: {
      self: { issuer: `http://127.0.0.1:${open}/` },
      login: 'http://ui.example.test/login',
      consent: 'http://ui.example.test/consent',
    },
    log: { level: 'warn' },
    secrets: { system: ['a-system-secret-for-measuring'] },
    ...(tokenHook === null ? {} : { oauth2: { token_hook: { url: tokenHook } } }),
  })
