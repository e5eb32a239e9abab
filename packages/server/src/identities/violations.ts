import type { ErrorObject } from 'ajv'
import { isJsonObject, type Json } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import type { FieldMessage, UiMessage } from '../core/ui.ts'

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
    return { path, schemaPath, text: `missing properties: ${missing.map(quoted).join(', ')}`, told }
  }
  const { text, message } = describe(error, group)
  return { path, schemaPath, text, told: [{ field, message: message ?? messages.reason(text) }] }
}

const unescape = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
const quoted = (value: unknown) => JSON.stringify(value) ?? 'null'

type Described = { readonly text: string; readonly message?: UiMessage }
type Wrong = { readonly params: ErrorObject['params']; readonly value: unknown; readonly group: readonly ErrorObject[] }

const said = (message: UiMessage): Described => ({ text: message.text, message })

const describe = ({ keyword, params, data, message }: ErrorObject, group: readonly ErrorObject[]): Described =>
  DESCRIBE[keyword]?.({ params, value: data, group }) ?? { text: message ?? `${keyword} failed` }

const length = (value: unknown) => (typeof value === 'string' ? Array.from(value).length : 0)
const size = (value: unknown) => (Array.isArray(value) ? value.length : 0)
const number = (value: unknown) => (typeof value === 'number' ? value : Number.NaN)
const properties = (value: unknown) => (isJsonObject(value) ? Object.keys(value).length : 0)

/** One line a keyword (ory-identity-api.md §6, after the table). */
const DESCRIBE: { readonly [keyword: string]: (wrong: Wrong) => Described } = {
  type: ({ params, value }) => said(messages.wrongType([params.type].flat().map(String), typeName(value))),
  const: ({ params: { allowedValue } }) =>
    typeof allowedValue === 'object' && allowedValue !== null
      ? said(messages.constantFailed())
      : { text: `value must be ${quoted(allowedValue)}`, message: messages.notConstant(allowedValue) },
  enum: ({ params }) => ({ text: `value must be one of ${params.allowedValues.map(quoted).join(', ')}` }),
  format: ({ params: { format }, value }) => ({
    text: `${quoted(value)} is not valid ${quoted(format)}`,
    ...(format === 'email' ? { message: messages.emailInvalid(String(value)) } : {}),
    ...(format === 'tel' ? { message: messages.phoneInvalid(String(value)) } : {}),
  }),
  not: () => ({ text: 'not failed' }),
  anyOf: () => ({ text: 'anyOf failed' }),
  oneOf: ({ params: { passingSchemas } }) => ({
    text: Array.isArray(passingSchemas)
      ? `valid against schemas at indexes ${passingSchemas.join(' and ')}`
      : 'oneOf failed',
  }),
  if: ({ params }) => ({ text: `if-${params.failingKeyword} failed` }),
  'false schema': () => ({ text: 'always fail' }),
  minProperties: ({ params, value }) => ({
    text: `minimum ${params.limit} properties allowed, but found ${properties(value)} properties`,
  }),
  maxProperties: ({ params, value }) => ({
    text: `maximum ${params.limit} properties allowed, but found ${properties(value)} properties`,
  }),
  additionalProperties: ({ group }) => ({
    text: `additionalProperties ${group.map(({ params }) => quoted(params.additionalProperty)).join(', ')} not allowed`,
  }),
  propertyNames: ({ params }) => ({ text: `property name ${quoted(params.propertyName)} is not allowed` }),
  dependencies: ({ params }) => ({
    text: `property ${quoted(params.missingProperty)} is required, if ${quoted(params.property)} property exists`,
  }),
  minItems: ({ params, value }) => said(messages.tooFewItems(params.limit, size(value))),
  maxItems: ({ params, value }) => said(messages.tooManyItems(params.limit, size(value))),
  uniqueItems: ({ params }) => said(messages.equalItems(params.j, params.i)),
  additionalItems: ({ params, value }) => ({
    text: `only ${params.limit} items are allowed, but found ${size(value)} items`,
  }),
  contains: () => ({ text: 'contains failed' }),
  minLength: ({ params, value }) => said(messages.tooShort(params.limit, length(value))),
  maxLength: ({ params, value }) => said(messages.tooLong(params.limit, length(value))),
  pattern: ({ params }) => said(messages.patternMismatch(params.pattern)),
  minimum: ({ params, value }) => said(messages.belowMinimum(params.limit, number(value))),
  exclusiveMinimum: ({ params, value }) => said(messages.notAboveMinimum(params.limit, number(value))),
  maximum: ({ params, value }) => said(messages.aboveMaximum(params.limit, number(value))),
  exclusiveMaximum: ({ params, value }) => said(messages.notBelowMaximum(params.limit, number(value))),
  multipleOf: ({ params, value }) => said(messages.notMultipleOf(params.multipleOf, number(value))),
}

