import { expect, test } from 'vitest'
import type { PlannedAction } from '../core/action.ts'
import { actionId } from '../core/ids.ts'
import type { ActionPlan } from '../core/plan.ts'
import { sendingOf } from './sending-of.ts'

const planned = (id: string, secret: string | null): PlannedAction => ({
  id: actionId(id),
  kind: 'web_hook',
  where: id,
  action: secret === null ? {} : { sending: { secretHeaders: { 'x-key': secret }, attempts: 1 } },
})
const none = { before: [], after: [], afterMethod: {} }
const plan: ActionPlan = {
  login: { before: [planned('a', '1')], after: [planned('b', '2')], afterMethod: { password: [planned('c', '3')] } },
  registration: { ...none, after: [planned('d', null)] },
  recovery: none,
  verification: none,
  settings: none,
  on: {
    'identity.created': [planned('e', '5')],
    'identity.updated': [],
    'identity.deleted': [],
    'address.verified': [],
    'session.revoked': [],
  },
}

test.each([
  ['a', '1'],
  ['b', '2'],
  ['c', '3'],
  ['d', undefined],
  ['e', '5'],
  ['gone', undefined],
])('the secret of %s is %s', (id, secret) => {
  expect(sendingOf(plan)(actionId(id))?.secretHeaders['x-key']).toBe(secret)
})
