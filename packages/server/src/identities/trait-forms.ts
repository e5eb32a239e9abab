import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { inputNode } from '../core/nodes.ts'
import type { InputType, UiMessage, UiNode } from '../core/ui.ts'
import type { Naming, TraitForms } from '../flows/define.ts'
import { unknownSchema } from './build.ts'
import { type Keyword, readKeyword, resolve } from './keyword.ts'
import type { IdentitySchema, Schemas } from './schema.ts'
import { toFieldMessages } from './violations.ts'

/** What forms need to know of the schemas, the login form's label included. */
export type Forms = TraitForms & {
  /** The identifier's label: the trait's title where exactly one trait can be meant (ory-identity-api.md §5.1). */
  readonly identifierLabel: () => UiMessage
}

/** Forms made of identity schemas: their fields, what was typed into them, and what is wrong with it. */
export function createTraitForms(schemas: Schemas): Forms {
  const read = new Map<string, Form>()
  const find = (id: string | null): Form => {
    const schema = schemas.find(id)
    if (schema === null) throw unknownSchema(id)
    const form = read.get(schema.id) ?? readForm(schema)
    read.set(schema.id, form)
    return form
  }
  return {
    nodes: (schemaId) => find(schemaId).nodes,
    coerce: (schemaId, fields, encoding) => coerce(find(schemaId).traits, fields, encoding),
    validate: (schemaId, traits) => toFieldMessages(find(schemaId).schema.check(traits)),
    isSelectable: (schemaId) => {
      const schema = schemas.find(schemaId)
      return schema === null ? 'unknown' : schema.isSelectable ? 'yes' : 'no'
    },
    identifierLabel: () => find(null).identifierLabel,
    nameFields: (purpose, schemaId) => nameFields(find(schemaId).fields, purpose),
    nameFor: (purpose, schemaId, traits) => nameFor(find(schemaId).schema, purpose, traits),
  }
}

/** A schema's form, which is the same for everybody. */
type Form = {
  readonly schema: IdentitySchema
  readonly traits: JsonObject
  readonly fields: readonly TraitField[]
  readonly nodes: readonly UiNode[]
  readonly identifierLabel: UiMessage
}

function readForm(schema: IdentitySchema): Form {
  const traits = unfold(schema.document, { $ref: '#/properties/traits' }, []) ?? {}
  const fields = fieldsOf(traits, 'traits')
  return { schema, traits, fields, nodes: fields.flatMap(nodeOf), identifierLabel: identifierLabel(fields) }
}

/** A schema with what its references refer to in their place. What refers to itself ends there: null. */
function unfold(document: JsonObject, schema: Json | undefined, followed: readonly string[]): JsonObject | null {
  if (!isJsonObject(schema)) return {}
  const { $ref, properties, items } = schema
  if (typeof $ref === 'string') {
    return followed.includes($ref) ? null : unfold(document, resolve(document, $ref), [...followed, $ref])
  }
  return {
    ...schema,
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).flatMap(([name, sub]): [string, Json][] => {
              const unfolded = unfold(document, sub, followed)
              return unfolded === null ? [] : [[name, unfolded]]
            }),
          ),
        }
      : {}),
    ...(isJsonObject(items) ? { items: unfold(document, items, followed) ?? {} } : {}),
  }
}

type TraitField = { readonly name: string; readonly schema: JsonObject; readonly isRequired: boolean }

/** Every trait in the order of the schema, objects before what is in them. */
function fieldsOf(schema: JsonObject, prefix: string): readonly TraitField[] {
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : []
  return propertiesOf(schema).flatMap(([key, sub]) => {
    const name = `${prefix}.${key}`
    return [{ name, schema: sub, isRequired: required.includes(key) }, ...fieldsOf(sub, name)]
  })
}

const propertiesOf = ({ properties }: JsonObject): readonly (readonly [string, JsonObject])[] =>
  isJsonObject(properties)
    ? Object.entries(properties).map(([key, sub]) => [key, isJsonObject(sub) ? sub : {}] as const)
    : []

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

function identifierLabel(fields: readonly TraitField[]): UiMessage {
  const named = fields.filter(({ schema }) => readKeyword(schema)?.names === true)
  const [only] = named
  const title = only?.schema.title
  return named.length === 1 && only !== undefined && typeof title === 'string' && title !== ''
    ? messages.traitTitle(title, only.name)
    : messages.identifier()
}

/** Whether a trait names a person for this: a passkey is named by an identifier where nothing else is said (ory-identity-api.md §7.6). */
const isNaming = (keyword: Keyword, purpose: Naming, rest: readonly Keyword[]): boolean => {
  if (purpose === 'webauthn') return keyword.identifies.includes('webauthn')
  const isMarked = (each: Keyword) => each.labels.includes(purpose)
  return isMarked(keyword) || (purpose === 'passkey' && !rest.some(isMarked) && keyword.identifies.includes('webauthn'))
}

function nameFields(fields: readonly TraitField[], purpose: Naming): readonly string[] {
  const marked = fields.flatMap(({ name, schema }) => {
    const keyword = readKeyword(schema)
    return keyword === null ? [] : [{ name, keyword }]
  })
  const keywords = marked.map(({ keyword }) => keyword)
  return marked.filter(({ keyword }) => isNaming(keyword, purpose, keywords)).map(({ name }) => name)
}

function nameFor(schema: IdentitySchema, purpose: Naming, traits: JsonObject): string | null {
  const marked = schema.marked(traits)
  const keywords = marked.map(({ keyword }) => keyword)
  const texts = marked
    .filter(({ keyword }) => isNaming(keyword, purpose, keywords))
    .flatMap(({ value }) => (typeof value === 'string' && value !== '' ? [value] : []))
  return texts[0] ?? null
}

/** Typed traits from a form; trait objects are there even where nothing was typed into them (ory-identity-api.md §1.6). */
function coerce(schema: JsonObject, fields: JsonObject, encoding: 'json' | 'form'): JsonObject {
  const { traits = {} } = fields
  return isJsonObject(traits) ? { ...fields, traits: typed(schema, traits, encoding) } : fields
}

function typed(schema: JsonObject, value: Json, encoding: 'json' | 'form'): Json {
  if (isObjectSchema(schema) && isJsonObject(value)) {
    const known = new Map(propertiesOf(schema))
    const given = Object.entries(value).map(([name, item]): [string, Json] => {
      const sub = known.get(name)
      return [name, sub === undefined ? item : typed(sub, item, encoding)]
    })
    const missing = [...known].filter(([name, sub]) => isObjectSchema(sub) && !Object.hasOwn(value, name))
    return Object.fromEntries([
      ...given,
      ...missing.map(([name, sub]): [string, Json] => [name, typed(sub, {}, encoding)]),
    ])
  }
  if (encoding === 'json') return value
  if (typesOf(schema).includes('array') && isJsonObject(value)) {
    const items = isJsonObject(schema.items) ? schema.items : {}
    return listOf(value)?.map((item) => typed(items, item, encoding)) ?? value
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
