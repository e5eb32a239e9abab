import type { Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import { acceptedBy } from '../core/login-requests.ts'
import type { Session } from '../core/session.ts'
import type { FlowDeps } from './define.ts'

/** Who is led to a verification first goes back to their OAuth2 client from there (ory-identity-api.md §12). */
export function handBackLater(
  { settings }: Pick<FlowDeps, 'settings'>,
  { oauth2 }: Flow,
  session: Session,
  effects: readonly Effect[],
): readonly Effect[] {
  if (oauth2 === undefined) return effects
  const handsBack = { challenge: oauth2.challenge, accepted: acceptedBy(settings, session, oauth2.request) }
  return effects.map((effect) =>
    effect.kind === 'openFlow' && effect.flow.name === 'verification'
      ? { ...effect, flow: { ...effect.flow, handsBack } }
      : effect,
  )
}
