import type { JsonObject } from '../../src/core/json.ts'
import { webHook } from '../app.ts'
import { CLIENT } from '../upstream.ts'

const ui = (name: string) => `http://ui.example.test/${name}`

/** Says of a claim only what the provider says, and believes what it says about an address. */
export const MAPPER = `base64://${Buffer.from(
  `local claims = { email_verified: false } + std.extVar('claims');
{ identity: {
  traits: { [if 'email' in claims then 'email']: claims.email, [if 'given_name' in claims then 'name']: { first: claims.given_name } },
  metadata_public: { upstream: claims.sub },
  metadata_admin: { raw: std.length(std.objectFields(claims.raw_claims)) > 0 },
  verified_addresses: if claims.email_verified then [{ via: 'email', value: claims.email }] else [],
} }`,
).toString('base64')}`

/** A provider as an operator writes it down. */
export const provider = (issuer: string, more: JsonObject = {}): JsonObject => ({
  id: 'up',
  provider: 'generic',
  label: 'Upstream',
  ...CLIENT,
  issuer_url: issuer,
  scope: ['email', 'profile'],
  mapper_url: MAPPER,
  ...more,
})

type Setting = {
  readonly providers: readonly JsonObject[]
  readonly hooks?: string
  readonly flows?: JsonObject
  readonly methods?: JsonObject
  readonly more?: JsonObject
}

/** Social sign-in with these providers; every trigger tells `hooks` about itself, if there is one. */
export function withProviders({ providers, hooks, flows = {}, methods = {}, more = {} }: Setting): JsonObject {
  const tell = (trigger: string) => (hooks === undefined ? [] : [webHook(`${hooks}${trigger}`)])
  const flow = (name: string, after: readonly JsonObject[] = []): JsonObject => ({
    ui_url: ui(name),
    before: { hooks: tell(`${name}.before`) },
    after: {
      hooks: tell(`${name}.after`),
      oidc: { hooks: [...tell(`${name}.after.oidc`), ...after] },
      password: { hooks: [...tell(`${name}.after.password`), ...after] },
    },
  })
  return {
    courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' } },
    selfservice: {
      methods: { oidc: { enabled: true, config: { providers } }, ...methods },
      flows: {
        login: flow('login'),
        registration: { ...flow('registration', [{ hook: 'session' }]), style: 'unified' },
        settings: flow('settings'),
        verification: { enabled: true, ui_url: ui('verification') },
        ...flows,
      },
    },
    ...more,
  }
}
