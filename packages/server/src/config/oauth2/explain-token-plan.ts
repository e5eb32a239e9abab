import type { LegacyHook, OAuth2Settings } from '../../core/oauth2-settings.ts'
import { endpointOf } from '../../actions/template/url.ts'
import { GRANT_NAMES, type TokenAction, tokenActionsFor, tokenPlan } from '../../oauth2/token-plan.ts'
import type { PlanStep, TriggerPlan } from '../explain-plan.ts'

type Of = Pick<OAuth2Settings, 'tokens' | 'actions' | 'tokenHook' | 'refreshTokenHook'>

/** What runs when a token is issued: for each grant, and apart for each client that a list names. */
export function explainTokenPlan(settings: Of): readonly TriggerPlan[] {
  const plan = tokenPlan(settings)
  const named = [...new Set(plan.flatMap(({ clients }) => clients))]
  return Object.entries(GRANT_NAMES).flatMap(([short, grant]) => {
    const stepsFor = (client: string) => [
      ...legacySteps(settings, grant),
      ...tokenActionsFor(plan, 'before', grant, client).map(stepOf),
      ...tokenActionsFor(plan, 'after', grant, client).map(stepOf),
    ]
    const clients = named.filter((client) =>
      plan.some((action) => action.clients.includes(client) && tokenActionsOf(plan, grant, client).includes(action)),
    )
    return [
      // No client is called this way: what is left is what holds for all the others.
      { trigger: `tokens.${short}`, steps: stepsFor('') },
      ...clients.map((client) => ({ trigger: `tokens.${short}, client ${client}`, steps: stepsFor(client) })),
    ]
  })
}

const tokenActionsOf = (plan: readonly TokenAction[], grant: string, client: string) => [
  ...tokenActionsFor(plan, 'before', grant, client),
  ...tokenActionsFor(plan, 'after', grant, client),
]

/** Hydra's hooks are asked first, and for everybody; the older one only on refreshing (ory-oauth2.md §0.1). */
function legacySteps({ tokenHook, refreshTokenHook, actions }: Of, grant: string): readonly PlanStep[] {
  const step = (hook: LegacyHook | null, kind: string): readonly PlanStep[] =>
    hook === null
      ? []
      : [
          {
            beat: 'asked',
            kind,
            id: null,
            where: hook.where,
            why: kind === 'token_hook' ? 'every grant' : 'a refresh',
            call: {
              target: `POST ${endpointOf(hook.url)}`,
              answer: MAY_CHANGE,
              timeout: actions.timeout,
              on_failure: 'deny',
              when: null,
            },
          },
        ]
  return [
    ...(grant === 'refresh_token' ? step(refreshTokenHook, 'refresh_token_hook') : []),
    ...step(tokenHook, 'token_hook'),
  ]
}

const MAY_CHANGE = 'may refuse or change'

function stepOf({ id, where, phase, grants, clients, hook }: TokenAction): PlanStep {
  return {
    beat: phase === 'before' ? 'asked' : 'queued',
    kind: 'web_hook',
    id,
    where,
    why: reasonOf(grants, clients),
    call: {
      target: `${hook.method} ${hook.endpoint}`,
      answer: phase === 'before' ? MAY_CHANGE : 'is not waited for',
      timeout: hook.timeout,
      on_failure: phase === 'before' ? (hook.onFailure ?? 'deny') : 'retried for three days',
      when: hook.when?.source ?? null,
    },
  }
}

function reasonOf(grants: readonly string[], clients: readonly string[]): string {
  if (clients.length > 0) return grants.length > 0 ? 'names this client and grant' : 'names this client'
  return grants.length > 0 ? 'names this grant' : 'every grant'
}
