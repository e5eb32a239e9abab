import { expect, test } from 'vitest'
import { tokenActionsFor } from './token-plan.ts'

const entry = (
  name: string,
  grants: readonly string[] = [],
  clients: readonly string[] = [],
  phase: 'before' | 'after' = 'before',
) => ({
  name,
  grants,
  clients,
  phase,
})
const GENERAL = entry('general')
const REFRESH = entry('refresh', ['refresh_token'])
const SHOP = entry('shop', [], ['shop'])
const SHOP_REFRESH = entry('shop refresh', ['refresh_token'], ['shop'])
const AFTER = entry('after', [], [], 'after')

test.each([
  [[GENERAL], 'refresh_token', 'shop', ['general']],
  [[GENERAL, REFRESH], 'refresh_token', 'shop', ['refresh']],
  [[GENERAL, REFRESH], 'client_credentials', 'shop', ['general']],
  [[GENERAL, REFRESH, SHOP], 'refresh_token', 'shop', ['shop']],
  [[GENERAL, REFRESH, SHOP, SHOP_REFRESH], 'refresh_token', 'shop', ['shop refresh']],
  [[GENERAL, REFRESH, SHOP], 'refresh_token', 'other', ['refresh']],
  [[SHOP], 'refresh_token', 'other', []],
  [[GENERAL, AFTER], 'refresh_token', 'shop', ['general']],
])('of %j the actions of %s by %s are %j', (plan, grant, client, expected) => {
  expect(tokenActionsFor(plan, 'before', grant, client).map(({ name }) => name)).toEqual(expected)
})
