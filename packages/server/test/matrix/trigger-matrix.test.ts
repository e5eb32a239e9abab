import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { FLOW_PLACES, METHODS_WITH_HOOKS, type Place } from '../../src/core/place.ts'
import { EVENTS, FLOWS } from '../../src/core/trigger.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { CLIENTS } from '../journeys.ts'
import { freePort } from '../free-port.ts'
import { fiveFlows } from '../flows/base.ts'
import { type ReceivedCall, type Receiver, startReceiver } from '../receiver.ts'
import { laterUpstream, startUpstream } from '../upstream.ts'
import { at } from '../http-client.ts'
import { textIn } from '../somebody.ts'
import { EVENT_PATHS } from './event-paths.ts'
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

/** What came of a walk: the places whose hooks were called, and the events that were told. */
type Walked = {
  readonly path: string
  readonly clients: Set<string>
  readonly fired: readonly string[]
  readonly told: readonly string[]
}

/** One walk: whom it was about, and from when on it counted. */
type Round = {
  readonly path: string
  readonly client: string
  readonly email: string
  readonly fired: readonly string[]
  readonly from: number
}

const walked = new Map<string, Walked>()
const held = new Map<string, Set<string>>()

describe.each(DIALECTS)('S27: every trigger on every path that reaches it, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  /** Events are told by the outbox, so theirs may arrive when the next walk has begun. */
  let events: Receiver
  const rounds: Round[] = []
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
      { identity: withFactors.identity, actions: { on: onEvents() } },
    )
  const onEvents = (): JsonObject => {
    const hooks = (event: string) => ({ hooks: [webHook(events.url(`/${event}`))] })
    return {
      identity: {
        created: hooks('identity.created'),
        updated: hooks('identity.updated'),
        deleted: hooks('identity.deleted'),
      },
      address: { verified: hooks('address.verified') },
      session: { revoked: hooks('session.revoked') },
    }
  }

  beforeAll(async () => {
    receiver = await startReceiver()
    events = await startReceiver()
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
    await events.close()
  })

  const cases = [...PATHS, ...EVENT_PATHS, ...FACTOR_PATHS, ...socialPaths(upstream), ...CODE_PATHS].flatMap((path) =>
    (path.clients ?? CLIENTS).map((client) => ({ ...path, client })),
  )
  test.each(cases)('$client: $path', async ({ path, client, fires, walk }) => {
    await app.reload(everywhere())
    receiver.reset()
    const email = `ann-${++count}@example.test`
    const round = { from: 0 }
    await walk({
      app,
      client,
      email,
      watch: () => {
        receiver.reset()
        round.from = nextMillisecond()
      },
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
    rounds.push({ path, client, email, fired, from: round.from })
  })

  test('what happens to a person is told from every path, and by all kinds of client alike', async () => {
    const told = await settled(events, dialect)
    for (const { path, client, fired, ...round } of rounds) {
      const seen = eventsOfRound(round, told)
      const before = walked.get(path) ?? { path, clients: new Set<string>(), fired, told: seen }
      expect([path, client, seen]).toEqual([path, client, before.told])
      before.clients.add(client)
      walked.set(path, before)
    }
    expect(new Set(told.map(({ event }) => event.split(' ', 1)[0]))).toEqual(new Set(EVENTS))
  })
})

/** What is queued from now on has a later time in its id. */
function nextMillisecond(): number {
  const before = Date.now()
  while (Date.now() === before);
  return Date.now()
}

type ToldEvent = { readonly event: string; readonly id: string; readonly person: string; readonly email: string }

/** Every event once nothing more arrives. */
async function settled(events: Receiver, dialect: string): Promise<readonly ToldEvent[]> {
  for (let known = -1; known !== events.calls.length; ) {
    known = events.calls.length
    await new Promise((resolve) => {
      setTimeout(resolve, 5_000)
    })
  }
  expect(events.calls.length, dialect).toBeGreaterThan(0)
  return events.calls.map(toldBy).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function toldBy({ path, body }: ReceivedCall): ToldEvent {
  const ctx: JsonObject = JSON.parse(body)
  const event = path.slice(1)
  expect(ctx.trigger).toEqual({ phase: 'on', event })
  const keys = held.get(`on.${event}`) ?? new Set()
  for (const key of Object.keys(ctx)) keys.add(key)
  held.set(`on.${event}`, keys)
  const [id, person, email] = ['delivery.id', 'identity.id', 'identity.traits.email'].map((key) => textIn(ctx, key))
  const changed = at(ctx, 'changed')
  return {
    event: Array.isArray(changed)
      ? `${event} (${changed.map((pointer) => `\`${String(pointer)}\``).join(', ')})`
      : event,
    id: id ?? '',
    person: person ?? '',
    email: email ?? '',
  }
}

/** The events of whoever a walk was about, from when on it counted (RFC 9562 §5.7: an id begins with its time). */
function eventsOfRound({ email, from }: Pick<Round, 'email' | 'from'>, told: readonly ToldEvent[]): readonly string[] {
  const people = new Set(told.filter((each) => each.email === email).map(({ person }) => person))
  const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  return told.filter(({ person, id }) => people.has(person) && timeOf(id) >= from).map(({ event }) => event)
}

/** Default lists: where every method has a list of its own, they count for none (design.md §2). */
const DEFAULTS = new Set(['login.after', 'registration.after', 'settings.after'])

test('every place a hook may stand in is on some path', () => {
  const reachable = [...FLOW_PLACES.filter((place) => !DEFAULTS.has(place)), ...EVENTS.map((event) => `on.${event}`)]
  expect([...held.keys()].toSorted()).toEqual(reachable.toSorted())
})

test('docs/trigger-matrix.md says what was seen', async () => {
  const rows = [...walked.values()].map(
    ({ path, clients, fired, told }) =>
      `| ${path} | ${[...clients].join(', ')} | ${listed(
        fired.map((place) => `\`${place}\``),
        ' → ',
      )} | ${listed(told, ', ')} |`,
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
    'Events are told by the outbox, in no order; they follow from what is written, whoever writes it.',
    '',
    '| Path | Walked by | Triggers, in this order | Events |',
    '| --- | --- | --- | --- |',
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

const listed = (items: readonly string[], by: string) => (items.length === 0 ? '–' : items.join(by))

const listAt = (value: JsonObject, key: string): readonly JsonObject[] => {
  const found = value[key]
  return Array.isArray(found) ? found.filter((item) => isJsonObject(item)) : []
}
