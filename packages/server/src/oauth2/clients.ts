import { parseDuration } from '../core/duration.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { OAuth2Client } from '../core/oauth2.ts'
import { toTimestamp } from '../core/time.ts'
import { FLAGS, LISTS, TEXTS } from './client-fields.ts'
import { textIn, textsOf } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { existsAlready, malformed, notFound, OAuthFault } from './fault.ts'
import { checkSector } from './fetch-documents.ts'
import { hashOf } from './hash.ts'
import { LIFESPANS } from './lifespans.ts'

/** A client as it was just made or replaced, with what is shown this once. */
export type Issued = { readonly client: OAuth2Client; readonly shown: JsonObject }

/** Registers a client (ory-oauth2.md §2.4). */
export async function createClient(deps: OAuth2Deps, body: JsonObject, origin: 'admin' | 'client'): Promise<Issued> {
  const id = textIn(body, 'client_id')
  const isOwnId = origin === 'admin' && id !== ''
  const fields = await readFields(deps, body, origin)
  const given = textIn(body, 'client_secret')
  const isSecretless = fields['token_endpoint_auth_method'] === 'none'
  const secret = given === '' && !isSecretless ? newSecret(deps) : given
  checkSecret(secret)
  const registration = newToken(deps)
  const at = deps.clock.now()
  const client: OAuth2Client = {
    id: isOwnId ? id : deps.random.uuid(),
    name: textIn(body, 'client_name'),
    owner: textIn(body, 'owner'),
    secrets: secret === '' ? [] : [await deps.secrets.hash(secret)],
    registrationTokenHash: hashOf(registration),
    fields,
    createdAt: at,
    updatedAt: at,
  }
  const commit = await deps.store.commit([{ kind: 'oauth2', change: { write: 'insertClient', client } }])
  if (commit.kind === 'conflict') throw existsAlready()
  return {
    client,
    shown: {
      ...(secret === '' ? {} : { client_secret: secret }),
      registration_access_token: registration,
      registration_client_uri: `${deps.settings.publicUrl}oauth2/register${origin === 'client' ? `/${client.id}` : ''}`,
      // As the request left them; later answers say what is stored.
      ...Object.fromEntries(
        ['redirect_uris', 'grant_types', 'response_types', 'contacts'].flatMap((name) =>
          textsOf(fields, name).length === 0 ? [[name, null]] : [],
        ),
      ),
    },
  }
}

/** Replaces a client in full; only its secret stays where none is given. */
export async function replaceClient(
  deps: OAuth2Deps,
  before: OAuth2Client,
  body: JsonObject,
  origin: 'admin' | 'client',
): Promise<Issued> {
  const fields = await readFields(deps, body, origin)
  const given = textIn(body, 'client_secret')
  if (given !== '' && origin === 'client')
    throw new OAuthFault(
      403,
      'The requested action was forbidden',
      'It is not allowed to choose your own OAuth2 Client secret.',
    )
  checkSecret(given)
  const registration = newToken(deps)
  const client: OAuth2Client = {
    ...before,
    name: textIn(body, 'client_name'),
    owner: textIn(body, 'owner'),
    secrets: given === '' ? before.secrets : [await deps.secrets.hash(given)],
    registrationTokenHash: hashOf(registration),
    fields,
    updatedAt: deps.clock.now(),
  }
  await save(deps, client)
  return {
    client,
    shown: {
      ...(given === '' ? {} : { client_secret: given }),
      registration_access_token: registration,
      registration_client_uri: `${deps.settings.publicUrl}oauth2/register/${client.id}`,
    },
  }
}

/** JSON Patch (RFC 6902) on what the admin API shows. Paths it does not know pass silently, the id may not be touched. */
export async function patchClient(
  deps: OAuth2Deps,
  before: OAuth2Client,
  operations: Json | undefined,
): Promise<OAuth2Client> {
  if (!Array.isArray(operations)) throw new OAuthFault(500, 'error', 'The error is unrecognizable')
  let document: JsonObject = { ...clientView(before) }
  for (const operation of operations) document = applied(document, operation)
  const secret = textIn(document, 'client_secret')
  checkSecret(secret)
  const client: OAuth2Client = {
    ...before,
    name: textIn(document, 'client_name'),
    owner: textIn(document, 'owner'),
    secrets: secret === '' ? before.secrets : [await deps.secrets.hash(secret)],
    fields: await readFields(deps, document, 'admin'),
    updatedAt: deps.clock.now(),
  }
  await save(deps, client)
  return client
}

