import { describe, expect, test } from 'vitest'
import type { RecipeTrigger } from '../../src/actions/recipe/schema.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { connect, drive, HOSTILE } from './contract.ts'

const WHSEC = `whsec_${Buffer.from('k'.repeat(24)).toString('base64')}`
/** One connection of every recipe, its secrets recognisable wherever they turn up. */
const CONNECTIONS: readonly (readonly [string, { readonly [name: string]: string }, JsonObject])[] = [
  ['stripe', { api_key: 'sk_test_SECRET' }, {}],
  ['hubspot', { access_token: 'SECRET' }, { login_event: 'pe1_login' }],
  ['mailchimp', { api_key: 'SECRET-us21' }, { list_id: 'a1', consent: 'true', tags: ['t'] }],
  ['mandrill', { api_key: 'SECRET' }, { text: 'x' }],
  ['segment', { write_key: 'SECRET' }, { send_ip: true }],
  ['mixpanel', { project_token: 'SECRET' }, {}],
  ['google-analytics', { api_secret: 'SECRET' }, { measurement_id: 'G-1' }],
  ['zapier', { hook_url: 'https://hooks.example.test/SECRET/' }, {}],
  ['ifttt', { key: 'SECRET' }, { variant: 'json', fields: { email: 'ctx.identity.traits.email' } }],
  ['slack', { webhook_url: 'https://hooks.example.test/SECRET' }, {}],
  ['webhook', { signing_secret: WHSEC }, { url: 'https://example.test/hooks' }],
  ['cloudevents', { token: 'SECRET' }, { url: 'https://example.test/ce', data: { name: 'ctx.identity.traits.name' } }],
]

describe.each(CONNECTIONS)('hostile values through %s', (name, secrets, params) => {
  const connection = connect(name, { secrets, params })
  const calm = { email: 'old@example.test', name: { first: 'A', last: 'B' }, phone: '1' }

  test.each(HOSTILE.map((text) => [text.slice(0, 24), text] as const))('%j', (_shown, text) => {
    const traits = { email: text, name: { first: text, last: text }, phone: text }
    for (const trigger of connection.triggers) walk(trigger, traits)
  })

  function walk(trigger: RecipeTrigger, traits: JsonObject) {
    const event = { trigger, identity: { traits }, previous: { traits: calm } }
    const quiet = drive(connection, event, () => ({ status: 200, body: {} }))
    if (quiet.started.kind === 'failed') {
      // It may be too much for a vendor, but it is never wrong.
      expect(quiet.started.detail).toMatch(/too large|takes at most|a segment of the path/)
      return
    }
    expect(JSON.stringify([quiet.started, quiet.end])).not.toMatch(/SECRET/)
    for (const call of quiet.sent) {
      expect(new URL(call.origin).protocol).toBe('https:')
      expect(call.path).not.toMatch(/\/\.{1,2}(\/|$)/)
      for (const value of Object.values(call.headers)) expect(value).toMatch(/^[\t\x20-\x7e]*$/)
      const type = call.headers['content-type'] ?? ''
      if (type.includes('json')) expect(call.json).not.toBe(null)
      // What somebody calls themselves names no secret.
      if (!['mandrill', 'mixpanel'].includes(name)) expect(call.text ?? '').not.toContain('SECRET')
      const texts = [...leaves(call.json), ...call.pairs.map(([, value]) => value)]
      for (const leaf of texts) expect(leaf.isWellFormed()).toBe(true)
    }
  }
})

function* leaves(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* leaves(inner)
}
