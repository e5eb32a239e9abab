import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { minimalConfig } from '../../test/minimal-config.ts'
import { actionKinds } from '../actions/registry.ts'
import type { Json } from '../core/json.ts'
import { PLACES } from '../core/place.ts'
import { describeConfiguration, editorSchema } from './describe.ts'
import { type Path, printPath, withValue } from './path.ts'
import type { SchemaNode } from './schema/node.ts'
import { configSchema } from './schema/schema.ts'

function* nodes(node: SchemaNode, path: Path = []): Generator<readonly [string, SchemaNode]> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    yield [printPath([...path, key]), inner]
    yield* nodes(inner, [...path, key])
  }
  if (node.items !== undefined) yield* nodes(node.items, [...path, 0])
}

test('every key says what it is for', () => {
  const silent = [...nodes(configSchema)].filter(([, { description = '' }]) => description === '')
  expect(silent.map(([path]) => path)).toEqual([])
})

test('the reference has every key, every preset and every place', () => {
  const text = describeConfiguration()
  for (const key of [
    'dsn',
    'serve.admin.auth.bearer_tokens',
    'selfservice.methods.oidc.config.providers[].client_secret',
    'selfservice.flows.login.after.METHOD.merge',
    'session.whoami.tokenizer.templates.NAME.jwks_url',
  ]) {
    expect(text).toContain(`- \`${key}\`: `)
  }
  for (const place of PLACES) expect(text).toContain(`| \`${place}\` | `)
  for (const kind of Object.keys(actionKinds)) expect(text).toContain(`### ${kind}\n`)
  expect(text).toContain('| `actions.timeout` | `"3s"` | `"3s"` | `"30s"` | a slow receiver')
})

const ajv = new Ajv({ strict: false, validateFormats: false })
const validate = ajv.compile(JSON.parse(editorSchema()))
const hooks = (place: string, ...entries: Json[]) =>
  withValue(minimalConfig, ['selfservice', 'flows', ...place.split('.'), 'hooks'], entries)
const call = { hook: 'web_hook', config: { url: 'https://b.test/', method: 'POST' } }

test.each([
  ['the least', minimalConfig],
  ['an action in its place', hooks('registration.after.password', call, { hook: 'session' })],
  ['cookies for templates, by name or all', { ...minimalConfig, clients: { web_hook: { cookie_allowlist: 'all' } } }],
])('an editor takes %s', (_name, config) => {
  expect([validate(config), validate.errors]).toEqual([true, null])
})

test.each([
  ['an action out of its place', hooks('login.after', { hook: 'session' })],
  ['a misspelt key of an action', hooks('login.before', { ...call, config: { ...call.config, timout: '3s' } })],
  ['an unknown key', { ...minimalConfig, server: {} }],
  ['an unknown key where Ory lets anything stand', { ...minimalConfig, courier: { worker: { pull_cuont: 1 } } }],
  ['a wrong value', { ...minimalConfig, log: { level: 'loud' } }],
  ['a configuration without schemas', { ...minimalConfig, identity: {} }],
])('an editor points at %s', (_name, config) => {
  expect(validate(config)).toBe(false)
})
