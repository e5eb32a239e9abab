import { flowId } from '../core/ids.ts'
import type { FlowDeps, StartRequest } from './define.ts'

const emptyUi = { action: '', method: 'POST', nodes: [], messages: [] } as const

/** What every flow has at its start. Its form is rendered once its particulars are known. */
export function newFlow(
  { clock, random, settings }: Pick<FlowDeps, 'clock' | 'random' | 'settings'>,
  { name, type, requestUrl, oauth2 }: Pick<StartRequest, 'name' | 'type' | 'requestUrl' | 'oauth2'>,
  returnTo: string | null,
) {
  const at = clock.now()
  return {
    id: flowId(random.uuid()),
    type,
    requestUrl,
    returnTo,
    issuedAt: at,
    expiresAt: at + settings.selfservice.flows[name].lifespan,
    createdAt: at,
    updatedAt: at,
    active: null,
    transientPayload: null,
    identitySchema: null,
    completed: false,
    version: 1,
    challenge: null,
    ...(oauth2 === undefined ? {} : { oauth2 }),
    memory: {},
    ui: emptyUi,
  }
}
