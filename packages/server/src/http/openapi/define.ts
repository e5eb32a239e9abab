import { type TProperties, type TSchema, Type } from 'typebox'

/** What the API documents say about a route. Paths, and the parameters in them, come from the route itself. */
export type Operation = {
  /** As Ory's SDKs name it, where they know it. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly query?: { readonly [name: string]: Parameter }
  readonly headers?: { readonly [name: string]: Parameter }
  readonly body?: Content & { readonly required?: false }
  /** By status; every other one is an error in the API's usual shape. */
  readonly answers: { readonly [status: number]: Told }
}

/** Operations by the name of their route: `GET /sessions/:id`. */
export type Operations = { readonly [route: string]: Operation }

type Parameter = { readonly description: string; readonly schema: TSchema; readonly required?: true }

/** What a body may be: the same in every media type, JSON where none is named. */
type Content = { readonly schema: TSchema; readonly media?: readonly [string, ...string[]] }

type Told = { readonly description: string; readonly headers?: Headers } & Partial<Content>
type Headers = { readonly [name: string]: string }

export type Schemas = { readonly [name: string]: TSchema }

/** One of the document's own schemas. */
export const ref = (name: string): TSchema => Type.Ref(`#/components/schemas/${name}`)

/** An object that holds nothing but this: whatever else it said would be a promise nobody knows of. */
export const exactly = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false })

export const optional = Type.Optional
export const listOf = (schema: TSchema) => Type.Array(schema)
export const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
export const oneOf = (...values: readonly string[]) => Type.Enum([...values])
export const text = () => Type.String()
export const flag = () => Type.Boolean()
export const count = () => Type.Integer({ minimum: 0 })
export const uuid = () => Type.String({ format: 'uuid' })
export const moment = () => Type.String({ format: 'date-time' })
/** Any JSON object. */
export const object = () => Type.Object({})
/** Any JSON at all. */
export const json = () => Type.Unknown()

export const parameter = (description: string, schema: TSchema = text()): Parameter => ({ description, schema })
export const required = (description: string, schema: TSchema = text()): Parameter => ({
  description,
  schema,
  required: true,
})

/** What a list that is paged by key can be asked, and what its answer says of the other pages. */
export const byKey = {
  page_size: parameter('How many are on a page: 250 where nothing is said.', count()),
  page_token: parameter('The page, as a Link of another page names it.'),
}
export const links = { Link: 'Where the first and the next page are (RFC 8288).' }

export const ok = (description: string, schema: TSchema, headers?: Headers): Told => ({
  description,
  schema,
  ...(headers === undefined ? {} : { headers }),
})
export const nothing = (description: string): Told => ({ description })
export const page = (description: string): Told => ({ description, schema: text(), media: ['text/html'] })
export const sentOn = (description: string): Told => ({ description, headers: { Location: 'Where to go on.' } })
