import type { Clock, Random } from '../core/time.ts'
import type { Retrait } from '../flows/define.ts'
import { unknownSchema } from './build.ts'
import { derive } from './derive.ts'
import type { Schemas } from './schema.ts'
import { toFieldMessages } from './violations.ts'

type Deps = { readonly schemas: Schemas; readonly random: Pick<Random, 'rowId'>; readonly clock: Clock }

/** Gives an identity other traits, and all that follows from them: identifiers and addresses. */
export const createRetrait =
  ({ schemas, random, clock }: Deps): Retrait =>
  (identity, traits) => {
    const schema = schemas.find(identity.schemaId)
    if (schema === null) throw unknownSchema(identity.schemaId)
    const at = clock.now()
    const derivation = derive(schema, traits, identity, { random, at })
    if (derivation.kind === 'invalid') return { kind: 'invalid', messages: toFieldMessages(derivation.violations) }
    return { kind: 'changed', identity: { ...identity, ...derivation.derived, updatedAt: at } }
  }
