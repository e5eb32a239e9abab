import type { JsonObject } from '../src/core/json.ts'
import { PERSON } from '../test/app.ts'

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

const BODY = base64(
  'function(ctx) { identity: ctx.identity.id, email: ctx.identity.traits.email, trigger: ctx.trigger, flow: ctx.flow.id }',
)

/** What the actions of a sign-up are told, by the address: `history.ts` compares with it. */
export const plannedFor = (email: string): readonly string[] =>
  email.startsWith('welcome-') ? ['sync', 'profile', 'welcome'] : ['sync', 'profile']

/** Addresses that the gate refuses: nothing may be stored or told of them. */
export const isRefused = (email: string) => email.startsWith('refused-')

/** As many tries as in three days, within seconds: a run has to end. */
const IMPATIENT = { attempts: 1_000, min: '50ms', max: '1s' }

type Places = { readonly dsn: string; readonly open: number; readonly admin: number; readonly receiver: string }

/** Two queued actions for everybody, one that some wait for, and a gate that is asked about some. */
export const chaosConfig = ({ dsn, open, admin, receiver }: Places): JsonObject => ({
  dsn,
  profile: 'safe',
  serve: {
    public: { host: '127.0.0.1', port: open, base_url: `http://127.0.0.1:${open}/` },
    admin: { host: '127.0.0.1', port: admin, base_url: `http://127.0.0.1:${admin}/` },
  },
  log: { level: 'fatal' },
  identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: base64(JSON.stringify(PERSON)) }] },
  secrets: { cookie: ['a-cookie-secret-for-the-chaos'], cipher: ['a-cipher-of-32-characters-chaos!'] },
  actions: { deliveries: { retry: IMPATIENT, concurrency: 32 } },
  security: { rate_limits: { enabled: false } },
  // The registrations are to be many, not well hashed.
  hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
  selfservice: {
    default_browser_return_url: 'http://ui.example.test/',
    methods: { password: { enabled: true, config: { haveibeenpwned_enabled: false } } },
    flows: {
      registration: {
        style: 'unified',
        after: {
          password: {
            hooks: [
              hook('gate', receiver, {
                response: { parse: true },
                when: "std.startsWith(ctx.identity.traits.email, 'refused-')",
              }),
              hook('sync', receiver, { response: { ignore: true } }),
              hook('profile', receiver, { response: { ignore: true } }),
              hook('welcome', receiver, {
                attempts: 1,
                on_failure: 'queue',
                when: "std.startsWith(ctx.identity.traits.email, 'welcome-')",
              }),
              { hook: 'session' },
            ],
          },
        },
      },
    },
  },
})

const hook = (id: string, receiver: string, more: JsonObject): JsonObject => ({
  hook: 'web_hook',
  config: { id, url: `${receiver}/${id}`, method: 'POST', body: BODY, timeout: '500ms', ...more },
})
