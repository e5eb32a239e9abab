import { expect, test } from 'vitest'
import { actionWorld } from '../../test/action-world.ts'
import { errorOf, loadText, minimalText, toBase64 } from '../../test/minimal-config.ts'
import type { Loaded } from './load.ts'
import { makePlan } from './plan.ts'
import { printConfig } from './print.ts'

const body = toBase64('function(ctx) ctx')
const text = `${minimalText.replace('memory', 'postgres://cardea:hush-1@db.test/cardea?max_conns=5').replace('secrets:', 'secrets:\n  cipher: [hush-2-hush-2-hush-2-hush-2-hush]\n  pagination: ["env://PAGES"]')}  flows:
    login:
      before:
        hooks:
          - hook: web_hook
            config:
              url: https://user:hush-3@crm.example.test/hook
              method: POST
              body: ${body}
              headers: {Authorization: Bearer hush-4, Content-Type: application/json}
              auth: {type: basic_auth, config: {user: u, password: hush-5}}
      after:
        hooks:
          - {hook: web_hook, config: {id: all, url: "https://b.test/", method: PUT, body: "${body}", response: {parse: true}}}
        password:
          merge: append
          hooks:
            - {hook: web_hook, config: {url: "https://c.test/", method: PUT, body: "${body}", enabled: false}}
            - {hook: web_hook, config: {url: "https://d.test/", method: PUT, body: "${body}", auth: {type: api_key, config: {name: X-Key, value: hush-6, in: cookie}}}}
    registration:
      after:
        password: {hooks: [{hook: session}]}
  methods:
    oidc:
      config:
        providers: [{id: p, provider: generic, client_id: c, client_secret: hush-7, mapper_url: "${body}"}]
courier:
  smtp: {connection_uri: "smtp://mailer:hush-8@mail.test:25/"}
serve:
  admin: {auth: {bearer_tokens: [hush-9-hush-9-hush-9-hush-9-hush-9]}}
`
const env = { PAGES: 'hush-0-hush-0-hush-0-hush-0-hush' }

async function planOf({ settings }: Loaded) {
  const world = actionWorld()
  const { plan } = makePlan(settings, { ...world, settings })
  await world.close()
  return JSON.stringify(plan, (key, value) => (key === 'action' ? Object.keys(value) : value))
}

test.each(['yaml', 'json'] as const)(
  'S42: the effective configuration as %s has no secret in it and loads again to the same plan',
  async (format) => {
    for (const profile of ['safe', 'ory'] as const) {
      const loaded = await loadText(text, { env, profile })
      const printed = printConfig(loaded.effective, format)
      expect(printed).not.toContain('hush')
      expect(printed).toContain('env://PAGES')
      expect(printed).toContain('application/json')

      const again = await loadText(printed, {
        env,
        profile: profile === 'safe' ? 'ory' : 'safe',
        placeholders: 'accepted',
      })
      expect(await planOf(again)).toBe(await planOf(loaded))
      expect(again.settings.hooks.map(({ where }) => where)).toEqual(loaded.settings.hooks.map(({ where }) => where))
      expect(printConfig(again.effective, format)).toBe(printed)
    }
  },
)

test('a server does not run on the placeholders of a print-out', async () => {
  const { effective } = await loadText(text, { env })
  const error = await errorOf(printConfig(effective, 'yaml'), { env })
  expect(error).toContain(
    'secrets.cookie[0]\n  got   a placeholder of a printed configuration\n  need  the secret itself, or a reference to it',
  )
  expect(error).toContain('dsn\n  got   a placeholder')
})

test('what was set from outside and what is preset is in the print-out', async () => {
  const { effective } = await loadText(minimalText, { env: { SERVE_PUBLIC_PORT: '8123' } })
  const printed = printConfig(effective, 'yaml')
  expect(printed).toContain('port: 8123')
  expect(printed).toContain('profile: safe')
  expect(printed).toContain('ask_timeout: 10s')
})
