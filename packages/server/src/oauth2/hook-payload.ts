import type { JsonObject } from '../core/json.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'
import { toTimestamp, type Time, ZERO_TIMESTAMP } from '../core/time.ts'
import type { TokenRequest } from './ask-token-actions.ts'
import type { TokenSession } from './token-session.ts'

/** What a token hook is told, as Hydra tells it (ory-oauth2.md §1.4). */
export type HookMoment = {
  readonly settings: Pick<OAuth2Settings, 'issuer' | 'claims'>
  /** The key that signs ID tokens, and the one of access tokens where those are signed. */
  readonly idTokenKey: string
  readonly accessTokenKey: string
}

/** The parts of the form a hook may see; never a code, a token or a secret. */
const SHOWN = ['assertion', 'grant_type', 'response_type', 'scope', 'client_id'] as const

export const tokenHookPayload = (moment: HookMoment, request: TokenRequest): JsonObject => ({
  session: sessionPayload(moment, request.session),
  request: {
    client_id: request.client.id,
    requested_scopes: request.session.requestedScope,
    granted_scopes: request.session.scope,
    granted_audience: request.session.audience,
    grant_types: [request.grant],
    payload: Object.fromEntries(
      SHOWN.flatMap((name) => (request.form.has(name) ? [[name, request.form.getAll(name)] as const] : [])),
    ),
  },
})

/** The older hook, which only refreshing calls (ory-oauth2.md §1.5). */
export const refreshHookPayload = (moment: HookMoment, { session, client, grant }: TokenRequest): JsonObject => ({
  subject: session.subject,
  session: sessionPayload(moment, session),
  requester: {
    client_id: client.id,
    granted_scopes: session.scope,
    granted_audience: session.audience,
    grant_types: [grant],
  },
  client_id: client.id,
  granted_scopes: session.scope,
  granted_audience: session.audience,
})

function sessionPayload({ settings, idTokenKey, accessTokenKey }: HookMoment, session: TokenSession): JsonObject {
  const { claims } = session
  const isUser = session.consentId !== ''
  return {
    id_token: {
      id_token_claims: {
        jti: '',
        iss: settings.issuer,
        sub: claims.sub,
        aud: isUser ? [session.clientId] : null,
        nonce: claims.nonce,
        exp: ZERO_TIMESTAMP,
        iat: timestamp(claims.issuedAt),
        rat: timestamp(claims.requestedAt),
        auth_time: timestamp(claims.authenticatedAt),
        at_hash: '',
        acr: claims.acr,
        amr: claims.amr,
        c_hash: '',
        ext: isUser ? { ...session.idToken, ...(session.sid === null ? {} : { sid: session.sid }) } : null,
      },
      headers: { extra: isUser ? { kid: idTokenKey } : null },
      expires_at: Object.fromEntries(Object.entries(session.expiresAt).map(([token, at]) => [token, timestamp(at)])),
      subject: session.subject,
    },
    extra: session.accessToken,
    kid: accessTokenKey,
    client_id: session.clientId,
    consent_challenge: session.consentId,
    exclude_not_before_claim: settings.claims.excludeNotBefore,
    allowed_top_level_claims: settings.claims.allowedTopLevel,
    mirror_top_level_claims: settings.claims.mirrorTopLevel,
    preserve_ext_claims: settings.claims.preserveExt,
  }
}

const timestamp = (time: Time | null) => (time === null ? ZERO_TIMESTAMP : toTimestamp(time))
