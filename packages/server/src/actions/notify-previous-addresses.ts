import { Type } from 'typebox'
import { proceed } from '../core/decision.ts'
import { defineConfiguredAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

const config = Type.Object(
  {
    recipients: Type.Optional(
      Type.Union([Type.Literal('removed'), Type.Literal('all_verified'), Type.Literal('all')], {
        description: 'Which of the addresses somebody had are told; those that were given up, if nothing is said.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Tells the addresses somebody had that they were changed (ory-actions.md §3.7). */
export const notifyPreviousAddresses = defineConfiguredAction<typeof config, ActionDeps>({
  summary: 'Tells the addresses somebody had that an address of the account was changed.',
  placement: ['settings.after.profile'],
  config,
  create: ({ recipients = 'removed' }) => ({ after: () => proceed({ kind: 'notifyPreviousAddresses', recipients }) }),
})
