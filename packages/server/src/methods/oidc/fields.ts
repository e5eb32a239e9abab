import type { Json } from '../../core/json.ts'

/** A field's text; anything else counts as missing (ory-identity-api.md §1.6). */
export const textOf = (value: Json | undefined) => (typeof value === 'string' ? value.trim() : '')
