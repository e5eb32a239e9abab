import { Type } from 'typebox'
import type { Place } from '../../core/place.ts'

/**
 * One entry of a hook list, as far as every kind shares it. What may stand in which list, and each kind's own keys,
 * comes from the registry (`check-hooks.ts`, and `describe.ts` for editors).
 */
const entry = Type.Object(
  {
    hook: Type.String({ description: 'The kind of action.' }),
    config: Type.Optional(Type.Unknown({ description: 'Its own configuration.' })),
  },
  { description: 'An action.' },
)

/** A hook list in its place; the place is kept in the schema, so that every reader of the tree knows it. */
export const hookList = (place: Place) =>
  Type.Array(entry, { description: `Actions that run at ${place}, in this order.`, default: [], place })
