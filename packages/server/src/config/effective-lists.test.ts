import { expect, test } from 'vitest'
import type { HookEntry, HookList, Settings } from '../core/settings.ts'
import type { FlowName, MethodName } from '../core/trigger.ts'
import { actionsFor } from '../core/plan.ts'
import { effectiveLists } from './effective-lists.ts'

/** `hook` is a plain web_hook named so; a colon gives it another kind or answer. */
const entryOf = (name: string): HookEntry => {
  const [id = '', kind] = name.split(':')
  if (kind === 'off') return { hook: 'web_hook', config: { id, enabled: false }, where: id }
  if (kind === 'parse') return { hook: 'web_hook', config: { id, response: { parse: true } }, where: id }
  if (kind === 'ignore') return { hook: 'web_hook', config: { id, response: { ignore: true } }, where: id }
  return { hook: kind ?? 'web_hook', config: kind === undefined ? { id } : null, where: id }
}
const list = (
  flow: FlowName,
  method: MethodName | null,
  names: string,
  merge: HookList['merge'] = 'override',
): HookList => ({
  flow,
  phase: 'after',
  method,
  where: '',
  merge,
  entries: names.split(' ').map(entryOf),
})
const run = (
  hooks: readonly HookList[],
  precedence: Settings['actions']['precedence'],
  flow: FlowName,
  method: MethodName,
) =>
  actionsFor(
    { phase: 'after', flow, method },
    effectiveLists({ hooks, eventHooks: [], actions: { enabled: true, precedence } }),
  )
    .map(({ entry }) => entry.where)
    .join(' ')

test.each([
  ['the default list counts where a method has none', [list('login', null, 'a b')], 'a b'],
  ['a method’s own list replaces it', [list('login', null, 'a'), list('login', 'password', 'b c')], 'b c'],
  [
    'prepend: the own list first, then the default one',
    [list('login', null, 'a'), list('login', 'password', 'b', 'prepend')],
    'b a',
  ],
  [
    'append: the default list first, then the own one',
    [list('login', null, 'a'), list('login', 'password', 'b', 'append')],
    'a b',
  ],
  ['what is off is no entry', [list('login', 'password', 'a b:off c')], 'a c'],
  ['a list that is all off is no list', [list('login', null, 'a'), list('login', 'password', 'b:off')], 'a'],
  ['the list of another method does not count', [list('login', null, 'a'), list('login', 'code', 'b')], 'a'],
  ['nothing is nothing', [], ''],
] as const)('%s', (_name, hooks, expected) => {
  for (const precedence of ['strict', 'ory'] as const)
    expect(run(hooks, precedence, 'login', 'password')).toBe(expected)
})

const defaults = list('settings', null, 'plain queued:ignore asked:parse')

test.each([
  ['strict', 'v:verify_new_address', 'v'],
  ['ory', 'v:verify_new_address', 'v plain queued'],
  // One entry that acts after storing makes the list count there (ory-actions.md §2.2).
  ['ory', 'v:verify_new_address n:notify_previous_addresses', 'v n'],
  ['ory', 'v:verify_new_address w:parse', 'v w'],
  ['strict', 'n:notify_previous_addresses', 'n'],
] as const)('row 17, %s: beside %s runs %s', (precedence, own, expected) => {
  expect(run([defaults, list('settings', 'profile', own)], precedence, 'settings', 'profile')).toBe(expected)
})

test('merge comes before the leniency of Ory', () => {
  const own = list('settings', 'profile', 'v:verify_new_address', 'prepend')
  expect(run([defaults, own], 'ory', 'settings', 'profile')).toBe('v plain queued asked')
})

test('the only other stage where a list could count as empty is one Ory does not fall back at', () => {
  const hooks = [list('registration', null, 'asked:parse'), list('registration', 'password', 's:session')]
  for (const precedence of ['strict', 'ory'] as const)
    expect(run(hooks, precedence, 'registration', 'password')).toBe('s')
})
