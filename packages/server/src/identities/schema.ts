import { Ajv, type ErrorObject } from 'ajv'
import { RE2JS } from 're2js'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import type { SchemaSource } from '../core/settings.ts'
import { formats, isEmail } from './formats.ts'
import { KEYWORD, KEYWORD_SCHEMA, type Marked, markedIn } from './keyword.ts'
import { normalisePhone } from './normalise.ts'
import { forbiddenKey, readViolations, refused, type Violation } from './violations.ts'

/** An identity schema, compiled once: its document, and what it says about traits. */
export type IdentitySchema = {
  readonly id: string
  readonly document: JsonObject
  readonly isSelectable: boolean
  /** What the JSON Schema alone finds: enough to refuse a form early. */
  check(traits: Json): readonly Violation[]
  /** The same and what Ory's keywords ask for: what is to be stored has passed this. */
  checkAll(traits: Json): readonly Violation[]
  /** Traits that identify a person or reach one. */
  marked(traits: Json): readonly Marked[]
}

export type Schemas = {
  /** By id, plain or base64url as in `schema_url`; null stands for the default schema. */
  find(id: string | null): IdentitySchema | null
}

type SchemaSettings = { readonly defaultSchemaId: string; readonly schemas: readonly SchemaSource[] }

/** Compiles all schemas of a configuration; one that can't be used is a ConfigError that says where and why. */
export function createSchemas({ defaultSchemaId, schemas }: SchemaSettings): Schemas {
  const compiled = new Map<string, IdentitySchema>()
  const problems: ConfigProblem[] = []
  for (const [i, source] of schemas.entries()) {
    try {
      compiled.set(source.id, compile(source, source.selfserviceSelectable || source.id === defaultSchemaId))
    } catch (error) {
      const need =
        error instanceof RangeError
          ? 'a schema whose references do not lead back to themselves'
          : error instanceof Error
            ? error.message
            : String(error)
      problems.push({ key: `identity.schemas[${i}] ("${source.id}")`, got: source.url.slice(0, 200), need })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    find: (id) => compiled.get(id ?? defaultSchemaId) ?? compiled.get(decodeId(id ?? '')) ?? null,
  }
}

const decodeId = (id: string) => Buffer.from(id, 'base64url').toString()

function compile({ id, document }: SchemaSource, isSelectable: boolean): IdentitySchema {
  checkKeywords(document)
  const ajv = createAjv()
  const validate = ajv.compile(prepare(document))
  const check = (traits: Json): readonly Violation[] => {
    const hidden = forbiddenKey(traits)
    if (hidden !== null) {
      const reason = messages.reason('additionalProperties "__proto__" not allowed')
      return [refused(['traits', ...hidden], ['properties', 'traits', 'additionalProperties'], reason)]
    }
    return validate({ traits }) ? [] : readViolations(errorsOf(validate.errors))
  }
  const marked = (traits: Json) => markedIn(document, { traits })
  return {
    id,
    document,
    isSelectable,
    check,
    marked,
    checkAll: (traits) => [...check(traits), ...(isJsonObject(traits) ? marked(traits).flatMap(checkMarked) : [])],
  }
}

const errorsOf = (errors: readonly ErrorObject[] | null | undefined) => errors ?? []

/** Patterns run on RE2, as in Ory: their time grows with the text and nothing else, whoever wrote them. */
const re2 = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    return { test: (text: string) => compiled.test(text) }
  },
  { code: 're2' },
)

const createAjv = () =>
  new Ajv({
    allErrors: true,
    // Errors tell the value, so that messages can.
    verbose: true,
    messages: false,
    strict: false,
    logger: false,
    // `toString` is nobody's trait unless somebody sent it.
    ownProperties: true,
    multipleOfPrecision: 12,
    code: { regExp: re2 },
    formats: { ...formats },
  })

