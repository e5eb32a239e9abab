import { type Decision, proceed } from '../core/decision.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** A new address takes the place of the old one only after it has answered (ory-actions.md §3.6). */
export const verifyNewAddress = defineAction<ActionDeps>({
  summary: 'Holds a change of address back until the new address has been verified.',
  placement: ['settings.after.profile'],
  create: () => ({
    isGate: true,
    after: ({ identity, previous }): Decision => {
      const had = new Set((previous ?? identity).verifiableAddresses.map(({ value, via }) => `${via}:${value}`))
      const isNew = identity.verifiableAddresses.some(({ value, via }) => !had.has(`${via}:${value}`))
      return isNew ? { kind: 'divert', to: 'verify_new_address' } : proceed()
    },
  }),
})
