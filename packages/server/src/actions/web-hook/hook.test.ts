import { expect, test } from 'vitest'
import { EVENTS } from '../../core/trigger.ts'
import { eventPlace, FLOW_PLACES, type Place } from '../../core/place.ts'
import { modeOf, readHook } from './hook.ts'

const isStoring = (place: Place) => place.startsWith('registration.after') || place.startsWith('settings.after')

test.each(FLOW_PLACES)('%s: neither key, parse or interrupt, ignore', (place) => {
  expect(modeOf({}, place)).toBe(isStoring(place) ? 'awaited' : 'asked')
  expect(modeOf({ response: { ignore: false, parse: false }, can_interrupt: false }, place)).toBe(modeOf({}, place))
  expect(modeOf({ response: { parse: true } }, place)).toBe('asked')
  expect(modeOf({ can_interrupt: true }, place)).toBe('asked')
  expect(modeOf({ response: { ignore: true } }, place)).toBe('queued')
})

test.each(EVENTS.map(eventPlace))('%s: whatever is said of the answer, the call is queued', (place) => {
  expect(modeOf({}, place)).toBe('queued')
  expect(modeOf({ response: { ignore: true } }, place)).toBe('queued')
})

const settings = {
  actions: {
    enabled: true,
    askTimeout: 1,
    timeout: 3_000,
    attempts: 3,
    backoff: { base: 1, jitter: false },
    awaitedFailure: 'fail',
    precedence: 'strict',
  },
} as const
const config = { url: 'https://user:p%40ss@crm.test/hook?token=1', method: 'POST' }

test('a hook takes its budget and attempts from the settings unless it has its own', () => {
  expect(readHook(config, 'login.before', settings)).toMatchObject({ timeout: 3_000, attempts: 3, emitHeaders: true })
  const own = { ...config, timeout: '1500ms', attempts: 1, emit_analytics_event: false }
  expect(readHook(own, 'login.before', settings)).toMatchObject({ timeout: 1_500, attempts: 1, emitHeaders: false })
})

test('a password in the URL becomes a secret header', () => {
  const hook = readHook(config, 'login.before', settings)
  expect(hook.url).toEqual({ kind: 'fixed', href: 'https://crm.test/hook?token=1' })
  expect(hook.endpoint).toBe('https://crm.test/hook')
  expect(hook.headers.secret).toEqual({ authorization: `Basic ${btoa('user:p@ss')}` })
})
