import type { ErrorObject } from 'ajv'
import { isJsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import type { UiMessage } from '../core/ui.ts'

type Described = { readonly text: string; readonly message?: UiMessage }
type Wrong = { readonly params: ErrorObject['params']; readonly value: unknown; readonly group: readonly ErrorObject[] }

const said = (message: UiMessage): Described => ({ text: message.text, message })

/** What the validator found, in Ory's words; the errors of one sentence come as a group. */
export const describe = ({ keyword, params, data, message }: ErrorObject, group: readonly ErrorObject[]): Described =>
  DESCRIBE[keyword]?.({ params, value: data, group }) ?? { text: message ?? `${keyword} failed` }

const quoted = (value: unknown) => JSON.stringify(value) ?? 'null'
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
