import { sign } from 'node:crypto'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { Time } from '../../core/time.ts'

const LIFESPAN_SECONDS = 300

/** Apple's client secret: a token about the client, signed with the team's key for every call (ES256, RFC 7518 §3.4). */
export function appleSecret(
  { teamId, keyId, privateKey }: NonNullable<OidcProvider['apple']>,
  clientId: string,
  audience: string,
  at: Time,
): string {
  const now = Math.floor(at / 1000)
  const header = { alg: 'ES256', kid: keyId }
  const claims = { iss: teamId, iat: now, exp: now + LIFESPAN_SECONDS, aud: audience, sub: clientId }
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
