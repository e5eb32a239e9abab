import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { METHODS_WITH_HOOKS, type Place, PLACES } from '../../src/core/place.ts'
import { FLOWS } from '../../src/core/trigger.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { CLIENTS } from '../journeys.ts'
import { freePort } from '../free-port.ts'
import { fiveFlows } from '../flows/base.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { laterUpstream, startUpstream } from '../upstream.ts'
import { FACTOR_PATHS, withFactors } from './factor-paths.ts'
import { PATHS } from './paths.ts'
import { CODE_PATHS, socialPaths, withUpstream } from './sign-in-paths.ts'

/** Whoever signs up is signed in. */
const SIGN_UPS = new Set<Place>([
  'registration.after.password',
  'registration.after.passkey',
  'registration.after.webauthn',
  'registration.after.oidc',
  'registration.after.code',
])

/** What came of a walk: the places whose hooks were called, and what their `ctx` held. */
type Walked = { readonly path: string; readonly clients: Set<string>; fired: readonly string[] }

const walked = new Map<string, Walked>()
const held = new Map<string, Set<string>>()

describe.each(DIALECTS)('S27: every trigger on every path that reaches it, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0
  // The paths are listed before the provider is there.
  const upstream = laterUpstream()
  const issuer = { url: '' }

  /** A hook of its own in every place; plain ones, so that the server itself decides when they are called. */
  const hooksAt = (place: Place, changes: JsonObject): readonly JsonObject[] => [
    ...listAt(changes, place),
    webHook(receiver.url(`/${place}`)),
    ...(SIGN_UPS.has(place) ? [{ hook: 'session' }] : []),
  ]
  const everywhere = (changes: JsonObject = {}, methods: JsonObject = {}) =>
    fiveFlows(
      Object.fromEntries(
        FLOWS.map((flow): [string, JsonObject] => {
          const methods = METHODS_WITH_HOOKS[flow].map((method): [string, JsonObject] => [
            method,
            { hooks: hooksAt(`${flow}.after.${method}`, changes) },
          ])
          const after = { hooks: hooksAt(`${flow}.after`, changes), ...Object.fromEntries(methods) }
          const style = changes[`${flow}.style`]
          const styled = style === undefined ? {} : { style }
          return [flow, { ...styled, before: { hooks: hooksAt(`${flow}.before`, changes) }, after }]
        }),
      ),
      { ...withFactors.methods, ...withUpstream(issuer.url), ...methods },
      { identity: withFactors.identity },
    )

  beforeAll(async () => {
    receiver = await startReceiver()
    const port = await freePort()
    issuer.url = `http://127.0.0.1:${port}`
    app = await startTestApp({ dialect, config: everywhere() })
    const redirectUris = [`${app.publicUrl}/self-service/methods/oidc/callback/up`]
    upstream.start(await startUpstream({ port, redirectUris }))
  })
  afterAll(async () => {
    await app.close()
    await upstream.close()
    await receiver.close()
  })

  const cases = [...PATHS, ...FACTOR_PATHS, ...socialPaths(upstream), ...CODE_PATHS].flatMap((path) =>
    (path.clients ?? CLIENTS).map((client) => ({ ...path, client })),
  )
  test.each(cases)('$client: $path', async ({ path, client, fires, walk }) => {
    await app.reload(everywhere())
    receiver.reset()
    await walk({
      app,
      client,
      email: `ann-${++count}@example.test`,
      watch: () => receiver.reset(),
      configure: (changes, methods) => app.reload(everywhere(changes, methods)),
    })
    const fired = receiver.calls.map(({ path: url }) => url.slice(1))
    expect(fired).toEqual(fires)

    // Each of them says which moment it stands for.
    for (const { path: url, body } of receiver.calls) {
      const ctx: JsonObject = JSON.parse(body)
      const [flow = '', phase = '', method] = url.slice(1).split('.')
      expect(ctx.trigger).toMatchObject({ flow, phase, ...(method === undefined ? {} : { method }) })
      const keys = held.get(url.slice(1)) ?? new Set()
      for (const key of Object.keys(ctx)) keys.add(key)
      held.set(url.slice(1), keys)
    }
    const before = walked.get(path) ?? { path, clients: new Set<string>(), fired }
    before.clients.add(client)
    walked.set(path, before)
  })
})

/** Default lists: where every method has a list of its own, they count for none (design.md §2). */
const DEFAULTS = new Set(['login.after', 'registration.after', 'settings.after'])

test('every place a hook may stand in is on some path', () => {
  const reachable = PLACES.filter((place) => !DEFAULTS.has(place))
  expect([...held.keys()].toSorted()).toEqual(reachable.toSorted())
})

test('docs/trigger-matrix.md says what was seen', async () => {
  const rows = [...walked.values()].map(
    ({ path, clients, fired }) =>
      `| ${path} | ${[...clients].join(', ')} | ${fired.length === 0 ? '–' : fired.map((place) => `\`${place}\``).join(' → ')} |`,
  )
  const keys = [...held]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, all]) => `| \`${place}\` | ${[...all].map((key) => `\`${key}\``).join(', ')} |`)
  const page = [
    '# Which triggers fire on which path',
    '',
    'Made by `packages/server/test/matrix/trigger-matrix.test.ts`, which walks every path below with a hook in every',
    'place, on both databases, and fails when a trigger is missing or one too many. `vitest -u` writes this page anew.',
    '',
    '| Path | Walked by | Triggers, in this order |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '## What `ctx` held',
    '',
    '| Trigger | Keys |',
    '| --- | --- |',
    ...keys,
    '',
  ].join('\n')
  await expect(page).toMatchFileSnapshot('../../../../docs/trigger-matrix.md')
})

const listAt = (value: JsonObject, key: string): readonly JsonObject[] => {
  const found = value[key]
  return Array.isArray(found) ? found.filter((item) => isJsonObject(item)) : []
}