const typeName = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

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

/** A value nobody may send, at the place where it was sent. */
export const refused = (path: readonly string[], schemaPath: readonly string[], message: UiMessage, text?: string) => ({
  path,
  schemaPath,
  text: text ?? message.text,
  told: [{ field: path.join('.'), message }],
})

/** For an administrator: the tree in which Ory's validator prints it. */
export function toText(violations: readonly Violation[]): string {
  const tree = violations.length === 0 ? null : print(treeOf(violations, [], []))
  return tree ?? ''
}

type Tree = {
  readonly path: readonly string[]
  readonly schemaPath: readonly string[]
  readonly text: string
  readonly causes: readonly Tree[]
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

const rank = (keyword: string | undefined) => {
  const found = keyword === undefined ? -1 : ORDER.indexOf(keyword)
  return found === -1 ? ORDER.length : found
}

function treeOf(all: readonly Violation[], path: readonly string[], schemaPath: readonly string[]): Tree {
  const sorted = all.toSorted((a, b) => rank(a.schemaPath[schemaPath.length]) - rank(b.schemaPath[schemaPath.length]))
  const groups = Map.groupBy(sorted, (violation) => {
    const step = stepOf(violation, path.length, schemaPath.length)
    return step === null ? violation : JSON.stringify(step)
  })
  const causes = [...groups.values()].flatMap((group): Tree[] => {
    const [first] = group
    if (first === undefined) return []
    const step = stepOf(first, path.length, schemaPath.length)
    if (step === null) return group.map(({ path, schemaPath, text }) => ({ path, schemaPath, text, causes: [] }))
    const place = { path: [...path, ...step.names], schemaPath: [...schemaPath, ...step.keywords] }
    const below = treeOf(group, place.path, place.schemaPath)
    const wrapped = WRAPPED.get(step.keywords[0] ?? '')
    if (wrapped === undefined) return [below]
    // The branches of `anyOf` stand side by side, the parts of one schema under a line of their own.
    const isBranches = below.causes.length > 0 && below.schemaPath.length === place.schemaPath.length
    const sideBySide = isBranches && (step.keywords[0] === 'anyOf' || step.keywords[0] === 'oneOf')
    return [{ ...place, text: wrapped, causes: sideBySide ? below.causes : [below] }]
  })
  const [only] = causes
  return causes.length === 1 && only !== undefined ? only : { path, schemaPath, text: 'validation failed', causes }
}

const WRAPPED = new Map([
  ['allOf', 'allOf failed'],
  ['anyOf', 'anyOf failed'],
  ['oneOf', 'oneOf failed'],
  ['contains', 'contains failed'],
  ['then', 'if-then failed'],
  ['else', 'if-else failed'],
])

type Step = { readonly keywords: readonly string[]; readonly names: readonly string[] }

/** The way from one schema to the next below it, or null if the violation is of this very schema. */
function stepOf({ path, schemaPath }: Violation, depth: number, schemaDepth: number): Step | null {
  const [keyword, next] = schemaPath.slice(schemaDepth)
  const name = path.slice(depth, depth + 1)
  if (keyword === undefined || next === undefined) return null
  switch (keyword) {
    case 'properties':
    case 'patternProperties':
      return { keywords: [keyword, next], names: name }
    case 'items':
      return { keywords: /^\d+$/.test(next) ? [keyword, next] : [keyword], names: name }
    case 'additionalProperties':
    case 'additionalItems':
    case 'contains':
      return { keywords: [keyword], names: name }
    case 'allOf':
    case 'dependencies':
      return { keywords: [keyword, next], names: [] }
    case 'anyOf':
    case 'oneOf':
    case 'then':
    case 'else':
    case 'propertyNames':
      return { keywords: [keyword], names: [] }
    default:
      // The branches of `anyOf` and `oneOf` are numbered.
      return /^\d+$/.test(keyword) ? { keywords: [keyword], names: [] } : null
  }
}

function print({ path, schemaPath, text, causes }: Tree): string {
  const instance = ['#', ...path.map(escape)].join('/')
  const lines = causes.flatMap((cause) =>
    print(cause)
      .split('\n')
      .map((line) => `  ${line}`),
  )
  return [`I[${instance}] S[${['#', ...schemaPath].join('/')}] ${text}`, ...lines].join('\n')
}

const escape = (step: string) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))

/** A key that would reach behind an object instead of into it; null where there is none. */
export function forbiddenKey(value: Json, path: readonly string[] = []): readonly string[] | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [name, item] of Object.entries(value)) {
    const found = name === '__proto__' ? path : forbiddenKey(item, [...path, name])
    if (found !== null) return found
  }
  return null
}
