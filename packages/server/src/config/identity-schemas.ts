import { type Static, Type } from 'typebox'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { SchemaSource } from '../core/settings.ts'
import type { Finding } from './check.ts'
import { type Reading, readResource, reasonOf } from './resources.ts'
import { configSchema } from './schema/schema.ts'

/** The keys that say which schemas there are and what is asked of them; the rest of the tree may be wrong. */
export const schemaKeys = Type.Object({
  identity: configSchema.properties.identity,
  security: configSchema.properties.security,
  selfservice: Type.Object({
    methods: Type.Object({ password: Type.Object({ enabled: Type.Boolean() }) }),
  }),
})

type SchemaKeys = Static<typeof schemaKeys>

type Loaded = { readonly schemas: readonly SchemaSource[]; readonly findings: readonly Finding[] }

/** Reads the identity schemas, and says what keeps them from being used (reliability.md §10, B13, B14). */
export async function loadIdentitySchemas(
  reading: Reading,
  { identity, security, selfservice }: SchemaKeys,
): Promise<Loaded> {
  const loaded = await Promise.all(
    identity.schemas.map(async ({ id, url, selfservice_selectable }, at) => {
      const path = ['identity', 'schemas', at, 'url']
      const read = await readSchema(reading, url)
      if (read.kind === 'unreadable') {
        return {
          schema: null,
          findings: [{ path, part: 'value', got: url.slice(0, 100), need: read.need }] satisfies Finding[],
        }
      }
      const schema = { id, url, document: read.document, selfserviceSelectable: selfservice_selectable }
      const findings = faultsOf(read.document, security.disallow_ref_in_identity_schemas).map(
        (fault): Finding => ({ path, part: 'value', got: `schema ${id}: ${fault.got}`, need: fault.need }),
      )
      return { schema, findings }
    }),
  )
  const schemas = loaded.flatMap(({ schema }) => (schema === null ? [] : [schema]))
  const findings = loaded.flatMap(({ findings }) => findings)
  return { schemas, findings: [...findings, ...idFaults(identity), ...signInFaults(schemas, identity, selfservice)] }
}

type Read =
  | { readonly kind: 'read'; readonly document: JsonObject }
  | { readonly kind: 'unreadable'; readonly need: string }

async function readSchema(reading: Reading, url: string): Promise<Read> {
  try {
    const document: Json = JSON.parse(await readResource(reading, url))
    return isJsonObject(document)
      ? { kind: 'read', document }
      : { kind: 'unreadable', need: 'a JSON Schema: an object' }
  } catch (error) {
    const need =
      error instanceof SyntaxError
        ? `valid JSON (${error.message})`
        : `a document that can be read (${reasonOf(error)})`
    return { kind: 'unreadable', need }
  }
}

type Fault = { readonly got: string; readonly need: string }

const DIALECT = /^https?:\/\/json-schema\.org\/draft-0[467]\/schema#?$/

function faultsOf(document: JsonObject, refusesRefs: boolean): readonly Fault[] {
  const dialect = document['$schema']
  const properties = document['properties']
  const traits = isJsonObject(properties) ? properties['traits'] : undefined
  const refs = [...refsOf(document)]
  const outside = refs.filter((ref) => !ref.startsWith('#'))
  return [
    ...(dialect === undefined || (typeof dialect === 'string' && DIALECT.test(dialect))
      ? []
      : [{ got: `$schema ${JSON.stringify(dialect)}`, need: 'draft-04, draft-06 or draft-07' }]),
    ...(isJsonObject(traits) ? [] : [{ got: 'no /properties/traits', need: 'an object that describes the traits' }]),
    ...outside.map((ref) => ({
      got: `$ref ${JSON.stringify(ref)}`,
      need: 'a reference within the schema, such as #/definitions/name',
    })),
    ...(refusesRefs && refs.length > outside.length
      ? [{ got: `$ref ${JSON.stringify(refs[0])}`, need: 'no $ref (security.disallow_ref_in_identity_schemas)' }]
      : []),
  ]
}

function* refsOf(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* refsOf(item)
  if (!isJsonObject(value)) return
  if (typeof value['$ref'] === 'string') yield value['$ref']
  for (const member of Object.values(value)) yield* refsOf(member)
}

function idFaults({ default_schema_id: chosen, schemas }: SchemaKeys['identity']): readonly Finding[] {
  const ids = schemas.map(({ id }) => id)
  const repeated = ids.flatMap((id, at): readonly Finding[] => {
    const first = ids.indexOf(id)
    return first === at
      ? []
      : [
          {
            path: ['identity', 'schemas', at, 'id'],
            part: 'value',
            got: `"${id}", as in schemas[${first}]`,
            need: 'an id of its own',
          },
        ]
  })
  if (ids.includes(chosen)) return repeated
  return [
    ...repeated,
    {
      path: ['identity', 'default_schema_id'],
      part: 'value',
      got: `"${chosen}"`,
      need: `the id of a schema: ${ids.join(', ')}`,
    },
  ]
}

/** Nobody could sign in with a password without a trait that identifies them. */
function signInFaults(
  schemas: readonly SchemaSource[],
  { default_schema_id, schemas: listed }: SchemaKeys['identity'],
  { methods }: SchemaKeys['selfservice'],
): readonly Finding[] {
  const schema = schemas.find(({ id }) => id === default_schema_id)
  if (schema === undefined || !methods.password.enabled || marksIdentifier(schema.document)) return []
  const at = listed.findIndex(({ id }) => id === default_schema_id)
  return [
    {
      path: ['identity', 'schemas', at, 'url'],
      part: 'value',
      got: `schema ${default_schema_id}: no trait is an identifier, so nobody could sign in with a password`,
      need: 'one trait with "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}',
    },
  ]
}

function marksIdentifier(value: Json): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => marksIdentifier(item))
  if (!isJsonObject(value)) return false
  const mark = value['ory.sh/kratos']
  const credentials = isJsonObject(mark) ? mark['credentials'] : undefined
  const password = isJsonObject(credentials) ? credentials['password'] : undefined
  return (
    (isJsonObject(password) && password['identifier'] === true) ||
    Object.values(value).some((member) => marksIdentifier(member))
  )
}
