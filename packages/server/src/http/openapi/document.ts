import type { TSchema } from 'typebox'
import type { Answer, Route } from '../exchange.ts'
import { nameOf } from '../route-table.ts'
import { identityAdmin, identityAdminSchemas } from './identity-admin.ts'
import { identityPublic } from './identity-public.ts'
import { identitySchemas } from './identity-schemas.ts'
import { oauth2Admin } from './oauth2-admin.ts'
import { oauth2Public } from './oauth2-public.ts'
import { oauth2Schemas } from './oauth2-schemas.ts'
import { type Operation, type Operations, ref, type Schemas, text } from './define.ts'

/** What is behind one listener, for the clients it is meant for. */
export type Api = {
  readonly title: string
  readonly description: string
  readonly operations: Operations
  readonly schemas: Schemas
  /** What every error looks like that is not described by itself. */
  readonly error: string
}

const kratos = { schemas: { ...identitySchemas, ...identityAdminSchemas }, error: 'errorEnvelope' }
const hydra = { schemas: oauth2Schemas, error: 'errorOAuth2' }

export const apis = {
  'identity-public': {
    ...kratos,
    title: 'Cardea: identities, public',
    description: 'Signing in, signing up and everything that people do for themselves.',
    operations: identityPublic,
  },
  'identity-admin': {
    ...kratos,
    title: 'Cardea: identities, admin',
    description: 'What administrators do. The paths may be called without `/admin` too.',
    operations: identityAdmin,
  },
  'oauth2-public': {
    ...hydra,
    title: 'Cardea: OAuth2, public',
    description: 'OAuth 2.0 and OpenID Connect for clients.',
    operations: oauth2Public,
  },
  'oauth2-admin': {
    ...hydra,
    title: 'Cardea: OAuth2, admin',
    description: 'Clients, keys, and what login and consent apps call. The paths may be called without `/admin` too.',
    operations: oauth2Admin,
  },
} as const satisfies { readonly [name: string]: Api }

type Document = { readonly [member: string]: unknown }

/** The OpenAPI document (3.1) of an API: as it is called, not as it is built. */
export function openApiDocument({ title, description, operations, schemas, error }: Api, version: string): Document {
  const paths = new Map<string, { readonly [method: string]: unknown }>()
  for (const [route, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = route.split(' ')
    const url = path.replaceAll(/:(\w+)/g, '{$1}')
    paths.set(url, { ...paths.get(url), [method.toLowerCase()]: described(path, operation, error) })
  }
  const used = usedSchemas(schemas, [...paths.values(), ref(error)])
  return {
    openapi: '3.1.0',
    info: { title, description, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))) },
  }
}

/** The routes of a listener, and one that says what they are; made when somebody asks for it. */
export function withOpenApi(api: Api, routes: readonly Route[], version: string): readonly Route[] {
  const made: { text: string | null } = { text: null }
  const open = routes.filter(({ isOutsideApi }) => !isOutsideApi)
  const operations = Object.fromEntries(
    open.map((route) => [nameOf(route), api.operations[nameOf(route)] ?? undescribed(route)]),
  )
  const handle = async (): Promise<Answer> => ({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    cookies: [],
    body: (made.text ??= `${JSON.stringify(openApiDocument({ ...api, operations }, version))}\n`),
  })
  return [...routes, { method: 'GET', path: '/openapi.json', csrf: 'ignored', isOutsideApi: true, handle }]
}

/** A route that nobody has described yet is there all the same; a test finds it. */
const undescribed = (route: Route): Operation => ({
  id: nameOf(route),
  tag: 'Undescribed',
  summary: 'Nobody has described this yet.',
  answers: {},
})

const PARTS: { readonly [name: string]: string } = {
  id: 'The id.',
  type: 'Which kind.',
  provider: 'The provider, as the configuration names it.',
  externalID: 'The id it has elsewhere.',
  set: 'The set of keys.',
  kid: 'The key.',
}

function described(path: string, operation: Operation, error: string) {
  const { id, tag, summary, query = {}, headers = {}, body, answers } = operation
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      description: PARTS[name] ?? '',
      schema: text(),
    })),
    ...parametersIn('query', query),
    ...parametersIn('header', headers),
  ]
  const responses = Object.entries(answers).map(([status, { description, headers: told = {}, ...content }]) => [
    status,
    {
      description,
      ...(Object.keys(told).length === 0 ? {} : { headers: headersOf(told) }),
      ...contentOf(content),
    },
  ])
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: body.required ?? true, ...contentOf(body) } }),
    responses: {
      ...Object.fromEntries(responses),
      default: { description: 'An error.', ...contentOf({ schema: ref(error) }) },
    },
  }
}

const parametersIn = (place: string, of: NonNullable<Operation['query']>) =>
  Object.entries(of).map(([name, { description, schema, required }]) => ({
    name,
    in: place,
    description,
    ...(required === undefined ? {} : { required }),
    schema,
  }))

const headersOf = (told: { readonly [name: string]: string }) =>
  Object.fromEntries(Object.entries(told).map(([name, description]) => [name, { description, schema: text() }]))

const contentOf = ({ schema, media = ['application/json'] }: { schema?: TSchema; media?: readonly string[] }) =>
  schema === undefined ? {} : { content: Object.fromEntries(media.map((type) => [type, { schema }])) }

/** A document holds the schemas that it needs, and those that these need. */
function usedSchemas(schemas: Schemas, from: readonly unknown[]): ReadonlySet<string> {
  const used = new Set<string>()
  const look = (at: unknown): void => {
    for (const [, name = ''] of JSON.stringify(at).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      look(schemas[name])
    }
  }
  for (const each of from) look(each)
  return used
}
