import type { Sending } from '../core/action.ts'
import type { Effect } from '../core/effect.ts'
import type { ActionId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { LegacyHook } from '../core/oauth2-settings.ts'
import type { AskedTokens, TokenRequest } from './ask-token-actions.ts'
import type { OAuth2Deps } from './deps.ts'
import { type HookMoment, refreshHookPayload, tokenHookPayload } from './hook-payload.ts'
import { ACCESS_TOKEN_KEYS, ID_TOKEN_KEYS, type SigningKeys } from './signing-keys.ts'
import { callTokenHook, type HookClaims } from './token-hook.ts'
import { RESERVED_ID_CLAIMS, type TokenSession } from './token-session.ts'

export type TokenActionDeps = Pick<OAuth2Deps, 'client' | 'clock' | 'stopwatch' | 'random' | 'log' | 'settings'> & {
  readonly keys: Pick<SigningKeys, 'current'>
}

/** Everything that has a say before a token is issued, in its order. */
export type TokenActions = {
  readonly ask: (request: TokenRequest) => Promise<AskedTokens>
  readonly sendingOf: (action: ActionId) => Sending | null
}

/** Asks the hooks of Hydra's configuration: on refreshing the older one first, and what the newer one says wins (ory-oauth2.md §0.1). */
export async function askLegacyHooks(
  deps: TokenActionDeps,
  request: TokenRequest,
  deadline: number,
): Promise<TokenSession> {
  const { tokenHook, refreshTokenHook } = deps.settings
  const isRefresh = request.grant === 'refresh_token'
  const called: readonly (readonly [LegacyHook | null, (moment: HookMoment, request: TokenRequest) => JsonObject])[] = [
    [isRefresh ? refreshTokenHook : null, refreshHookPayload],
    [tokenHook, tokenHookPayload],
  ]
  let { session } = request
  for (const [hook, payload] of called) {
    if (hook === null) continue
    const moment = await momentOf(deps, request)
    const claims = await callTokenHook(deps, hook, payload(moment, { ...request, session }), deadline)
    session = withClaims(deps, { ...request, session }, claims, hook.where)
  }
  return session
}

export async function momentOf({ settings, keys }: TokenActionDeps, { client }: TokenRequest): Promise<HookMoment> {
  const own = client.fields['access_token_strategy']
  const isJwt = (own === 'jwt' || own === 'opaque' ? own : settings.accessToken) === 'jwt'
  return {
    settings,
    idTokenKey: (await keys.current(ID_TOKEN_KEYS)).kid,
    accessTokenKey: isJwt ? (await keys.current(ACCESS_TOKEN_KEYS)).kid : '',
  }
}

/** The grants that begin with a consent, whose claims stay what somebody agreed to. */
const CONSENTED = new Set(['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'])

/** A hook adds to the claims of a consent; at all other grants its claims replace what was there (ory-oauth2.md §0.2). */
export function withClaims(
  { log }: Pick<TokenActionDeps, 'log'>,
  { session, grant }: Pick<TokenRequest, 'session' | 'grant'>,
  claims: HookClaims,
  where: string,
): TokenSession {
  if (claims === null) return session
  const refused = Object.entries(claims.idToken ?? {})
    .filter(([name, value]) => RESERVED_ID_CLAIMS.has(name) && !(name === 'sid' && value === session.sid))
    .map(([name]) => name)
  if (refused.length > 0) log('warn', 'reserved_claim_refused', { where, claims: refused, token: 'id_token' })
  const kept = (given: JsonObject | null): JsonObject | null =>
    given === null ? null : Object.fromEntries(Object.entries(given).filter(([name]) => !RESERVED_ID_CLAIMS.has(name)))
  const idToken = kept(claims.idToken)
  if (!CONSENTED.has(grant)) return { ...session, accessToken: claims.accessToken, idToken }
  return {
    ...session,
    accessToken: { ...claims.accessToken, ...session.accessToken },
    idToken: { ...idToken, ...session.idToken },
  }
}

/** The hooks of one configuration. */
export function createTokenActions(deps: TokenActionDeps): TokenActions {
  return {
    ask: async (request) => {
      const deadline = deps.stopwatch.now() + deps.settings.actions.askTimeout
      const session = await askLegacyHooks(deps, request, deadline)
      const effects: readonly Effect[] = []
      return { session, effects }
    },
    sendingOf: () => null,
  }
}
