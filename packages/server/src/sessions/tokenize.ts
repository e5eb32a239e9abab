import type { Program } from '@cardea/jsonnet'
import { CompactSign, type CryptoKey, importJWK, type JWK } from 'jose'
import { WireError } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Session } from '../core/session.ts'
import type { TokenTemplate } from '../core/settings.ts'
import type { Clock, Milliseconds, Random } from '../core/time.ts'
import { sessionView } from '../core/views.ts'

export type TokenizeDeps = {
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
  /** The issuer, and under what identity schemas are named. */
  readonly publicUrl: string
  /** Where key sets and mappers are had from. */
  readonly documents: {
    read(location: string, budget: Milliseconds): Promise<string>
    load(location: string, budget: Milliseconds): Promise<Program>
  }
}

/** How long the place where keys or a mapper are kept may take. */
const BUDGET: Milliseconds = 3_000

/** Shows a session as a signed token (ory-identity-api.md §8.3). Whatever is wrong with the template is told as a 400. */
export async function tokenize(deps: TokenizeDeps, session: Session, template: TokenTemplate): Promise<string> {
  const key = await signingKey(deps, template)
  const usual = usualClaims(deps, session, template)
  const claims =
    template.mapper === null ? usual : { ...usual, ...(await mapped(deps, session, usual, template.mapper)) }
  // A mapper may say anything but who it is about.
  const payload = JSON.stringify({ ...claims, sub: usual.sub })
  const header = { alg: key.alg, typ: 'JWT', ...(key.kid === undefined ? {} : { kid: key.kid }) }
  try {
    return await new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key.key)
  } catch (cause) {
    throw refused('The key of the token template cannot sign.', cause)
  }
}

const refused = (reason: string, cause?: unknown) => new WireError(400, null, { reason, cause })

function usualClaims({ clock, random, publicUrl }: TokenizeDeps, session: Session, template: TokenTemplate) {
  const now = Math.floor(clock.now() / 1000)
  return {
    jti: random.uuid(),
    iss: publicUrl,
    sub: subjectOf(session, template),
    sid: session.id,
    iat: now,
    nbf: now,
    exp: now + Math.floor(template.lifespan / 1000),
  }
}

function subjectOf({ identity }: Session, { subject }: TokenTemplate): string {
  if (subject === 'id') return identity.id
  if (identity.externalId !== null) return identity.externalId
  throw refused("The session's identity does not have an external ID set, but it is required for the subject claim.")
}

type SigningKey = { readonly key: CryptoKey | Uint8Array; readonly alg: string; readonly kid: string | undefined }

async function signingKey({ documents }: TokenizeDeps, template: TokenTemplate): Promise<SigningKey> {
  const text = await documents.read(template.keys, BUDGET).catch((cause: unknown) => {
    throw refused('The keys of the token template could not be fetched.', cause)
  })
  const jwk = firstKey(text)
  if (jwk === null)
    throw refused('The keys of the token template are no JSON Web Key Set with a key that has an "alg".')
  try {
    return { key: await importJWK(jwk, jwk.alg), alg: jwk.alg, kid: jwk.kid }
  } catch (cause) {
    throw refused('The key of the token template cannot be used.', cause)
  }
}

function firstKey(text: string): (JWK & { readonly alg: string }) | null {
  const set = parse(text)
  const keys = isJsonObject(set) ? set.keys : undefined
  const first: unknown = Array.isArray(keys) ? keys[0] : undefined
  return isJwk(first) ? first : null
}

const isJwk = (value: unknown): value is JWK & { readonly alg: string } =>
  typeof value === 'object' && value !== null && 'kty' in value && 'alg' in value && typeof value.alg === 'string'

function parse(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** What the mapper says: it is given the session and the usual claims, and answers `{claims: {…}}`. */
async function mapped(deps: TokenizeDeps, session: Session, usual: JsonObject, mapper: string): Promise<JsonObject> {
  const view = sessionView(session, deps.publicUrl, deps.clock.now())
  const result = await deps.documents
    .load(mapper, BUDGET)
    .then((program): Json => {
      const extVars = { session: { value: view }, claims: { value: usual } }
      return program.evaluateValue({ extVars })
    })
    .catch((cause: unknown) => {
      throw refused('The claims mapper of the token template could not be run.', cause)
    })
  const claims = isJsonObject(result) ? result.claims : undefined
  if (!isJsonObject(claims)) throw refused('The claims mapper of the token template does not answer {"claims": {…}}.')
  return claims
}
