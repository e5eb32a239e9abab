import { expect, test } from 'vitest'
import type { JsonObject } from '../core/json.ts'
import { readEnvironment } from './environment.ts'
import { configSchema } from './schema/schema.ts'

const over = (env: { [name: string]: string }, under: JsonObject = {}) => readEnvironment(configSchema, env).over(under)

test.each([
  ['a text', { DSN: 'memory' }, { dsn: 'memory' }],
  ['a number', { SERVE_PUBLIC_PORT: '1001' }, { serve: { public: { port: 1001 } } }],
  ['a boolean', { DEV: 'true' }, { dev: true }],
  ['a boolean as Go writes it', { DEV: '0' }, { dev: false }],
  [
    'a key with underscores',
    { SELFSERVICE_DEFAULT_BROWSER_RETURN_URL: 'https://a.test/' },
    { selfservice: { default_browser_return_url: 'https://a.test/' } },
  ],
  ['a key with dashes', { SQA_OPT_OUT: 'true' }, { 'sqa-opt-out': true }],
  [
    'a span of time',
    { SELFSERVICE_FLOWS_LOGIN_LIFESPAN: '5m' },
    { selfservice: { flows: { login: { lifespan: '5m' } } } },
  ],
  ['a list with commas', { SECRETS_COOKIE: 'one, two' }, { secrets: { cookie: ['one', 'two'] } }],
  ['a list as JSON', { SECRETS_COOKIE: '["one","two"]' }, { secrets: { cookie: ['one', 'two'] } }],
  ['an object as JSON', { SERVE_PUBLIC_CORS: '{"enabled":true}' }, { serve: { public: { cors: { enabled: true } } } }],
  ['a member of a list', { SECRETS_COOKIE_0: 'one' }, { secrets: { cookie: ['one'] } }],
  [
    'a member of a member',
    { SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_0_CLIENT_ID: 'x' },
    { selfservice: { methods: { oidc: { config: { providers: [{ client_id: 'x' }] } } } } },
  ],
  [
    'a key of an action',
    { SELFSERVICE_FLOWS_LOGIN_BEFORE_HOOKS_0_CONFIG_URL: 'https://b.test/' },
    { selfservice: { flows: { login: { before: { hooks: [{ config: { url: 'https://b.test/' } }] } } } } },
  ],
  [
    'a whole object, and one member over it',
    { SERVE_PUBLIC: '{"port":1,"host":"a.test"}', SERVE_PUBLIC_PORT: '2' },
    { serve: { public: { port: 2, host: 'a.test' } } },
  ],
  ['a text that is no number, as it is', { SERVE_PUBLIC_PORT: 'none' }, { serve: { public: { port: 'none' } } }],
  ['nothing of an empty variable', { DSN: '' }, {}],
  ['nothing of variables that mean something else', { PATH: '/bin', HOME: '/', VERSION: '3', CONFIG: 'x' }, {}],
])('reads %s', (_name, env, value) => {
  expect(over(env)).toEqual(value)
})

test('a variable changes one member of what a file lists', () => {
  const under = {
    selfservice: { methods: { oidc: { config: { providers: [{ id: 'a', client_id: '1' }, { id: 'b' }] } } } },
  }
  expect(over({ SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_1_CLIENT_SECRET: 's' }, under)).toEqual({
    selfservice: {
      methods: {
        oidc: {
          config: {
            providers: [
              { id: 'a', client_id: '1' },
              { id: 'b', client_secret: 's' },
            ],
          },
        },
      },
    },
  })
})

test('says which variable it was', () => {
  const source = readEnvironment(configSchema, { SERVE_PUBLIC: '{}', SERVE_PUBLIC_PORT: '1' })
  expect(source.locate(['serve', 'public', 'port'], 'value')).toEqual({
    file: 'environment variable SERVE_PUBLIC_PORT',
  })
  expect(source.locate(['serve', 'public', 'host'], 'value')).toEqual({ file: 'environment variable SERVE_PUBLIC' })
  expect(source.locate(['serve', 'admin'], 'value')).toBeNull()
})
