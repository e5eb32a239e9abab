import type { AddressPatch } from '../core/decision.ts'
import { WireError } from '../core/errors.ts'
import type { Credential, CredentialType, IdentityState, IdentityWithCredentials } from '../core/identity.ts'
import { identityId } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Clock, Random } from '../core/time.ts'
import type { FieldMessage } from '../core/ui.ts'
import { derive } from './derive.ts'
import type { Schemas } from './schema.ts'
import { toText } from './violation-text.ts'
import { toFieldMessages } from './violations.ts'

/** A new identity as somebody describes it; what they leave out gets its default. */
export type IdentityDraft = {
  /** Null stands for the default schema. */
  readonly schemaId: string | null
  readonly traits: Json
  readonly credentials: readonly {
    readonly type: CredentialType
    readonly config: JsonObject
    /** For those that do not come from traits; some are known by the identity's own id. */
    readonly identifiers?: readonly string[] | 'own_id'
  }[]
  readonly state?: IdentityState
  readonly metadataPublic?: Json
  readonly metadataAdmin?: Json
  readonly externalId?: string | null
  readonly verifiableAddresses?: readonly AddressPatch[]
}

export type Built =
  | { readonly kind: 'built'; readonly identity: IdentityWithCredentials }
  | {
      readonly kind: 'invalid'
      readonly messages: readonly FieldMessage[]
      /** The same in one text, as administrators read it. */
      readonly reason: string
    }

/** Makes a whole identity, ready to be stored: id, times, identifiers and addresses included. */
export type BuildIdentity = (draft: IdentityDraft) => Built

type Deps = { readonly schemas: Schemas; readonly random: Pick<Random, 'uuid' | 'rowId'>; readonly clock: Clock }

export const createIdentityBuilder =
  ({ schemas, random, clock }: Deps): BuildIdentity =>
  (draft) => {
    const schema = schemas.find(draft.schemaId)
    if (schema === null) throw unknownSchema(draft.schemaId)
    const at = clock.now()
    const id = identityId(random.uuid())
    const credentials = draft.credentials.map(
      ({ type, config, identifiers = [] }): Credential => ({
        type,
        identifiers: identifiers === 'own_id' ? [id] : identifiers,
        config,
        version: 1,
        createdAt: at,
        updatedAt: at,
      }),
    )
    const known = { credentials, verifiableAddresses: [], recoveryAddresses: [] }
    const derivation = derive(
      schema,
      draft.traits,
      { ...known, verifiableTold: draft.verifiableAddresses },
      { random, at },
    )
    if (derivation.kind === 'invalid') {
      const { violations } = derivation
      return { kind: 'invalid', messages: toFieldMessages(violations), reason: toText(violations) }
    }
    const identity: IdentityWithCredentials = {
      id,
      schemaId: schema.id,
      state: draft.state ?? 'active',
      stateChangedAt: at,
      metadataPublic: draft.metadataPublic ?? null,
      metadataAdmin: draft.metadataAdmin ?? null,
      externalId: draft.externalId ?? null,
      ...derivation.derived,
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    return { kind: 'built', identity }
  }

/** A schema that is not, or no longer, configured. */
export const unknownSchema = (id: string | null) =>
  new WireError(400, null, { reason: `Unable to find JSON Schema ID: ${id ?? 'default'}` })
