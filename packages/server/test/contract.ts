import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts'
import { at } from './http-client.ts'
import { textIn } from './somebody.ts'

/** One answer of a server, as it was heard. */
export type Heard = {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly type: string
  readonly text: string
}

/** An API as its OpenAPI document promises it, to be held against what a server really says. */
export type Contract = {
  /** What is wrong with an answer; nothing where it keeps the promise. */
  check(heard: Heard): readonly string[]
  /** Every operation, by its id. */
  readonly operations: readonly string[]
  /** Operations that were answered with something of their own, not only with an error. */
  readonly fulfilled: Set<string>
}

type Promised = {
  readonly id: string
  readonly method: string
  readonly pattern: RegExp
  readonly responses: JsonObject
}

/** A document's schemas in Ajv, with the two formats they use. */
export function schemasOf(document: JsonObject): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
  ajv.addVocabulary(['components'])
  ajv.addSchema({ $id: 'document', components: document['components'] })
  return ajv
}

/** A schema of a document, its references seen from outside. */
export const schemaIn = (schema: Json): JsonObject => {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')
  const value: Json = JSON.parse(text)
  return isJsonObject(value) ? value : {}
}

export function contractOf(document: JsonObject): Contract {
  const ajv = schemasOf(document)
  const compiled = new Map<string, ValidateFunction>()
  const promised = promisedIn(document)
  const fulfilled = new Set<string>()
  const check = ({ method, url, status, type, text }: Heard): readonly string[] => {
    const { pathname } = new URL(url)
    const operation = promised.find((each) => each.method === method && each.pattern.test(pathname))
    if (operation === undefined) return [`${method} ${pathname} is not in the document`]
    const { id, responses } = operation
    const own = responses[String(status)]
    if (own === undefined && status < 400) return [`${id} ${status} is not in the document`]
    if (own !== undefined) fulfilled.add(id)
    const told = own ?? responses['default']
    const content = at(told, 'content') ?? {}
    const media = type.split(';')[0]?.trim() ?? ''
    if (!isJsonObject(content) || Object.keys(content).length === 0)
      return text === '' || media === 'text/html' ? [] : [`${id} ${status} promises no body, and has ${media}`]
    // A browser is sent on with a link for a body, whatever scripts are answered.
    if (status >= 300 && status < 400) return []
    const schema = isJsonObject(content[media] ?? null) ? at(content[media], 'schema') : undefined
    if (schema === undefined) return [`${id} ${status} has ${media}, not ${Object.keys(content).join(' or ')}`]
    if (media !== 'application/json') return []
    const name = `${id} ${own === undefined ? 'default' : status}`
    const validate = compiled.get(name) ?? ajv.compile(schemaIn(schema))
    compiled.set(name, validate)
    if (validate(JSON.parse(text))) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${name}: ${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }
  return { check, fulfilled, operations: promised.map(({ id }) => id) }
}

/** Paths with fewer parameters come first: `/sessions/whoami` is no session. */
function promisedIn({ paths = {} }: JsonObject): readonly Promised[] {
  const all = Object.entries(isJsonObject(paths) ? paths : {}).flatMap(([path, item]) =>
    Object.entries(isJsonObject(item) ? item : {}).map(([method, operation]) => {
      const responses = at(operation, 'responses') ?? {}
      return {
        path,
        id: textIn(operation, 'operationId'),
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`),
        responses: isJsonObject(responses) ? responses : {},
      }
    }),
  )
  const parameters = ({ path }: { readonly path: string }) => path.split('{').length
  return all.toSorted((a, b) => parameters(a) - parameters(b))
}
