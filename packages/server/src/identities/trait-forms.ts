import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { inputNode } from '../core/nodes.ts'
import type { InputType, UiMessage, UiNode } from '../core/ui.ts'
import type { TraitForms } from '../flows/define.ts'
import { unknownSchema } from './build.ts'
import { readKeyword, resolve } from './keyword.ts'
import type { IdentitySchema, Schemas } from './schema.ts'
import { toFieldMessages } from './violations.ts'

/** What forms need to know of the schemas, the login form's label included. */
export type Forms = TraitForms & {
  /** The identifier's label: the trait's title where exactly one trait can be meant (ory-identity-api.md §5.1). */
  readonly identifierLabel: () => UiMessage
}

/** Forms made of identity schemas: their fields, what was typed into them, and what is wrong with it. */
export function createTraitForms(schemas: Schemas): Forms {
  const find = (id: string | null): IdentitySchema => {
    const schema = schemas.find(id)
    if (schema === null) throw unknownSchema(id)
    return schema
  }
  return {
    nodes: (schemaId) => fieldsOf(find(schemaId).document).flatMap(nodeOf),
    coerce: (schemaId, fields, encoding) => coerce(find(schemaId).document, fields, encoding),
    validate: (schemaId, traits) => toFieldMessages(find(schemaId).check(traits)),
    isSelectable: (schemaId) => {
      const schema = schemas.find(schemaId)
      return schema === null ? 'unknown' : schema.isSelectable ? 'yes' : 'no'
    },
    identifierLabel: () => identifierLabel(find(null).document),
  }
}

type TraitField = { readonly name: string; readonly schema: JsonObject; readonly isRequired: boolean }

/** Deeper than any form is meant to go; stops a schema that refers to itself. */
const DEEPEST = 16

/** Every trait in the order of the schema, objects before what is in them. */
const fieldsOf = (document: JsonObject): readonly TraitField[] => {
  const properties = isJsonObject(document.properties) ? document.properties : {}
  return below(document, plain(document, properties.traits), 'traits', 0)
}

const below = (document: JsonObject, schema: JsonObject, prefix: string, depth: number): readonly TraitField[] => {
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : []
  if (depth > DEEPEST) return []
  return propertiesOf(document, schema).flatMap(([key, sub]) => {
    const name = `${prefix}.${key}`
    return [{ name, schema: sub, isRequired: required.includes(key) }, ...below(document, sub, name, depth + 1)]
  })
}

const propertiesOf = (document: JsonObject, schema: JsonObject): readonly (readonly [string, JsonObject])[] =>
  isJsonObject(schema.properties)
    ? Object.entries(schema.properties).map(([key, sub]) => [key, plain(document, sub)])
    : []

/** A schema without the reference it may be behind. */
function plain(document: JsonObject, schema: Json | undefined): JsonObject {
  let found = schema
  for (let i = 0; i < DEEPEST && isJsonObject(found) && typeof found.$ref === 'string'; i++) {
    found = resolve(document, found.$ref)
  }
  return isJsonObject(found) ? found : {}
}

const typesOf = ({ type }: JsonObject): readonly unknown[] => (Array.isArray(type) ? type : [type])
const isObjectSchema = (schema: JsonObject) => typesOf(schema).includes('object') || isJsonObject(schema.properties)

/** Beyond this a list of choices is no longer one (ory-identity-api.md §4.2). */
const MOST_OPTIONS = 500

function nodeOf({ name, schema, isRequired }: TraitField): readonly UiNode[] {
  if (isObjectSchema(schema)) return []
  const type = inputType(schema)
  const title = typeof schema.title === 'string' ? schema.title : ''
  const choices: readonly Json[] = Array.isArray(schema.enum) && schema.enum.length <= MOST_OPTIONS ? schema.enum : []
  return [
    inputNode({
      group: 'default',
      name,
      type,
      required: isRequired,
      ...(type === 'email' || type === 'tel' || type === 'url' ? { autocomplete: type } : {}),
      ...(typeof schema.pattern === 'string' ? { pattern: schema.pattern } : {}),
      ...(choices.length === 0 ? {} : { options: choices.map((value) => ({ value })) }),
      ...(title === '' ? {} : { label: messages.traitTitle(title, name) }),
    }),
  ]
}

const BY_FORMAT: { readonly [format: string]: InputType | undefined } = {
  email: 'email',
  tel: 'tel',
  date: 'date',
  'date-time': 'datetime-local',
  uri: 'url',
}

function inputType(schema: JsonObject): InputType {
  const types = typesOf(schema)
  if (types.includes('boolean') || typeof schema.const === 'boolean') return 'checkbox'
  if (types.includes('integer') || types.includes('number')) return 'number'
  return (typeof schema.format === 'string' ? BY_FORMAT[schema.format] : undefined) ?? 'text'
}

function identifierLabel(document: JsonObject): UiMessage {
  const named = fieldsOf(document).filter(({ schema }) => readKeyword(schema)?.names === true)
  const [only] = named
  const title = only?.schema.title
  return named.length === 1 && only !== undefined && typeof title === 'string' && title !== ''
    ? messages.traitTitle(title, only.name)
    : messages.identifier()
}

/** Typed traits from a form; trait objects are there even where nothing was typed into them (ory-identity-api.md §1.6). */
function coerce(document: JsonObject, fields: JsonObject, encoding: 'json' | 'form'): JsonObject {
  const { traits = {} } = fields
  if (!isJsonObject(traits)) return fields
  const properties = isJsonObject(document.properties) ? document.properties : {}
  return { ...fields, traits: typed({ document, encoding, depth: 0 }, plain(document, properties.traits), traits) }
}

type Coercion = { readonly document: JsonObject; readonly encoding: 'json' | 'form'; readonly depth: number }

function typed(coercion: Coercion, schema: JsonObject, value: Json): Json {
  const { document, encoding, depth } = coercion
  if (depth > DEEPEST) return value
  const next = { ...coercion, depth: depth + 1 }
  if (isObjectSchema(schema) && isJsonObject(value)) {
    const known = new Map(propertiesOf(document, schema))
    const missing = [...known].filter(([name, sub]) => isObjectSchema(sub) && !Object.hasOwn(value, name))
    const given = Object.entries(value).map(([name, item]): [string, Json] => {
      const sub = known.get(name)
      return [name, sub === undefined ? item : typed(next, sub, item)]
    })
    return Object.fromEntries([...given, ...missing.map(([name, sub]): [string, Json] => [name, typed(next, sub, {})])])
  }
  if (encoding === 'json') return value
  if (typesOf(schema).includes('array') && isJsonObject(value)) {
    return listOf(value)?.map((item) => typed(next, plain(document, schema.items), item)) ?? value
  }
  return typeof value === 'string' ? parsed(typesOf(schema), value) : value
}

/** `traits.tags.0`, `traits.tags.1` are a list; anything with a gap or a name is not. */
function listOf(value: JsonObject): readonly Json[] | null {
  const items = Object.keys(value).map((_, i) => value[String(i)])
  return items.every((item) => item !== undefined) ? items : null
}

function parsed(types: readonly unknown[], text: string): Json {
  if (types.includes('string')) return text
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  const isNumeric = types.includes('number') || types.includes('integer')
  if (isNumeric && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))) return Number(text)
  return text
}
