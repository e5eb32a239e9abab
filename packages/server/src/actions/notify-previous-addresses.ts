import { Type } from 'typebox'
import { proceed } from '../core/decision.ts'
import { defineConfiguredAction } from './define.ts'
import type { ActionDeps } from './deps.ts'

const config = Type.Object(
  {
    recipients: Type.Union([Type.Literal('removed'), Type.Literal('all_verified'), Type.Literal('all')], {
      default: 'removed',
      description: 'Which of the addresses somebody had are told.',
    }),
  },
  { additionalProperties: false },
)

/** Tells the addresses somebody had that they were changed (ory-actions.md §3.7). */
export const notifyPreviousAddresses = defineConfiguredAction<typeof config, ActionDeps>({
  summary: 'Tells the addresses somebody had that an address of the account was changed.',
  placement: ['settings.after.profile'],
  config,
  create: ({ recipients }) => ({ after: () => proceed({ kind: 'notifyPreviousAddresses', recipients }) }),
})
