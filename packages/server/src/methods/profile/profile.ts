import type { SettingsFlow } from '../../core/flow.ts'
import { isJsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { submitNode, withValues } from '../../core/nodes.ts'
import type { UiNode } from '../../core/ui.ts'
import type { Retrait, TraitForms } from '../../flows/define.ts'
import type { Method, MethodInFlow } from '../define.ts'
import { type ProfileRegistrationDeps, profileRegistration } from './registration.ts'

export type ProfileDeps = ProfileRegistrationDeps & {
  readonly traitForms: Pick<TraitForms, 'nodes' | 'validate'>
  readonly retrait: Retrait
}

/** The traits of somebody who is signed in, or is about to sign up. */
export const profileMethod = (deps: ProfileDeps): Method => ({
  settings: profileSettings(deps),
  registration: profileRegistration(deps),
})

const profileSettings = ({ traitForms, retrait }: ProfileDeps): MethodInFlow<SettingsFlow> => ({
  nodes: ({ person }) => {
    if (person === null) return []
    const fields = traitForms.nodes(person.schemaId).map((node): UiNode => ({ ...node, group: 'profile' }))
    const filled = withValues({ action: '', method: 'POST', nodes: fields, messages: [] }, { traits: person.traits })
    return [...filled.nodes, submitNode('profile', 'method', 'profile', messages.save())]
  },
  read: ({ fields, person }) => {
    if (person === null) return { kind: 'invalid', messages: [{ field: '', message: messages.noSettingsStrategy() }] }
    // What is not submitted is given up: traits are replaced as a whole (ory-identity-api.md §7.7).
    const traits = isJsonObject(fields.traits) ? fields.traits : {}
    const wrong = traitForms.validate(person.schemaId, traits)
    if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
    return {
      kind: 'ready',
      attempt: async () => {
        const changed = retrait(person, traits)
        if (changed.kind === 'invalid') return { kind: 'failed', messages: changed.messages }
        return { kind: 'passed', identity: changed.identity, before: person, aal: 'aal1', effects: [] }
      },
    }
  },
})
