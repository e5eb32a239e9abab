import { type Decision, proceed } from '../core/decision.ts'
import { WireError } from '../core/errors.ts'
import { messages } from '../core/messages.ts'
import { METHODS_WITH_HOOKS, type Place } from '../core/place.ts'
import { defineAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

/** Lets nobody in who has not verified one address (ory-actions.md §3.3). */
export const requireVerifiedAddress = defineAction<ActionDeps>({
  summary: 'Lets nobody in who has not verified an address, and starts the verification of one.',
  placement: ['login.after', ...METHODS_WITH_HOOKS.login.map((method): Place => `login.after.${method}`)],
  create: ({ settings }) => ({
    isGate: true,
    after: ({ trigger, identity }): Decision => {
      const isLegacy = settings.featureFlags.legacyRequireVerifiedLoginError
      // Ory's old way of saying it exists for passwords only.
      if (isLegacy && !(trigger.phase === 'after' && trigger.method === 'password')) return proceed()
      const addresses = identity.verifiableAddresses.filter(({ value }) => value !== '')
      if (addresses.length === 0) throw nothingToVerify
      if (addresses.some(({ verified }) => verified)) return proceed()
      return isLegacy
        ? { kind: 'deny', messages: [{ field: '', message: messages.addressNotVerified() }] }
        : { kind: 'divert', to: 'verify_first' }
    },
  }),
})

const nothingToVerify = new WireError(500, 'Invalid configuration', {
  id: 'invalid_configuration',
  reason:
    'A misconfiguration prevents login. Expected to find a verification address but this identity does not have one assigned.',
})
