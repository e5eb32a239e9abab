import { WireError } from '../core/errors.ts'
import { CREDENTIAL_TYPES, type CredentialType, type IdentityWithCredentials } from '../core/identity.ts'
import { type IdentityId, identityId, isUuid } from '../core/ids.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { Settings } from '../core/settings.ts'
import {
  type AdminDeps,
  createIdentity,
  notFound,
  removeCredential,
  removeIdentity,
  replaceIdentity,
} from '../identities/admin.ts'
import { type IdentityBody, readIdentityBody, readUpdateBody } from '../identities/admin-body.ts'
import { adminIdentityView } from '../identities/admin-view.ts'
import { clearPasswords } from '../identities/import-credentials.ts'
import { normaliseIdentifier } from '../identities/normalise.ts'
import { patchIdentity } from '../identities/patch.ts'
import type { Page, Store } from '../store/store.ts'
import { parseJson } from './body.ts'
import { errorObject } from './errors.ts'
import { type Answer, type Exchange, json, noContent, type Route, withHeaders } from './exchange.ts'
import { keyPage, linkHeader, numberedLinks, numberedPage } from './paging.ts'

export type AdminIdentityDeps = AdminDeps & {
  readonly store: Pick<Store, 'commit' | 'identities'>
  readonly openToken: (sealed: string) => string | null
  readonly settings: AdminDeps['settings'] & {
    readonly serve: { readonly [L in 'public' | 'admin']: Pick<Settings['serve'][L], 'baseUrl'> }
  }
}

/** Identities as administrators manage them (ory-identity-api.md §9). */
export const adminIdentityRoutes = (deps: AdminIdentityDeps): readonly Route[] =>
  (
    [
      ['GET', '/admin/identities', list],
      ['POST', '/admin/identities', create],
      ['PATCH', '/admin/identities', createMany],
      ['GET', '/admin/identities/by/external/:externalID', getByExternalId],
      ['GET', '/admin/identities/:id', get],
      ['PUT', '/admin/identities/:id', replace],
      ['PATCH', '/admin/identities/:id', patch],
      ['DELETE', '/admin/identities/:id', remove],
      ['DELETE', '/admin/identities/:id/credentials/:type', removeOneCredential],
    ] as const
  ).map(([method, path, handle]) => ({ method, path, csrf: 'ignored', handle: (exchange) => handle(deps, exchange) }))

const bad = (reason: string) => new WireError(400, null, { reason })

/** A malformed id is no identity's. */
function idOf({ params }: Exchange): IdentityId {
  const { id = '' } = params
  if (!isUuid(id)) throw notFound()
  return identityId(id.toLowerCase())
}

/** The body as JSON, whatever its content type says. */
function bodyOf({ body }: Exchange): Json {
  const text = decode(body)
  if (text === null) throw bad('The body is not valid UTF-8.')
  if (text.includes('\\u0000') || text.includes('\u0000')) throw bad('The body holds a NUL character.')
  const value = parseJson(text)
  if (value === undefined) throw bad('The body is not valid JSON.')
  return value
}

function decode(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return null
  }
}

function included({ query }: Exchange): readonly CredentialType[] {
  return query.getAll('include_credential').map((asked) => {
    const type = CREDENTIAL_TYPES.find((known) => known === asked)
    if (type === undefined) throw bad(`Invalid value \`${asked}\` for parameter \`include_credential\`.`)
    return type
  })
}

const publicUrl = ({ settings }: AdminIdentityDeps) => settings.serve.public.baseUrl

async function create(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const identity = await createIdentity(deps, readIdentityBody(bodyOf(exchange)))
  const view = adminIdentityView(identity, publicUrl(deps), { include: [], omitUnsetMetadata: true, justCreated: true })
  // Ory's location lacks the /admin prefix (§15, 15).
  const location = new URL(`identities/${identity.id}`, deps.settings.serve.admin.baseUrl).href
  return withHeaders(json(201, view), { location })
}

async function get(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const include = included(exchange)
  const identity = await deps.store.identities.find(idOf(exchange))
  if (identity === null) throw notFound()
  return json(200, adminIdentityView(identity, publicUrl(deps), { include, openToken: deps.openToken }))
}

async function getByExternalId(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const include = included(exchange)
  const { externalID = '' } = exchange.params
  const identity = isStorable(externalID) ? await deps.store.identities.findByExternalId(externalID) : null
  if (identity === null) throw notFound()
  return json(200, adminIdentityView(identity, publicUrl(deps), { include, openToken: deps.openToken }))
}

/** No database holds a NUL in a text, and PostgreSQL does not even let one be asked for. */
const isStorable = (text: string) => !text.includes('\u0000')

async function replace(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const id = idOf(exchange)
  const identity = await replaceIdentity(deps, id, readUpdateBody(bodyOf(exchange)))
  return json(200, adminIdentityView(identity, publicUrl(deps), { include: [], omitUnsetMetadata: true }))
}

async function patch(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const identity = await patchIdentity(deps, idOf(exchange), bodyOf(exchange))
  return json(200, adminIdentityView(identity, publicUrl(deps), { include: [] }))
}

async function remove(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  await removeIdentity(deps, idOf(exchange))
  return noContent
}

async function removeOneCredential(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const id = idOf(exchange)
  const type = CREDENTIAL_TYPES.find((known) => known === exchange.params.type)
  if (type === undefined) throw notFound()
  await removeCredential(deps, id, type, exchange.query.get('identifier'))
  return noContent
}

const MOST_IDS = 500

