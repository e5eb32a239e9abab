import type { Flow, LoginFlow } from '../core/flow.ts'
import { isJsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import { linkSocial } from '../identities/social-credential.ts'
import type { Passed } from '../methods/define.ts'

/** Whether a sign-in is to add an account elsewhere. */
export const isLinking = ({ memory }: LoginFlow) => memory.linking !== undefined

/** The flow in which that goes on. */
export const linkingOn = <F extends Flow>({ memory: { linking } }: LoginFlow, next: F): F =>
  linking === undefined ? next : { ...next, memory: { ...next.memory, linking } }

/**
 * A sign-in that is to add an account elsewhere adds it now, if it is the right person who has signed in
 * (ory-identity-api.md §7.3).
 */
export function linkPending(
  { memory: { linking } }: LoginFlow,
  attempt: Passed,
  { at, mustStepUp }: { readonly at: Time; readonly mustStepUp: boolean },
): { readonly kind: 'passed'; readonly attempt: Passed } | { readonly kind: 'mismatch' } {
  if (!isJsonObject(linking) || !isJsonObject(linking.entry)) return { kind: 'passed', attempt }
  if (linking.identityId !== attempt.identity.id) return { kind: 'mismatch' }
  // Whoever has a second factor shows it before anything is added to their account.
  if (mustStepUp) return { kind: 'passed', attempt }
  const before = attempt.before ?? attempt.identity
  return { kind: 'passed', attempt: { ...attempt, before, identity: linkSocial(attempt.identity, linking.entry, at) } }
}
