import type { IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { Clock, Random } from '../core/time.ts'
import type { FieldMessage } from '../core/ui.ts'
import { unknownSchema } from './build.ts'
import { derive } from './derive.ts'
import type { Schemas } from './schema.ts'
import { toFieldMessages } from './violations.ts'

type Deps = { readonly schemas: Schemas; readonly random: Pick<Random, 'rowId'>; readonly clock: Clock }

type Retraited =
  | { readonly kind: 'changed'; readonly identity: IdentityWithCredentials }
  | { readonly kind: 'invalid'; readonly messages: readonly FieldMessage[] }

/** Gives an identity other traits: checked, with the identifiers and addresses that follow from them. */
export const createRetrait =
  ({ schemas, random, clock }: Deps) =>
  (identity: IdentityWithCredentials, traits: JsonObject): Retraited => {
    const schema = schemas.find(identity.schemaId)
    if (schema === null) throw unknownSchema(identity.schemaId)
    const at = clock.now()
    const derivation = derive(schema, traits, identity, { random, at })
    return derivation.kind === 'invalid'
      ? { kind: 'invalid', messages: toFieldMessages(derivation.violations) }
      : { kind: 'changed', identity: { ...identity, ...derivation.derived, updatedAt: at } }
  }