function applied(document: JsonObject, operation: Json): JsonObject {
  if (!isJsonObject(operation)) throw malformed()
  const { op, path, value } = operation
  if (typeof path !== 'string' || !path.startsWith('/')) throw malformed()
  const [name = '', ...inner] = path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (name === 'client_id' || name === 'id') throw requestedPathForbidden(path)
  if (op === 'remove' && inner.length === 0)
    return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name))
  if (op !== 'add' && op !== 'replace' && op !== 'remove') throw malformed()
  const next = inner.length === 0 ? (value ?? null) : within(document[name] ?? null, inner, op, value ?? null)
  return { ...document, [name]: next }
}

const requestedPathForbidden = (path: string) =>
  new OAuthFault(404, 'Unable to locate the resource', '', `patch includes denied path: ${path}`)

function within(target: Json, [step = '', ...rest]: readonly string[], op: string, value: Json): Json {
  if (Array.isArray(target)) {
    const items: readonly Json[] = target
    const at = step === '-' ? items.length : Number(step)
    if (!Number.isInteger(at) || at < 0 || at > items.length) throw malformed()
    if (rest.length > 0) return items.with(at, within(items[at] ?? null, rest, op, value))
    if (op === 'remove') return items.toSpliced(at, 1)
    return op === 'add' ? items.toSpliced(at, 0, value) : items.with(at, value)
  }
  const object = isJsonObject(target) ? target : {}
  if (rest.length > 0) return { ...object, [step]: within(object[step] ?? null, rest, op, value) }
  if (op === 'remove') return Object.fromEntries(Object.entries(object).filter(([key]) => key !== step))
  return { ...object, [step]: value }
}

const save = async (deps: OAuth2Deps, client: OAuth2Client) => {
  const commit = await deps.store.commit([{ kind: 'oauth2', change: { write: 'replaceClient', client } }])
  if (commit.kind === 'conflict') throw notFound()
}

export async function replaceLifespans(
  deps: OAuth2Deps,
  before: OAuth2Client,
  body: JsonObject,
): Promise<OAuth2Client> {
  const others = Object.entries(before.fields).filter(([name]) => !LIFESPANS.includes(name))
  const client = {
    ...before,
    fields: { ...Object.fromEntries(others), ...readLifespans(body) },
    updatedAt: deps.clock.now(),
  }
  await save(deps, client)
  return client
}

/** How many secrets that were rotated out still count. */
const ROTATED = 5

/** Gives a client a new secret; the old ones count on until they are deleted. */
export async function rotateSecret(deps: OAuth2Deps, before: OAuth2Client): Promise<Issued> {
  const secret = newSecret(deps)
  const secrets = [await deps.secrets.hash(secret), ...before.secrets].slice(0, ROTATED + 1)
  const client = { ...before, secrets, updatedAt: deps.clock.now() }
  await save(deps, client)
  return { client, shown: { client_secret: secret } }
}

export async function deleteRotatedSecrets(deps: OAuth2Deps, before: OAuth2Client): Promise<OAuth2Client> {
  const client = { ...before, secrets: before.secrets.slice(0, 1), updatedAt: deps.clock.now() }
  await save(deps, client)
  return client
}

/** 26 letters and digits, as Hydra's. */
function newSecret({ random }: OAuth2Deps): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.~_'
  let text = ''
  while (text.length < 26)
    for (const byte of random.bytes(32)) if (byte < 66 * 3 && text.length < 26) text += alphabet[byte % 66] ?? ''
  return text
}

const newToken = ({ random }: OAuth2Deps) =>
  `ory_at_${Buffer.from(random.bytes(32)).toString('base64url')}.${Buffer.from(random.bytes(32)).toString('base64url')}`

