import type { RegistrationFlow } from '../../core/flow.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import type { Settings } from '../../core/settings.ts'
import type { TraitForms } from '../../flows/define.ts'
import { memoryOf, remembering } from '../../flows/memory.ts'
import { isTwoStep } from '../../flows/style.ts'
import type { Attempt, MethodInFlow } from '../define.ts'

export type ProfileRegistrationDeps = {
  readonly traitForms: Pick<TraitForms, 'validate'>
  readonly settings: Pick<Settings, 'methods' | 'selfservice'>
}

/** The first of two steps of a sign-up: who somebody is. What they sign in with comes second (ory-identity-api.md §5.3). */
export const profileRegistration = (deps: ProfileRegistrationDeps): MethodInFlow<RegistrationFlow> => ({
  takesPart: () => isTwoStep(deps),
  impliedBy: ['screen'],
  nodes: ({ flow }) =>
    memoryOf(flow, 'profile').step === 'credentials'
      ? [submitNode('profile', 'screen', 'previous', messages.backInRegistration())]
      : [submitNode('profile', 'method', 'profile', messages.signUp())],
  read: ({ flow, fields }) => {
    const traits = isJsonObject(fields.traits) ? fields.traits : {}
    const wrong = deps.traitForms.validate(flow.identitySchema, traits)
    if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
    const goesBack = fields.screen === 'previous'
    return { kind: 'ready', attempt: async () => (goesBack ? back(flow, traits) : onward(flow, traits)) }
  },
})

function onward(flow: RegistrationFlow, traits: JsonObject): Attempt<RegistrationFlow> {
  const next = remembering(restarted(flow), 'profile', { step: 'credentials' })
  const ui = { ...flow.ui, messages: [messages.chooseCredential()] }
  return { kind: 'pending', flow: { ...next, ui }, effects: [], answer: 'refused', fills: { traits } }
}

function back(flow: RegistrationFlow, traits: JsonObject): Attempt<RegistrationFlow> {
  const first = remembering(restarted(flow), 'profile', {})
  const ui = { ...flow.ui, messages: [] }
  return {
    kind: 'pending',
    flow: { ...first, ui },
    effects: [],
    answer: 'refused',
    fills: { traits },
    hidesPayload: true,
  }
}

/** A method that was under way is so no more; how often a code was tried stays known. */
const restarted = (flow: RegistrationFlow): RegistrationFlow => ({ ...flow, state: 'choose_method', active: null })