/** draft-07 and what came before it, in the spelling of draft-07 (ory-identity-api.md §9.1). */
function prepare(document: JsonObject): JsonObject {
  const draft = typeof document.$schema === 'string' ? document.$schema : 'http://json-schema.org/draft-07/schema#'
  const version = /^https?:\/\/json-schema\.org\/draft-0([467])\/schema#?$/.exec(draft)?.[1]
  if (version === undefined) throw new Error(`a JSON Schema of draft-07, draft-06 or draft-04, not "${draft}"`)
  const { $schema: _, ...plain } = document
  if (!isJsonObject(document.properties) || !isJsonObject(document.properties.traits)) {
    throw new Error('properties.traits, which says what the traits of an identity look like')
  }
  return version === '4' ? modernise(plain) : plain
}

/** draft-04 said `exclusiveMinimum: true` beside `minimum`, and `id` for `$id`. */
function modernise(schema: JsonObject): JsonObject {
  const { exclusiveMinimum, exclusiveMaximum, minimum, maximum, id, ...rest } = schema
  const limit = (name: string, value: Json | undefined, exclusive: Json | undefined, exclusiveName: string) =>
    value === undefined ? {} : { [exclusive === true ? exclusiveName : name]: deeper(value) }
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]): [string, Json] => [name, deeper(value)])),
    ...limit('minimum', minimum, exclusiveMinimum, 'exclusiveMinimum'),
    ...limit('maximum', maximum, exclusiveMaximum, 'exclusiveMaximum'),
    ...(id === undefined || typeof id === 'string' ? {} : { id: deeper(id) }),
  }
}

const deeper = (value: Json): Json => (isJsonObject(value) ? modernise(value) : value)

const checkKeyword = (value: Json) => {
  const ajv = new Ajv({ allErrors: true })
  const validate = ajv.compile(KEYWORD_SCHEMA)
  return validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: KEYWORD })
}

/** Every place where the keyword stands, whatever leads there. */
function checkKeywords(node: Json, path = '#'): void {
  if (typeof node !== 'object' || node === null) return
  for (const [name, value] of Object.entries(node)) {
    if (name !== KEYWORD || !isJsonObject(node)) {
      checkKeywords(value, `${path}/${name}`)
      continue
    }
    const problem = checkKeyword(value)
    if (problem !== null) throw new Error(`${problem} (at ${path})`)
    if (isSmsWithoutFormat(node)) {
      throw new Error(`"format": "tel" (or "no-validate") beside verification.via "sms" (at ${path})`)
    }
  }
}

const isSmsWithoutFormat = (schema: JsonObject) => {
  const keyword = schema[KEYWORD]
  const verification = isJsonObject(keyword) ? keyword.verification : null
  return isJsonObject(verification) && verification.via === 'sms' && typeof schema.format !== 'string'
}

/** Longer ones find no room in an index, and no mail server takes them. */
const LONGEST_IDENTIFIER = 255

/** What the keyword asks of a value beyond its schema: an address that can be written to. */
function checkMarked({ keyword, value, path, schemaPath }: Marked): readonly Violation[] {
  if (typeof value !== 'string') return []
  const { identifies, verifiedVia, recoveredVia, codeVia, format } = keyword
  const channels = new Set([verifiedVia, recoveredVia, identifies.includes('code') ? codeVia : null])
  const wrong = (message: Parameters<typeof refused>[2], text?: string) => [refused(path, schemaPath, message, text)]

  if (channels.has('email') && (format === null || format === 'email') && !isEmail(value)) {
    return wrong(messages.emailInvalid(value), mailError(value))
  }
  if (channels.has('sms') && (format === null || format === 'tel') && normalisePhone(value) === null) {
    return wrong(messages.phoneInvalid(value), `${JSON.stringify(value)} is not a valid phone number`)
  }
  const isKept = identifies.length > 0 || verifiedVia !== null || recoveredVia !== null
  const length = Array.from(value).length
  return isKept && length > LONGEST_IDENTIFIER ? wrong(messages.tooLong(LONGEST_IDENTIFIER, length)) : []
}

const mailError = (value: string) => (value.includes('@') ? 'mail: invalid address' : "mail: missing '@' or angle-addr")
