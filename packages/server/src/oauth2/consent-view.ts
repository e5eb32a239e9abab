import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Consent, OAuth2Client } from '../core/oauth2.ts'
import { toTimestamp } from '../core/time.ts'
import { clientForApps } from './clients.ts'

/** A consent as the admin API lists it; its challenge can't be used any more and is not told. */
export function consentView(consent: Consent, client: OAuth2Client | null): JsonObject {
  const { session, context, remember_for: rememberFor, request } = consent.details
  return {
    consent_request_id: consent.id,
    consent_request: {
      ...(isJsonObject(request) ? request : {}),
      challenge: '',
      consent_request_id: consent.id,
      subject: consent.subject,
      login_session_id: consent.sid ?? '',
      client: client === null ? null : clientForApps(client),
    },
    grant_scope: consent.scope,
    grant_access_token_audience: consent.audience,
    remember: consent.remember,
    remember_for: rememberFor ?? 0,
    session: session ?? null,
    context: context ?? null,
    handled_at: toTimestamp(consent.handledAt),
  }
}
