import type { ErrorObject } from 'ajv'
import type { Json } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import type { FieldMessage, UiMessage } from '../core/ui.ts'
import { describe } from './describe-violation.ts'

/** One thing that is wrong with an identity: for a person beside a field, for an administrator in a sentence. */
export type Violation = {
  /** From the root: `['traits', 'email']`. */
  readonly path: readonly string[]
  /** Tokens of the place in the schema, its keyword last. Escaped as in a pointer. */
  readonly schemaPath: readonly string[]
  /** The validator's own words (Ory's, as its clients read them). */
  readonly text: string
  readonly told: readonly FieldMessage[]
}

/** More than this is nothing a person reads, and a list of a million wrong items shall not make a million fields. */
const MOST = 100

/** What the validator found, in Ory's words and order. */
export function readViolations(errors: readonly ErrorObject[]): readonly Violation[] {
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(nodeOf))
  const relevant = errors.filter(
    (error) =>
      // A value of the wrong type is wrong in nothing else.
      (error.keyword === 'type' || !mistyped.has(nodeOf(error))) && !isExplained(error, errors),
  )
  const grouped = Map.groupBy(relevant, (error) =>
    LISTED.has(error.keyword) ? `${error.schemaPath} ${error.instancePath}` : error,
  )
  return [...grouped.values()].slice(0, MOST).flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [violationOf(first, group)]
  })
}

const nodeOf = ({ instancePath, schemaPath }: ErrorObject) =>
  `${schemaPath.slice(0, schemaPath.lastIndexOf('/'))} ${instancePath}`

/** Keywords of which several errors are one sentence. */
const LISTED = new Set(['required', 'additionalProperties'])

/** `anyOf` and its like say no more than what their branches said already. */
const isExplained = ({ keyword, schemaPath, instancePath }: ErrorObject, errors: readonly ErrorObject[]) => {
  const node = schemaPath.slice(0, -keyword.length)
  const branches =
    keyword === 'if' ? ['then', 'else'] : ['anyOf', 'oneOf', 'contains'].includes(keyword) ? [keyword] : []
  return branches.some((branch) =>
    errors.some(
      (other) => other.schemaPath.startsWith(`${node}${branch}/`) && other.instancePath.startsWith(instancePath),
    ),
  )
}

function violationOf(error: ErrorObject, group: readonly ErrorObject[]): Violation {
  const path = error.instancePath.split('/').slice(1).map(unescape)
  const schemaPath = error.schemaPath.split('/').slice(1)
  const field = path.join('.')
  if (error.keyword === 'required') {
    const missing = group.map(({ params }) => String(params.missingProperty))
    const told = missing.map((name) => ({
      field: [...path, name].join('.'),
      message: messages.propertyMissing(name),
    }))
    return {
      path,
      schemaPath,
      text: `missing properties: ${missing.map((name) => JSON.stringify(name)).join(', ')}`,
      told,
    }
  }
  const { text, message } = describe(error, group)
  return { path, schemaPath, text, told: [{ field, message: message ?? messages.reason(text) }] }
}

const unescape = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')

/** For a form: each message with its field, in the order in which Ory's validator finds them, none of them twice. */
export function toFieldMessages(violations: readonly Violation[]): readonly FieldMessage[] {
  const seen = new Set<string>()
  return violations
    .toSorted((a, b) => rank(a.schemaPath.at(-1)) - rank(b.schemaPath.at(-1)))
    .flatMap(({ told }) => told)
    .filter(({ field, message }) => {
      const key = JSON.stringify([field, message.id, message.text])
      return !seen.has(key) && seen.add(key)
    })
}

/** The order in which Ory's validator goes through a schema; what it does not know, our own keyword, comes last. */
const ORDER = [
  'type',
  'const',
  'enum',
  'format',
  'not',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'then',
  'else',
  'minProperties',
  'maxProperties',
  'required',
  'properties',
  'propertyNames',
  'patternProperties',
  'additionalProperties',
  'dependencies',
  'minItems',
  'maxItems',
  'uniqueItems',
  'items',
  'additionalItems',
  'contains',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
]

/** Where in that order a keyword stands. */
export const rank = (keyword: string | undefined) => {
  const found = keyword === undefined ? -1 : ORDER.indexOf(keyword)
  return found === -1 ? ORDER.length : found
}

/** A value nobody may send, at the place where it was sent. */
export const refused = (path: readonly string[], schemaPath: readonly string[], message: UiMessage, text?: string) => ({
  path,
  schemaPath,
  text: text ?? message.text,
  told: [{ field: path.join('.'), message }],
})

/** A key that would reach behind an object instead of into it; null where there is none. */
export function forbiddenKey(value: Json, path: readonly string[] = []): readonly string[] | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [name, item] of Object.entries(value)) {
    const found = name === '__proto__' ? path : forbiddenKey(item, [...path, name])
    if (found !== null) return found
  }
  return null
}