async function list(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const { query } = exchange
  const filters = ['ids', 'credentials_identifier', 'preview_credentials_identifier_similar', 'organization_id']
  if (filters.filter((name) => query.has(name)).length > 1) {
    throw bad('You cannot combine multiple filters in this API')
  }
  if (query.has('preview_credentials_identifier_similar')) {
    throw bad('preview_credentials_identifier_similar is not supported; use credentials_identifier.')
  }
  const asked = query.get('credentials_identifier')
  const include = included(exchange)
  const shown = query.has('include_credential') || asked !== null ? include : null
  const ids = query.has('ids') ? { ids: idsOf(query.getAll('ids')) } : {}
  const find = async (page: Pick<Page, 'after' | 'size'>) => {
    // No identity belongs to an organization.
    if (query.get('organization_id')) return []
    if (asked === null) return deps.store.identities.list({ ...page, ...ids })
    const found = await deps.store.identities.list({ ...page, identifier: normaliseIdentifier(asked) })
    // Social identifiers are another house's, and are kept as that house spells them.
    return found.length > 0 || !isStorable(asked) ? found : deps.store.identities.list({ ...page, identifier: asked })
  }
  const isFiltered = filters.some((name) => query.has(name))
  const countAll = async () =>
    isFiltered ? (await find({ after: null, size: MOST_IDS + 1 })).length : deps.store.identities.count(MOST_COUNTED)
  const { identities, headers } = await findPage(query, find, countAll)
  const views = identities.map((identity) =>
    adminIdentityView(identity, publicUrl(deps), { include: shown, openToken: deps.openToken }),
  )
  return withHeaders(json(200, views), headers)
}

/** Far more than can be reached by numbers; counting further would only take time. */
const MOST_COUNTED = 100_000

type Find = (page: Pick<Page, 'after' | 'size'>) => Promise<readonly IdentityWithCredentials[]>

/** By key, one more than asked for tells whether there is a next page; by number, all are counted (§9.4). */
async function findPage(query: URLSearchParams, find: Find, countAll: () => Promise<number>) {
  const numbered = numberedPage(query)
  if (numbered !== null) {
    const { page, size } = numbered
    const found = await find({ after: null, size: (page + 1) * size })
    const total = await countAll()
    const headers = { link: numberedLinks('/admin/identities', numbered, total), 'x-total-count': String(total) }
    return { identities: found.slice(page * size), headers }
  }
  const page = keyPage(query)
  const found = await find({ after: page.after === null ? null : identityId(page.after), size: page.size + 1 })
  const identities = found.slice(0, page.size)
  const next = found.length > page.size ? (identities.at(-1)?.id ?? null) : null
  return { identities, headers: { link: linkHeader('/admin/identities', query, page, next) } }
}

function idsOf(ids: readonly string[]): readonly IdentityId[] {
  const wrong = ids.find((id) => !isUuid(id))
  if (wrong !== undefined) throw bad(`Invalid UUID value \`${wrong}\` for parameter \`ids\`.`)
  if (ids.length > MOST_IDS) throw bad(`The number of ids to filter must not exceed ${MOST_IDS}.`)
  return ids.map((id) => identityId(id.toLowerCase()))
}

const MOST_ENTRIES = 1000
const MOST_CLEAR_PASSWORDS = 200

type Entry = { readonly patchId: Json | undefined; readonly create: IdentityBody | null }

/** Many identities at once: each is stored or refused by itself, but one that can't be read spoils them all (§9.5). */
async function createMany(deps: AdminIdentityDeps, exchange: Exchange): Promise<Answer> {
  const entries = readEntries(bodyOf(exchange))
  const results: Json[] = []
  for (const { patchId, create: body } of entries) {
    const patch_id = patchId === undefined ? {} : { patch_id: patchId }
    results.push(body === null ? null : { ...patch_id, ...(await createOne(deps, body)) })
  }
  return json(200, { identities: results })
}

async function createOne(deps: AdminIdentityDeps, body: IdentityBody) {
  try {
    const identity: IdentityWithCredentials = await createIdentity(deps, body)
    return { action: 'create', identity: identity.id }
  } catch (thrown) {
    if (!(thrown instanceof WireError) || thrown.status >= 500) throw thrown
    // A conflict in a batch has no reason (§9.5).
    const { reason: _, ...conflict } = errorObject(thrown)
    return { action: 'error', error: thrown.status === 409 ? conflict : errorObject(thrown) }
  }
}

function readEntries(body: Json): readonly Entry[] {
  const identities = isJsonObject(body) ? (body.identities ?? []) : null
  if (identities === null || !isList(identities))
    throw bad('The body must hold a list: {"identities": [{"create": …}]}.')
  if (identities.length > MOST_ENTRIES) {
    throw bad(`The maximum number of identities to create or import in one batch is ${MOST_ENTRIES}.`)
  }
  const entries = identities.map(readEntry)
  const clear = entries.reduce((sum, { create: entry }) => sum + clearPasswords(entry?.credentials ?? {}), 0)
  if (clear > MOST_CLEAR_PASSWORDS) {
    throw bad(`The maximum number of identities with plaintext passwords in one batch is ${MOST_CLEAR_PASSWORDS}.`)
  }
  return entries
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function readEntry(entry: Json): Entry {
  if (!isJsonObject(entry)) throw bad('Every entry of "identities" must be an object.')
  try {
    return { patchId: entry.patch_id, create: entry.create ? readIdentityBody(entry.create) : null }
  } catch (thrown) {
    // Ory answers 400 and says 500 in the body (§9.5).
    if (thrown instanceof WireError && thrown.options.reason === undefined) {
      throw new WireError(400, thrown.message, { bodyCode: 500 })
    }
    throw thrown
  }
}
