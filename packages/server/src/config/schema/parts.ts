import { type Static, type TProperties, type TSchema, type TSchemaOptions, Type } from 'typebox'
import { parseDuration } from '../../core/duration.ts'

// The words the tree is written in. A key with a default is never absent once the defaults are filled in, so its type
// says so; one without is optional. Marks beside JSON Schema: `need` is what an error says is allowed; `writeOnly` is a
// secret, which no error, log or print-out shows, and `secretPart` an address with a secret in it; `hint` is a format
// for editors, which we check ourselves; `open` is a group in which Ory lets anything stand: a key nobody knows there is
// an error in `safe` and said in `ory`.

/** A group of keys. It is there even if nobody wrote it, with the defaults of its keys. */
export const group = <P extends TProperties>(description: string, properties: P, more: TSchemaOptions = {}) =>
  Type.Object(properties, { additionalProperties: more['open'] === true, default: {}, description, ...more })

/** A group that means something by being there. */
export const optionalGroup = <P extends TProperties>(description: string, properties: P) =>
  Type.Optional(record(description, properties))

/** A group without a default: an entry of a list, or one that has to be written. */
export const record = <P extends TProperties>(description: string, properties: P, more: TSchemaOptions = {}) =>
  Type.Object(properties, { additionalProperties: more['open'] === true, description, ...more })

export const text = (description: string, more: TSchemaOptions & { default: string }) =>
  Type.String({ description, ...more })
export const optionalText = (description: string, more: TSchemaOptions = {}) =>
  Type.Optional(Type.String({ description, ...more }))

export const flag = (description: string, fallback: boolean) => Type.Boolean({ description, default: fallback })
export const optionalFlag = (description: string) => Type.Optional(Type.Boolean({ description }))

type Bounds = { readonly minimum?: number; readonly maximum?: number }
export const whole = (description: string, fallback: number, bounds: Bounds = {}) =>
  Type.Integer({ description, default: fallback, ...bounds })

export const choice = <V extends string[]>(description: string, values: readonly [...V], fallback: V[number]) =>
  Type.Enum(values, { description, default: fallback })
export const optionalChoice = <V extends string[]>(description: string, values: readonly [...V]) =>
  Type.Optional(Type.Enum(values, { description }))

export const list = <T extends TSchema>(description: string, items: T, fallback: readonly Static<T>[] = []) =>
  Type.Array(items, { description, default: fallback })
export const optionalList = <T extends TSchema>(description: string, items: T, more: TSchemaOptions = {}) =>
  Type.Optional(Type.Array(items, { description, ...more }))

const DURATION = {
  pattern: '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$',
  need: 'a duration such as 1h30m, 15s or 500ms',
}
export const duration = (description: string, fallback: string) =>
  Type.String({ description, default: fallback, ...DURATION })
export const optionalDuration = (description: string) => Type.Optional(Type.String({ description, ...DURATION }))
/** A span of time that has to be longer than nothing. */
export const positiveDuration = (description: string, fallback: string) =>
  Type.Refine(duration(description, fallback), (value) => (parseDuration(value) ?? 0) > 0)

const isRate = (text: string) => (parseDuration(text.slice(text.indexOf('/') + 1)) ?? 0) > 0
const RATE = {
  pattern: `^[1-9][0-9]{0,6}/${DURATION.pattern.slice(1)}`,
  need: 'how often and in how long, such as 10/15m',
}
/** Limits that hold all at once; none: no limit. */
export const rates = (description: string, fallback: readonly string[]) =>
  list(
    description,
    Type.Refine(Type.String(RATE), isRate, () => RATE.need),
    fallback,
  )

export const bytes = (description: string, fallback: string) =>
  Type.String({
    description,
    default: fallback,
    pattern: '^[0-9]+(B|KB|MB|GB|TB|PB|EB)$',
    need: 'an amount of memory such as 128MB',
  })

const isWebUrl = (value: string) => ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? '')
const WEB_URL = { hint: 'uri', need: 'an http or https URL' }
export const optionalWebUrl = (description: string) =>
  Type.Optional(Type.Refine(Type.String({ description, ...WEB_URL }), isWebUrl))
export const webUrl = (description: string) => Type.Refine(Type.String({ description, ...WEB_URL }), isWebUrl)

/** An absolute URL, or a path that is seen from the public address. */
export const returnUrl = (description: string) =>
  Type.Refine(
    Type.String({
      description,
      hint: 'uri-reference',
      need: 'an absolute URL, or a path such as /welcome',
    }),
    (value) => URL.canParse(value, 'http://localhost/') && value !== '',
  )
export const optionalReturnUrl = (description: string) => Type.Optional(returnUrl(description))

const RESOURCE = { need: 'file://PATH, base64://DATA, an http or https URL, or a plain path' }
export const resource = (description: string) => Type.String({ description, minLength: 1, ...RESOURCE })
export const optionalResource = (description: string) => Type.Optional(resource(description))

/** A secret: in clear, or `env://NAME`, or `file://PATH`. */
export const secret = (description: string, more: TSchemaOptions = {}) =>
  Type.String({ description, writeOnly: true, ...more })
export const optionalSecret = (description: string) => Type.Optional(secret(description))

const headerLines = (description: string, more: TSchemaOptions) =>
  Type.Record(
    Type.String(),
    Type.String({ writeOnly: true, pattern: '^[^\\r\\n\\u0000]*$', need: 'one line of text' }),
    { description, ...more },
  )
/** Whose values may be secrets: headers that calls carry. */
export const headers = (description: string) => headerLines(description, { default: {} })
/** Those of a group that takes what it leaves out from another one. */
export const optionalHeaders = (description: string) => Type.Optional(headerLines(description, {}))

/** How a call proves who it comes from. */
export const optionalCallAuth = () =>
  Type.Optional(
    Type.Union(
      [
        record('An API key.', {
          type: Type.Literal('api_key'),
          config: record('The key.', {
            name: Type.String({ description: 'The name of the header or cookie.' }),
            value: secret('The key itself.'),
            in: Type.Enum(['header', 'cookie'], { description: 'Where the key travels.' }),
          }),
        }),
        record('A user and a password.', {
          type: Type.Literal('basic_auth'),
          config: record('Who.', {
            user: Type.String({ description: 'The name of the user.' }),
            password: secret('Its password.'),
          }),
        }),
      ],
      { description: 'How the call proves who it comes from.' },
    ),
  )