const SHORTEST_SECRET = 6

function checkSecret(secret: string): void {
  if (secret === '' || secret.length >= SHORTEST_SECRET) return
  throw invalidMetadata('Field client_secret must contain a secret that is at least 6 characters long.')
}

const invalidMetadata = (why: string) =>
  new OAuthFault(
    400,
    'invalid_client_metadata',
    `The value of one of the Client Metadata fields is invalid and the server has rejected this request. Note that an Authorization Server MAY choose to substitute a valid value for any requested parameter of a Client's Metadata. ${why}`,
  )
const invalidRedirect = (why: string) =>
  new OAuthFault(400, 'invalid_redirect_uri', `The value of one or more redirect_uris is invalid. ${why}`)

/** What a client may not say of itself (ory-oauth2.md §2.4). */
const NOT_BY_CLIENTS = ['metadata', 'access_token_strategy', 'skip_consent', 'skip_logout_consent']

async function readFields(deps: OAuth2Deps, body: JsonObject, origin: 'admin' | 'client'): Promise<JsonObject> {
  const { settings } = deps
  if (origin === 'client') {
    const forbidden = NOT_BY_CLIENTS.find((name) => isSet(body[name]))
    if (forbidden !== undefined) throw invalidMetadata(`"${forbidden}" cannot be set for dynamic client registration`)
  }
  for (const name of [...TEXTS, 'client_id', 'client_name', 'client_secret', 'owner'])
    if (isPresent(body[name]) && typeof body[name] !== 'string') throw malformed(`${name} must be a string`)
  for (const name of LISTS) {
    const value = body[name]
    const isList = Array.isArray(value) && value.every((item: Json) => typeof item === 'string')
    if (isPresent(value) && !isList) throw malformed(`${name} must be a list of strings`)
  }
  for (const name of FLAGS)
    if (isPresent(body[name]) && typeof body[name] !== 'boolean') throw malformed(`${name} must be true or false`)
  for (const name of ['jwks', 'metadata'])
    if (isPresent(body[name]) && !isJsonObject(body[name])) throw malformed(`${name} must be an object`)

  const method = textIn(body, 'token_endpoint_auth_method') || 'client_secret_basic'
  const fields: JsonObject = {
    ...Object.fromEntries(TEXTS.map((name) => [name, textIn(body, name)])),
    ...Object.fromEntries(LISTS.map((name) => [name, textsOf(body, name)])),
    ...Object.fromEntries(FLAGS.map((name) => [name, body[name] ?? null])),
    jwks: isJsonObject(body['jwks']) ? body['jwks'] : {},
    metadata: isJsonObject(body['metadata']) ? body['metadata'] : {},
    scope: textIn(body, 'scope') || defaultScope(deps, origin),
    subject_type: textIn(body, 'subject_type') || (settings.subjectTypes[0] ?? 'public'),
    token_endpoint_auth_method: method,
    userinfo_signed_response_alg: textIn(body, 'userinfo_signed_response_alg') || 'none',
    ...readLifespans(body),
  }
  await checkFields(deps, fields)
  return fields
}

const isPresent = (value: Json | undefined) => value !== undefined && value !== null
const isSet = (value: Json | undefined) =>
  isPresent(value) && value !== false && value !== '' && !(isJsonObject(value) && Object.keys(value).length === 0)

const defaultScope = ({ settings }: OAuth2Deps, origin: 'admin' | 'client') =>
  origin === 'client' && settings.registration.defaultScope.length > 0
    ? settings.registration.defaultScope.join(' ')
    : 'offline_access offline openid'

const readLifespans = (body: JsonObject): JsonObject =>
  Object.fromEntries(
    LIFESPANS.flatMap((name) => {
      const value = body[name]
      if (!isPresent(value)) return []
      const time = typeof value === 'string' ? parseDuration(value) : null
      if (time === null) throw malformed(`${name} must be a duration`)
      return [[name, printDuration(time)] as const]
    }),
  )

