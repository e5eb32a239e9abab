import type { Hook } from '../actions/web-hook/hook.ts'
import type { Templates } from '../actions/web-hook/templates.ts'
import type { Sending } from '../core/action.ts'
import type { RecordCall } from '../core/call.ts'
import type { Effect } from '../core/effect.ts'
import type { ActionId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { LegacyHook } from '../core/oauth2-settings.ts'
import type { AskedTokens, TokenRequest } from './ask-token-actions.ts'
import { askTokenReceiver, renderTokenDelivery } from './ask-token-receiver.ts'
import type { OAuth2Deps } from './deps.ts'
import { type HookMoment, refreshHookPayload, tokenHookPayload } from './hook-payload.ts'
import { ACCESS_TOKEN_KEYS, ID_TOKEN_KEYS, type SigningKeys } from './signing-keys.ts'
import { withClaims } from './token-claims.ts'
import { callTokenHook } from './token-hook.ts'
import { tokenActionsFor, tokenPlan } from './token-plan.ts'
import type { TokenSession } from './token-session.ts'

export type TokenActionDeps = Pick<OAuth2Deps, 'client' | 'clock' | 'stopwatch' | 'random' | 'log' | 'settings'> & {
  readonly keys: Pick<SigningKeys, 'current'>
  readonly templates: Templates
  /** Keeps what blocking calls came to, for the log of actions. */
  readonly record: RecordCall
}

/** Everything that has a say before a token is issued, in its order. */
export type TokenActions = {
  readonly ask: (request: TokenRequest) => Promise<AskedTokens>
  readonly sendingOf: (action: ActionId) => Sending | null
}

/** The actions of one configuration: Hydra's hooks first, then the list, then what is told afterwards. */
export function createTokenActions(deps: TokenActionDeps): TokenActions {
  const plan = tokenPlan(deps.settings)
  const sendings = new Map(plan.map(({ id, hook }) => [id, sendingOf(hook)] as const))
  const isIdle = plan.length === 0 && deps.settings.tokenHook === null && deps.settings.refreshTokenHook === null
  return {
    ask: async (request) => {
      if (isIdle) return { session: request.session, effects: [] }
      const deadline = deps.stopwatch.now() + deps.settings.actions.askTimeout
      const moment = await momentOf(deps, request)
      let session = await askLegacyHooks(deps, moment, request, deadline)
      const effects: Effect[] = []
      for (const action of tokenActionsFor(plan, 'before', request.grant, request.client.id)) {
        if (request.isGone()) break
        const asked = await askTokenReceiver(deps, action, moment, { ...request, session }, deadline)
        session = asked.session
        effects.push(...asked.effects)
      }
      const told = tokenActionsFor(plan, 'after', request.grant, request.client.id)
      for (const action of told) {
        const delivery = await renderTokenDelivery(deps, action, moment, { ...request, session })
        if (delivery !== null) effects.push({ kind: 'notify', delivery })
      }
      return { session, effects }
    },
    sendingOf: (action) => sendings.get(action) ?? null,
  }
}

const sendingOf = ({ headers, secrets, sign, credentials, attempts, endpoint, retry, limits }: Hook): Sending => ({
  secretHeaders: headers.secret,
  secrets,
  attempts,
  endpoint,
  ...(retry === null ? {} : { retry }),
  ...(limits === null ? {} : { limits }),
  ...(sign === null ? {} : { sign }),
  ...(credentials === null ? {} : { credentials }),
})

async function momentOf({ settings, keys }: TokenActionDeps, { client }: TokenRequest): Promise<HookMoment> {
  const own = client.fields['access_token_strategy']
  const isJwt = (own === 'jwt' || own === 'opaque' ? own : settings.accessToken) === 'jwt'
  return {
    settings,
    idTokenKey: (await keys.current(ID_TOKEN_KEYS)).kid,
    accessTokenKey: isJwt ? (await keys.current(ACCESS_TOKEN_KEYS)).kid : '',
  }
}

/** On refreshing the older hook is asked first, and what the newer one says wins (ory-oauth2.md §0.1). */
async function askLegacyHooks(
  deps: TokenActionDeps,
  moment: HookMoment,
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
    const claims = await callTokenHook(
      deps,
      hook,
      { payload: payload(moment, { ...request, session }), grant: request.grant },
      deadline,
    )
    session = withClaims(deps, { ...request, session }, claims, hook.where)
  }
  return session
}
