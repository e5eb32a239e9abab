import { expect, test } from 'vitest'
import { actionKinds } from '../actions/registry.ts'
import { errorOf, load, minimalConfig, toBase64 } from '../../test/minimal-config.ts'
import type { JsonObject } from '../core/json.ts'
import { FLOW_PLACES, hooksPath, isEventPlace, METHODS_WITH_HOOKS, PLACES, type Place } from '../core/place.ts'
import { checkHookList } from './check-hooks.ts'
import { withValue } from './path.ts'

/** ory-actions.md §1.1, column by column; `web_hook` may stand everywhere. */
const login: readonly Place[] = [
  'login.after',
  ...METHODS_WITH_HOOKS.login.map((method): Place => `login.after.${method}`),
]
const but = (places: readonly Place[], ...without: readonly Place[]) =>
  places.filter((place) => !without.includes(place))
const registration = METHODS_WITH_HOOKS.registration.map((method): Place => `registration.after.${method}`)
const settings = METHODS_WITH_HOOKS.settings.map((method): Place => `settings.after.${method}`)
const credentials = but(settings, 'settings.after.profile')
const ALLOWED: { readonly [kind: string]: readonly Place[] } = {
  web_hook: PLACES,
  b2b_sso: but(FLOW_PLACES, 'recovery.after', ...credentials),
  organization: but(FLOW_PLACES, 'recovery.after', ...credentials),
  session: registration,
  revoke_active_sessions: [...login, ...credentials, 'recovery.after'],
  require_verified_address: login,
  verification: but(login, 'login.after.oidc'),
  show_verification_ui: [...but(login, 'login.after.oidc'), ...registration, 'settings.after.profile'],
  verify_new_address: ['settings.after.profile'],
  notify_previous_addresses: ['settings.after.profile'],
}

const entries: { readonly [kind: string]: JsonObject } = {
  web_hook: { hook: 'web_hook', config: { url: 'https://b.test/', method: 'POST', body: toBase64('{}') } },
}
const withHook = (place: Place, entry: JsonObject) => withValue(minimalConfig, hooksPath(place), [entry])
const misplacedAt = (place: Place, entry: JsonObject) =>
  checkHookList(place, [entry], hooksPath(place)).filter(({ got = '' }) => got.includes('may not run'))

test('the table is about the kinds there are', () => {
  expect(Object.keys(ALLOWED).toSorted()).toEqual([...Object.keys(actionKinds), 'b2b_sso', 'organization'].toSorted())
})

test.each(Object.keys(ALLOWED))('S38: %s may stand where it may, and nowhere else', (kind) => {
  const entry = entries[kind] ?? { hook: kind }
  const accepted = PLACES.filter((place) => misplacedAt(place, entry).length === 0)
  expect(accepted).toEqual(PLACES.filter((place) => ALLOWED[kind]?.includes(place)))
})

test.each(PLACES)('a web_hook at %s loads and keeps its place', async (place) => {
  const { settings } = await load(withHook(place, entries['web_hook'] ?? {}))
  const lists = [...settings.hooks, ...settings.eventHooks]
  expect(lists.map(({ where }) => where)).toEqual([`${place}.hooks`])
  expect(lists[0]?.entries[0]?.where).toBe(`${place}.hooks[0]`)
})

const refusedPlaces = Object.keys(actionKinds).flatMap((kind) =>
  PLACES.filter((place) => ALLOWED[kind]?.includes(place) === false).map((place) => [kind, place] as const),
)
test.each(refusedPlaces)('%s at %s is refused when the configuration is read', async (kind, place) => {
  const error = await errorOf(JSON.stringify(withHook(place, { hook: kind })))
  const [flow = '', phase = ''] = place.split('.')
  const moment = isEventPlace(place) ? place.replace('.', ' ') : `${phase} ${flow}`
  expect(error).toContain(`${place}.hooks[0]: "${kind}" may not run ${moment}; allowed here: web_hook`)
  expect(error).toContain(`"${kind}" may stand at `)
})

test.each(['b2b_sso', 'organization'])('%s is accepted, with whatever it says, and does nothing', async (hook) => {
  const { settings, warnings } = await load(withHook('login.after', { hook, anything: true }))
  expect(settings.hooks).toHaveLength(1)
  expect(warnings).toEqual([
    expect.stringContaining(`"${hook}" belongs to Ory’s enterprise edition and does nothing here`),
  ])
})

test.each([
  ['error', ['after', 'hooks']],
  ['error', ['before', 'hooks']],
  ['logout', ['after', 'hooks']],
  ['logout', ['before', 'hooks']],
] as const)('S36: a web_hook around %s (%s) is refused, and the place is named', async (flow, rest) => {
  const path = ['selfservice', 'flows', flow, ...rest]
  const error = await errorOf(JSON.stringify(withValue(minimalConfig, path, [entries['web_hook'] ?? {}])))
  expect(error).toMatch(
    new RegExp(String.raw`selfservice\.flows\.${flow}\.(?:before|after(?:\.hooks)?)\n +got +an unknown key`),
  )
})

test.each([
  [{ response: { parse: true } }, 'response.parse'],
  [{ can_interrupt: true }, 'can_interrupt'],
  [{ on_failure: 'continue' }, 'on_failure'],
  [{ attempts: 2 }, 'attempts'],
])(
  'a web_hook on an event whose answer is to count is refused, and told where it may stand: %j',
  async (config, key) => {
    const hook = {
      hook: 'web_hook',
      config: { url: 'https://b.test/', method: 'POST', body: toBase64('{}'), ...config },
    }
    const error = await errorOf(JSON.stringify(withHook('on.identity.updated', hook)))
    expect(error).toContain(`actions.on.identity.updated.hooks[0].config.${key}`)
    expect(error).toContain(
      'on.identity.updated.hooks[0]: what has happened already can be neither refused nor changed',
    )
    expect(error).toContain('may stand before or after a flow')
  },
)

test('an order is for calls that are queued, and for no others', async () => {
  const hook = (more: JsonObject) => ({
    hook: 'web_hook',
    config: { url: 'https://b.test/', method: 'POST', body: toBase64('{}'), lane: 'identity', ...more },
  })
  const error = await errorOf(JSON.stringify(withHook('settings.after', hook({}))))
  expect(error).toContain('selfservice.flows.settings.after.hooks[0].config.lane')
  expect(error).toContain('response.ignore: true beside it')
  await load(withHook('settings.after', hook({ response: { ignore: true } })))
  await load(withHook('on.identity.updated', hook({})))
})

test('an event that does not exist is refused, and the nearest one named', async () => {
  const config = withValue(minimalConfig, ['actions', 'on', 'identity', 'craeted', 'hooks'], [])
  expect(await errorOf(JSON.stringify(config))).toMatch(/actions\.on\.identity\.craeted[^]*created/)
})
