import type { JsonObject } from '../../src/core/json.ts'
import { webHook } from '../app.ts'
import { toBase64 } from '../minimal-config.ts'

/** People who sign in with a code to one of two addresses, and may have a password. */
const SCHEMA: JsonObject = {
  $id: 'https://example.test/reachable.schema.json',
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          title: 'E-Mail',
          'ory.sh/kratos': {
            credentials: { password: { identifier: true }, code: { identifier: true, via: 'email' } },
            verification: { via: 'email' },
            recovery: { via: 'email' },
          },
        },
        second: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': {
            credentials: { code: { identifier: true, via: 'email' } },
            verification: { via: 'email' },
          },
        },
        name: { type: 'object', properties: { first: { type: 'string' } } },
      },
      required: ['email'],
      additionalProperties: false,
    },
  },
}

type Setting = {
  readonly code?: JsonObject
  readonly hooks?: string
  readonly flows?: JsonObject
  readonly methods?: JsonObject
  readonly more?: JsonObject
}

const ui = (name: string) => `http://ui.example.test/${name}`

/** Signing in and up by code; every trigger tells `hooks` about itself, if there is one. */
export function withCodes({
  code = { passwordless_enabled: true },
  hooks,
  flows = {},
  methods = {},
  more = {},
}: Setting = {}): JsonObject {
  const tell = (trigger: string) => (hooks === undefined ? [] : [webHook(`${hooks}${trigger}`)])
  return {
    courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' } },
    identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: toBase64(JSON.stringify(SCHEMA)) }] },
    selfservice: {
      methods: { code: { enabled: true, ...code }, ...methods },
      flows: {
        login: {
          ui_url: ui('login'),
          before: { hooks: tell('login.before') },
          after: { hooks: tell('login.after'), code: { hooks: tell('login.after.code') } },
        },
        registration: {
          ui_url: ui('registration'),
          style: 'unified',
          before: { hooks: tell('registration.before') },
          after: {
            password: { hooks: [{ hook: 'session' }] },
            code: { hooks: [...tell('registration.after.code'), { hook: 'session' }] },
          },
        },
        settings: { ui_url: ui('settings') },
        verification: { enabled: true, ui_url: ui('verification') },
        ...flows,
      },
    },
    ...more,
  }
}
