import fc from 'fast-check'
import { expect, test } from 'vitest'
import { load, loadText, minimalConfig, minimalText } from '../../test/minimal-config.ts'
import { ConfigError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { hooksPath, PLACES } from '../core/place.ts'
import { type Path, withValue } from './path.ts'
import { printConfig } from './print.ts'
import type { SchemaNode } from './schema/node.ts'
import { configSchema } from './schema/schema.ts'

/** Loads or refuses; anything else is a fault of ours. */
const outcomeOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'loaded',
    (error: unknown) => {
      if (error instanceof ConfigError && error.problems.length > 0) return 'refused'
      throw error
    },
  )

function* pathsOf(node: SchemaNode, path: Path = []): Generator<Path> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    yield [...path, key]
    yield* pathsOf(inner, [...path, key])
  }
}
const paths = [...pathsOf(configSchema)]

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    0,
    -1,
    1e308,
    '',
    'x',
    '1h',
    'env://X',
    'file://X',
    'http://x.test/',
    '__proto__',
    [],
    {},
    [null],
    [[]],
    { hook: 'web_hook' },
  ),
  fc.jsonValue({ maxDepth: 4 }).map((json): Json => JSON.parse(JSON.stringify(json))),
)
const entry: fc.Arbitrary<Json> = fc.record(
  {
    hook: fc.constantFrom<Json>('web_hook', 'session', 'b2b_sso', 'verification', 'toString', 3, null),
    config: fc.oneof(
      value,
      fc.record(
        {
          url: value,
          method: value,
          body: value,
          headers: value,
          auth: value,
          response: value,
          timeout: value,
          enabled: value,
          id: value,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: ['hook'] },
)
const change = fc.oneof(
  fc.tuple(fc.constantFrom(...paths), value),
  fc.tuple(fc.constantFrom(...PLACES).map(hooksPath), fc.array(entry, { maxLength: 3 })),
)
const applied = (changes: readonly (readonly [Path, Json])[]) =>
  changes.reduce<JsonObject>((tree, [path, json]) => withValue(tree, path, json), minimalConfig)
const RUNS = 150

test('whatever stands at whichever key, a configuration loads or says what is wrong', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('safe' as const, 'ory' as const),
      fc.boolean(),
      async (changes, profile, dev) => {
        await outcomeOf(load(applied(changes), { profile, dev }))
      },
    ),
    { numRuns: RUNS },
  )
})

test('any text at all loads or says what is wrong', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'a: &a',
      '*a',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '<<: *a',
      '"',
      '|',
      '>',
      '!!',
      '%YAML',
      '---',
      '\t',
      '? x',
      '#',
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      await outcomeOf(loadText(lines.join('\n')))
      await outcomeOf(loadText(minimalText + lines.join('\n')))
    }),
    { numRuns: RUNS },
  )
})

test('whatever the environment says, a configuration loads or says what is wrong', async () => {
  const names = paths.map((path) => path.join('_').toUpperCase().replaceAll('-', '_'))
  const variables = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(
      fc.string(),
      value.map((json) => JSON.stringify(json)),
    ),
    { maxKeys: 4 },
  )
  await fc.assert(
    fc.asyncProperty(variables, async (env) => {
      await outcomeOf(loadText(minimalText, { env }))
    }),
    { numRuns: RUNS },
  )
})

test('what loads prints without its secrets, and loads again', async () => {
  const secret = 'hush-hush-hush-hush-hush-hush-hu'
  const withSecrets = { ...minimalConfig, secrets: { cookie: [secret], default: [`${secret}sh`] } }
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 2 }), async (changes) => {
      const config = changes.reduce<JsonObject>(
        (tree, [path, json]) => (path[0] === 'secrets' ? tree : withValue(tree, path, json)),
        withSecrets,
      )
      if ((await outcomeOf(load(config, { profile: 'ory' }))) === 'refused') return
      const printed = printConfig((await load(config, { profile: 'ory' })).effective, 'yaml')
      expect(printed).not.toContain('hush')
      const again = await loadText(printed, { profile: 'ory', placeholders: 'accepted' })
      expect(printConfig(again.effective, 'yaml')).toBe(printed)
    }),
    { numRuns: RUNS },
  )
})
