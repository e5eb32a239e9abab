import type { Amend } from '../actions/ask.ts'
import type { IdentityPatch } from '../core/decision.ts'
import type { Identity, IdentityState, IdentityWithCredentials } from '../core/identity.ts'
import { messages } from '../core/messages.ts'
import type { Clock, Random, Time } from '../core/time.ts'
import type { UiMessage } from '../core/ui.ts'
import { derive, follow } from './derive.ts'
import type { Schemas } from './schema.ts'
import { toFieldMessages } from './violations.ts'

type Deps = { readonly schemas: Schemas; readonly random: Pick<Random, 'rowId'>; readonly clock: Clock }

/**
 * Applies what an action changes, field by field and never deeply; then the identity is checked again and whatever
 * follows from its traits is worked out anew (ory-actions.md §4.9).
 */
export const createAmend =
  ({ schemas, random, clock }: Deps): Amend =>
  (identity, patch) => {
    const at = clock.now()
    const schema = schemas.find(patch.schemaId ?? identity.schemaId)
    if (schema === null) {
      return invalid(messages.reason(`Unable to find JSON Schema ID: ${patch.schemaId ?? identity.schemaId}`))
    }
    const state = stateOf(patch.state ?? identity.state)
    if (state === null) return invalid(messages.reason('identity state is not valid'))

    const known = {
      credentials: hasCredentials(identity) ? identity.credentials : [],
      verifiableAddresses: identity.verifiableAddresses,
      recoveryAddresses: identity.recoveryAddresses,
      verifiableTold: patch.verifiableAddresses,
    }
    const chance = { random, at }
    // Whoever leaves the traits alone is not to blame for what a newer schema thinks of them.
    const isUntouched = patch.traits === undefined && schema.id === identity.schemaId
    const derivation = isUntouched
      ? ({ kind: 'derived', derived: follow(schema, identity.traits, known, chance) } as const)
      : derive(schema, patch.traits === undefined ? identity.traits : patch.traits, known, chance)
    if (derivation.kind === 'invalid') return { kind: 'invalid', messages: toFieldMessages(derivation.violations) }

    const { credentials, ...derived } = derivation.derived
    const amended = { ...identity, ...plain(identity, patch, state, at), schemaId: schema.id, ...derived }
    return { kind: 'amended', identity: hasCredentials(identity) ? { ...amended, credentials } : amended }
  }

const invalid = (message: UiMessage) => ({ kind: 'invalid', messages: [{ field: '', message }] }) as const

const stateOf = (text: string): IdentityState | null => (text === 'active' || text === 'inactive' ? text : null)

/** A registration hands over its credentials with the identity; a session's identity comes without. */
const hasCredentials = (identity: Identity): identity is IdentityWithCredentials => 'credentials' in identity

const plain = (identity: Identity, patch: IdentityPatch, state: IdentityState, at: Time) => ({
  state,
  stateChangedAt: state === identity.state ? identity.stateChangedAt : at,
  metadataPublic: patch.metadataPublic === undefined ? identity.metadataPublic : patch.metadataPublic,
  metadataAdmin: patch.metadataAdmin === undefined ? identity.metadataAdmin : patch.metadataAdmin,
  externalId: patch.externalId === undefined ? identity.externalId : patch.externalId,
})
