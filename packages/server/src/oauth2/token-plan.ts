import { createHash } from 'node:crypto'
import { Value } from 'typebox/value'
import { type WebHookConfig, webHookConfig } from '../actions/web-hook/config.ts'
import { type Hook, readHook } from '../actions/web-hook/hook.ts'
import { type ActionId, actionId } from '../core/ids.ts'
import type { OAuth2Settings, TokenHookEntry } from '../core/oauth2-settings.ts'

/** A token action whose configuration has been read. */
export type TokenAction = {
  readonly id: ActionId
  readonly where: string
  readonly phase: 'before' | 'after'
  readonly grants: readonly string[]
  readonly clients: readonly string[]
  readonly hook: Hook
}

/** The token actions of a configuration, in their order; those that are switched off are left out. */
export function tokenPlan({ tokens, actions }: Pick<OAuth2Settings, 'tokens' | 'actions'>): readonly TokenAction[] {
  if (!actions.enabled) return []
  const read = (phase: 'before' | 'after') => (entry: TokenHookEntry) => {
    const config = Value.Parse(webHookConfig, entry.config)
    return config.enabled === false ? [] : [readAction(phase, entry, config, actions)]
  }
  return [...tokens.before.flatMap(read('before')), ...tokens.after.flatMap(read('after'))]
}

function readAction(
  phase: 'before' | 'after',
  entry: TokenHookEntry,
  config: WebHookConfig,
  actions: OAuth2Settings['actions'],
): TokenAction {
  // Whether it is asked or told says its list; nothing else of a hook depends on its place.
  const hook = readHook(config, 'login.before', { actions })
  return {
    id: idOf(phase, config, hook.endpoint),
    where: entry.where,
    phase,
    grants: entry.grants.map((grant) => GRANT_NAMES[grant] ?? grant),
    clients: entry.clients,
    hook,
  }
}

/** The grants that issue tokens as configurations spell them: the two long ones without their URN. */
export const GRANT_NAMES: { readonly [short: string]: string } = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
}

/** Its own `id`, else its list with a hash of kind, method and address: neither secrets nor the position count (design.md §4). */
function idOf(phase: string, { id, method }: WebHookConfig, endpoint: string): ActionId {
  if (id !== undefined && id !== '') return actionId(id)
  const hash = createHash('sha256')
    .update(JSON.stringify(['web_hook', method, endpoint]))
    .digest('hex')
  return actionId(`tokens.${phase}:${hash.slice(0, 16)}`)
}

/**
 * The actions of one token. As with methods of flows, the more special list replaces the more general one, they are
 * never merged (design.md §2): what names the client goes before what names the grant, and that before what names none.
 */
export function tokenActionsFor<A extends Pick<TokenAction, 'phase' | 'grants' | 'clients'>>(
  plan: readonly A[],
  phase: 'before' | 'after',
  grant: string,
  clientId: string,
): readonly A[] {
  const fitting = plan.filter(
    ({ phase: own, grants, clients }) =>
      own === phase &&
      (grants.length === 0 || grants.includes(grant)) &&
      (clients.length === 0 || clients.includes(clientId)),
  )
  const weight = ({ grants, clients }: A) => (clients.length > 0 ? 2 : 0) + (grants.length > 0 ? 1 : 0)
  const heaviest = Math.max(0, ...fitting.map(weight))
  return fitting.filter((action) => weight(action) === heaviest)
}
