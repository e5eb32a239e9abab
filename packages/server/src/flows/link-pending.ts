import type { LoginFlow } from '../core/flow.ts'
import { isJsonObject } from '../core/json.ts'
import type { Time } from '../core/time.ts'
import { linkSocial } from '../identities/social-credential.ts'
import type { Passed } from '../methods/define.ts'

/**
 * A sign-in that is to add an account elsewhere adds it now, if it is the right person who has signed in
 * (ory-identity-api.md §7.3).
 */
export function linkPending(
  { memory: { linking } }: LoginFlow,
  attempt: Passed,
  at: Time,
): { readonly kind: 'passed'; readonly attempt: Passed } | { readonly kind: 'mismatch' } {
  if (!isJsonObject(linking) || !isJsonObject(linking.entry)) return { kind: 'passed', attempt }
  if (linking.identityId !== attempt.identity.id) return { kind: 'mismatch' }
  const before = attempt.before ?? attempt.identity
  return { kind: 'passed', attempt: { ...attempt, before, identity: linkSocial(attempt.identity, linking.entry, at) } }
}
