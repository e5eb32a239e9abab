import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actionKinds } from '../../src/actions/registry.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { FLOW_PLACES, type Place } from '../../src/core/place.ts'
import { startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, httpClient } from '../http-client.ts'
import { codeTo, mailsTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { type Somebody, somebody, type Told } from '../somebody.ts'

/**
 * The table of ory-actions.md §1.1, run: every kind of action, in every place it may stand that the methods password,
 * code, link and profile lead to, does through the real server what it is for. (That it is refused everywhere else is
 * proven where configurations are checked; that a web_hook runs on every path, by the trigger matrix.)
 */
let app: TestApp
let receiver: Receiver
const counted = { people: 0 }
beforeAll(async () => {
  receiver = await startReceiver()
  app = await startTestApp({ config: fiveFlows() })
})
afterAll(async () => {
  await app.close()
  await receiver.close()
})

type Kind = keyof typeof actionKinds
type Case = {
  readonly ann: Somebody
  readonly email: string
  /** Another of her sessions, from before. */
  readonly other: Somebody
}

const WALKS: { readonly [P in Place]?: (given: Case) => Promise<Told> } = {
  'login.before': ({ ann }) => ann.start('login', '?refresh=true'),
  'login.after': ({ email }) => somebody(app, 'api').signIn(email),
  'login.after.password': ({ email }) => somebody(app, 'api').signIn(email),
  'registration.before': () => somebody(app, 'api').start('registration'),
  'registration.after': () => somebody(app, 'api').signUp(`new-${++counted.people}@example.test`),
  'registration.after.password': () => somebody(app, 'api').signUp(`new-${++counted.people}@example.test`),
  'settings.before': ({ ann }) => ann.start('settings'),
  'settings.after': ({ ann }) => rename(ann),
  'settings.after.profile': ({ ann }) => readdress(ann),
  'settings.after.password': async ({ ann }) =>
    ann.submit((await ann.start('settings')).flow, { method: 'password', password: 'another-horse-9-batteries' }),
  'recovery.before': () => somebody(app, 'api').start('recovery'),
  'recovery.after': ({ email }) => byCode('recovery', email),
  'verification.before': () => somebody(app, 'api').start('verification'),
  'verification.after': ({ email }) => byCode('verification', email),
}

async function rename(ann: Somebody): Promise<Told> {
  const { flow } = await ann.start('settings')
  return ann.submit(flow, {
    method: 'profile',
    traits: { ...object(at(flow, 'identity.traits')), name: { first: 'A' } },
  })
}
async function readdress(ann: Somebody): Promise<Told> {
  const { flow } = await ann.start('settings')
  return ann.submit(flow, { method: 'profile', traits: { email: `changed-${++counted.people}@example.test` } })
}
async function byCode(flow: 'recovery' | 'verification', email: string): Promise<Told> {
  const ann = somebody(app, 'api')
  const sent = await ann.submit((await ann.start(flow)).flow, { method: 'code', email })
  return ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
}
const object = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

const steps = (told: Told): readonly Json[] => {
  const steps = at(told.json, 'continue_with') ?? at(told.flow, 'continue_with')
  return Array.isArray(steps) ? steps.flatMap((step) => object(step)['action'] ?? []) : []
}

/** What is seen where the kind has done its work, told from where it has not. */
const SEEN: { readonly [K in Kind]: (told: Told, given: Case) => Promise<boolean> } = {
  web_hook: async () => receiver.callsTo('/hook').length > 0,
  session: async (told) => typeof at(told.json, 'session_token') === 'string',
  revoke_active_sessions: async (_told, { other }) => (await other.whoami()).status === 401,
  require_verified_address: async (told) =>
    told.status === 403 && at(told.json, 'error.id') === 'session_verified_address_required',
  verification: async (_told, { email }) => (await mailsTo(app, email)).length > 0,
  show_verification_ui: async (told) => steps(told).includes('show_verification_ui'),
  verify_new_address: async (_told, { ann, email }) => at((await ann.whoami()).json, 'identity.traits.email') === email,
  notify_previous_addresses: async (_told, { email }) =>
    (await mailsTo(app, email)).some(({ template }) => template === 'verifiable_address_changed'),
}

/** Kinds that need another in front of them. */
const WITH: { readonly [K in Kind]?: readonly JsonObject[] } = { show_verification_ui: [{ hook: 'verification' }] }

function configured(place: Place, entries: readonly JsonObject[]): JsonObject {
  const [flow = '', phase = '', method] = place.split('.')
  const list: JsonObject = { hooks: entries }
  const after: JsonObject = method === undefined ? list : { [method]: list }
  const emptied = place.startsWith('registration.') && method === undefined ? { password: { hooks: [] } } : {}
  return {
    // Only a change of settings verifies a second time; here nothing is verified that no action asks for.
    verification: { enabled: true },
    [flow]: phase === 'before' ? { before: list } : { after: { ...after, ...emptied } },
  }
}

async function givenSomebody(): Promise<Case> {
  await app.reload(fiveFlows({ verification: { enabled: false } }))
  const email = `person-${++counted.people}@example.test`
  const [ann, other] = [somebody(app, 'api'), somebody(app, 'api')]
  await ann.signUp(email)
  await other.signIn(email)
  return { ann, other, email }
}

const isKind = (kind: string): kind is Kind => Object.hasOwn(actionKinds, kind)
const CASES = Object.entries(actionKinds).flatMap(([kind, { placement }]) =>
  isKind(kind) ? placement.filter((place) => WALKS[place] !== undefined).map((place) => [kind, place] as const) : [],
)

describe('S36, S38: every action in every place it may stand does what it is for', () => {
  test.each(CASES)('%s at %s', async (kind, place) => {
    const walk = WALKS[place]
    if (walk === undefined) throw new Error('only places that can be walked to')
    const run = async (entries: readonly JsonObject[]) => {
      const given = await givenSomebody()
      receiver.reset()
      // Registration and settings verify by themselves, so what `verification` adds is seen at a login only.
      const allowsVerification = actionKinds.verification.placement.includes(place)
      const before = allowsVerification ? (WITH[kind] ?? []) : []
      await app.reload(fiveFlows(configured(place, [...before, ...entries])))
      return SEEN[kind](await walk(given), given)
    }
    const entry = kind === 'web_hook' ? webHook(receiver.url('/hook')) : { hook: kind }
    expect(await run([])).toBe(false)
    expect(await run([entry])).toBe(true)
  })
})

test('the places that cannot be walked to yet are those of methods that come from elsewhere', async () => {
  const left = FLOW_PLACES.filter((place) => WALKS[place] === undefined)
  expect(left.every((place) => /\.(webauthn|passkey|code|totp|lookup_secret|oidc)$/.test(place))).toBe(true)
  expect((await httpClient({ keepsCookies: false }).get(`${app.publicUrl}/health/ready`)).status).toBe(200)
})