/** As Go prints a duration: `1h30m0s`. */
function printDuration(time: number): string {
  if (time === 0) return '0s'
  if (time < 1000) return `${time}ms`
  const [hours, minutes, rest] = [Math.floor(time / 3_600_000), Math.floor(time / 60_000) % 60, (time % 60_000) / 1000]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`
}

async function checkFields(deps: OAuth2Deps, fields: JsonObject): Promise<void> {
  const { settings } = deps
  const redirects = textsOf(fields, 'redirect_uris')
  for (const uri of redirects) {
    if (uri.includes('#')) throw invalidRedirect('redirect_uris must not contain fragments (#).')
  }
  const keys = fields['jwks']
  const hasKeys = isJsonObject(keys) && Object.keys(keys).length > 0
  const keysUri = textIn(fields, 'jwks_uri')
  if (hasKeys && keysUri !== '')
    throw invalidMetadata('Fields jwks and jwks_uri can not both be set, you must choose one.')
  if (fields['token_endpoint_auth_method'] === 'private_key_jwt' && !hasKeys && keysUri === '')
    throw invalidMetadata("When token_endpoint_auth_method is 'private_key_jwt', either jwks or jwks_uri must be set.")
  for (const uri of textsOf(fields, 'post_logout_redirect_uris')) {
    const [url, known] = [URL.parse(uri), redirects.flatMap((each) => URL.parse(each) ?? [])]
    if (url === null || !known.some((each) => each.protocol === url.protocol && each.host === url.host))
      throw invalidMetadata(
        `post_logout_redirect_uri "${uri}" must match the domain, port, scheme of at least one of the registered redirect URIs but did not.`,
      )
  }
  const userinfo = textIn(fields, 'userinfo_signed_response_alg')
  if (userinfo !== 'none' && userinfo !== 'RS256')
    throw invalidMetadata('Field userinfo_signed_response_alg can either be "none" or "RS256".')
  for (const origin of textsOf(fields, 'allowed_cors_origins')) {
    if (!['http:', 'https:'].includes(URL.parse(origin)?.protocol ?? ''))
      throw invalidMetadata(`Origin URL "${origin}" must be an http or https URL.`)
  }
  const strategy = textIn(fields, 'access_token_strategy')
  if (strategy !== '' && strategy !== 'jwt' && strategy !== 'opaque')
    throw invalidMetadata('Field access_token_strategy must be "jwt", "opaque" or empty.')
  const subject = textIn(fields, 'subject_type')
  if (!settings.subjectTypes.some((type) => type === subject))
    throw invalidMetadata(
      `Subject type ${subject} is not supported by server, only [${settings.subjectTypes.join(' ')}] are allowed.`,
    )
  const sector = textIn(fields, 'sector_identifier_uri')
  if (sector !== '') await checkSector(deps, sector, redirects)
}

/** These fields are shown only where they say something. */
const OPTIONAL = new Set([
  'jwks_uri',
  'sector_identifier_uri',
  'token_endpoint_auth_signing_alg',
  'request_object_signing_alg',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'post_logout_redirect_uris',
  'request_uris',
  'access_token_strategy',
])

/** A client as the admin API shows it: everything but its secrets (ory-oauth2.md §2.4). */
export function clientView({ id, name, owner, fields, createdAt, updatedAt }: OAuth2Client): JsonObject {
  const empty = (value: Json | undefined) =>
    value === undefined ||
    value === null ||
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  const shown = Object.entries(fields).filter(([field, value]) => !(OPTIONAL.has(field) && empty(value)))
  const view: JsonObject = {
    ...Object.fromEntries(LIFESPANS.map((field) => [field, null])),
    ...Object.fromEntries(shown),
    client_id: id,
    client_name: name,
    owner,
    client_secret_expires_at: 0,
    skip_consent: fields['skip_consent'] === true,
    created_at: wholeSeconds(createdAt),
    updated_at: wholeSeconds(updatedAt),
  }
  return Object.fromEntries(Object.entries(view).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const wholeSeconds = (time: number) => toTimestamp(Math.floor(time / 1000) * 1000).replace('.000Z', 'Z')

/** A client as the login and consent apps see it. */
export const clientForApps = (client: OAuth2Client): JsonObject => clientView(client)
