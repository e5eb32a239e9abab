import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { TrustedIssuer } from '../core/oauth2.ts'
import { toTimestamp } from '../core/time.ts'
import { textIn, textsOf } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { existsAlready, OAuthFault } from './fault.ts'
import { publicPart } from './signing-keys.ts'

/** Lets an issuer's assertions be exchanged for tokens (RFC 7523; ory-oauth2.md §2.4). */
export async function trustIssuer(deps: OAuth2Deps, body: JsonObject): Promise<TrustedIssuer> {
  const { jwk } = body
  const [issuer, subject] = [textIn(body, 'issuer'), textIn(body, 'subject')]
  const isAny = body['allow_any_subject'] === true
  if (issuer === '') throw missing("Field 'issuer' is required.")
  if ((subject === '') !== isAny) throw missing("One of 'subject' or 'allow_any_subject' field must be set.")
  if (!isJsonObject(jwk) || textIn(jwk, 'kid') === '') throw missing("Field 'jwk' must contain JWK with kid header.")
  const expiresAt = Date.parse(textIn(body, 'expires_at'))
  if (Number.isNaN(expiresAt)) throw missing("Field 'expires_at' is required.")
  const trusted: TrustedIssuer = {
    id: deps.random.uuid(),
    issuer,
    subject,
    scope: Array.isArray(body['scope']) ? textsOf(body, 'scope') : null,
    kid: textIn(jwk, 'kid'),
    jwk: publicPart(jwk),
    createdAt: deps.clock.now(),
    expiresAt,
  }
  const commit = await deps.store.commit([{ kind: 'oauth2', change: { write: 'insertIssuer', issuer: trusted } }])
  if (commit.kind === 'conflict') throw existsAlready()
  return trusted
}

const missing = (why: string) =>
  new OAuthFault(
    400,
    'missing_required_parameter',
    `One of the required parameters is missing. Check your request parameters. ${why}`,
  )

export const issuerView = (it: TrustedIssuer): JsonObject => ({
  id: it.id,
  issuer: it.issuer,
  subject: it.subject,
  allow_any_subject: it.subject === '',
  scope: it.scope,
  public_key: { set: it.issuer, kid: it.kid },
  created_at: toTimestamp(it.createdAt),
  expires_at: toTimestamp(it.expiresAt),
})
