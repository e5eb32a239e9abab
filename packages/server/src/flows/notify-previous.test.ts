import { expect, test } from 'vitest'
import type { VerifiableAddress } from '../core/identity.ts'
import { request } from '../../test/action-world.ts'
import { AT, person } from '../../test/store-samples.ts'
import { notifyPrevious } from './notify-previous.ts'

const address = (value: string, verified: boolean): VerifiableAddress => ({
  id: value,
  value,
  via: value.startsWith('+') ? 'sms' : 'email',
  verified,
  status: verified ? 'completed' : 'sent',
  verifiedAt: verified ? AT : null,
  createdAt: AT,
  updatedAt: AT,
})
const kept = address('kept@example.test', true)
const unverified = address('unverified@example.test', false)
const gone = address('gone@example.test', true)
const phone = address('+4930901820', false)
const had = [kept, unverified, gone, phone]
const holder = (verifiableAddresses: readonly VerifiableAddress[]) =>
  person('ann@example.test', { verifiableAddresses })

test.each([
  ['removed', ['gone@example.test', '+4930901820']],
  ['all_verified', ['kept@example.test', 'gone@example.test']],
  ['all', ['kept@example.test', 'unverified@example.test', 'gone@example.test', '+4930901820']],
] as const)('of the addresses somebody had, %s are told', async (recipients, told) => {
  const sent: string[] = []
  await notifyPrevious(
    depsThat(sent),
    { kind: 'notifyPreviousAddresses', recipients },
    { before: holder(had), now: holder([kept, unverified]), request, at: AT },
  )
  expect(sent).toEqual(told.map((value) => `${value.startsWith('+') ? 'sms' : 'email'} ${value}`))
})

test('whose addresses stay the same is not written to, in whatever order they stand', async () => {
  const sent: string[] = []
  const all = { kind: 'notifyPreviousAddresses', recipients: 'all' } as const
  await notifyPrevious(depsThat(sent), all, { before: holder(had), now: holder(had.toReversed()), request, at: AT })
  expect(sent).toEqual([])
})

const depsThat = (sent: string[]): Parameters<typeof notifyPrevious>[0] => ({
  settings: { serve: { public: { baseUrl: 'http://id.example.test/' } } },
  mail: async ({ via, to }) => {
    sent.push(`${via} ${to}`)
    return []
  },
})
