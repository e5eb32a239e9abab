import { describe, expect, test } from 'vitest'
import { compile, type Json, JsonnetError } from '../src/index.ts'

/** What Ory's templates see, in small (ory-actions.md §4.3). */
const ctx = {
  flow: { id: 'f1', type: 'api' },
  identity: {
    traits: { email: 'ann@example.test', age: 41 },
    verifiable_addresses: [{ value: 'ann@example.test', via: 'email' }],
  },
  request_cookies: {},
  request_headers: { 'User-Agent': ['example/1'] },
  request_method: 'GET',
  request_url: 'https://auth.example.test/self-service/registration/api',
  session: null,
}

const render = (template: string, given: Json = ctx): string =>
  compile(template, { filename: 'body' }).evaluate({ tla: { ctx: { value: given } } })

describe('templates as a server gets them', () => {
  const rows: readonly [template: string, body: Json][] = [
    ['function(ctx) ctx', ctx],
    ['function(ctx) { ran: true, type: ctx.flow.type }', { ran: true, type: 'api' }],
    [
      "function(ctx) { email: ctx.identity.traits.email, flow: ctx.flow.type, space: 'a b&c=d' }",
      { email: 'ann@example.test', flow: 'api', space: 'a b&c=d' },
    ],
    ['function(ctx) std.objectFields(ctx)', Object.keys(ctx)],
    ["function(ctx) std.objectHas(ctx, 'session') && ctx.session == null", true],
    ["function(ctx) std.format('%s/%d', [ctx.flow.type, 7])", 'api/7'],
    ["function(ctx) { [if 'age' in ctx.identity.traits then 'age']: ctx.identity.traits.age }", { age: 41 }],
    ["function(ctx) { [if 'name' in ctx.identity.traits then 'name']: ctx.identity.traits.name }", {}],
    ['function(ctx) [x * 2 for x in std.range(1, 3)]', [2, 4, 6]],
    ["function(ctx) if std.length(ctx.identity.verifiable_addresses) > 0 then 'known' else 'new'", 'known'],
    ["function(ctx) ctx.request_headers['User-Agent'][0]", 'example/1'],
    ["function(ctx) std.get(ctx.identity, 'metadata_public', {})", {}],
  ]
  test.each(rows)('%s', (template, body) => {
    expect(JSON.parse(render(template))).toEqual(body)
  })

  test('a body is printed as go-jsonnet prints: three spaces, sorted, one line break at the end', () => {
    expect(render('function(ctx) { b: [], a: { x: 0.1, e: {} } }')).toBe(
      '{\n   "a": {\n      "e": { },\n      "x": 0.10000000000000001\n   },\n   "b": [ ]\n}\n',
    )
  })

  test('data of the person stays data', () => {
    const mean = { traits: { name: `' + error "cancel" + '` } }
    expect(JSON.parse(render('function(ctx) ctx.traits.name', mean))).toBe(mean.traits.name)
  })

  const failures: readonly [template: string, message: string][] = [
    ["function(ctx) error 'cancel'", 'RUNTIME ERROR: cancel\n\tbody:1:15-29\tfunction <anonymous>\n'],
    ["function(ctx) if ctx.flow.type == 'api' then error 'cancel' else 1", 'RUNTIME ERROR: cancel\n'],
    ['function(ctx) ctx.does.not.exist', 'RUNTIME ERROR: Field does not exist: does\n\tbody:1:15-23\t\n'],
    ['function(ctx, more) 1', 'RUNTIME ERROR: Missing argument: more\n'],
    ['function(other) 1', 'RUNTIME ERROR: function has no parameter ctx\n'],
    ["std.extVar('claims')", 'RUNTIME ERROR: Undefined external variable: claims\n'],
    ["importstr '/etc/hostname'", 'RUNTIME ERROR: import not available /etc/hostname\n'],
  ]
  test.each(failures)('%s fails', (template, message) => {
    expect(() => render(template)).toThrow(JsonnetError)
    expect(() => render(template)).toThrow(message)
  })

  test('a claim mapper reads its external variable', () => {
    const mapper = `local claims = { email_verified: false } + std.extVar('claims');
      { identity: { traits: { [if 'email' in claims then 'email' else null]: claims.email } } }`
    const extVars = { claims: { value: { sub: 's', email: 'ann@example.test' } } }
    expect(compile(mapper).evaluateValue({ extVars })).toEqual({ identity: { traits: { email: 'ann@example.test' } } })
  })
})
