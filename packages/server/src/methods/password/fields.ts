import type { Json, JsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { inputNode } from '../../core/nodes.ts'

/** A field's text; anything else counts as missing, as an empty text does (ory-identity-api.md §1.6). */
export const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : '')

export const passwordField = (autocomplete: 'current-password' | 'new-password') =>
  inputNode({
    group: 'password',
    name: 'password',
    type: 'password',
    required: true,
    autocomplete,
    label: messages.password(),
  })

/** The stored hash; an identifier without a password has none. */
export const hashOf = (config: JsonObject | undefined) =>
  typeof config?.hashed_password === 'string' && config.hashed_password !== '' ? config.hashed_password : null

/** The password is one that another system knows, until it has confirmed it (ory-actions.md §4.12). */
export const isElsewhere = ({ use_password_migration_hook }: JsonObject) => use_password_migration_hook === true
