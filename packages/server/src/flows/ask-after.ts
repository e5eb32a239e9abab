import type { AskOptions } from '../actions/ask.ts'
import type { Flow } from '../core/flow.ts'
import type { Identity } from '../core/identity.ts'
import { actionsFor } from '../core/plan.ts'
import type { Session } from '../core/session.ts'
import type { FlowDeps, Passing, Verdict } from './define.ts'

type Occasion = {
  /** As templates see it: the one about to be issued, or the one in use. */
  readonly session: Session | null
  readonly previous?: Identity
  readonly isFirstLogin?: boolean
  readonly told?: AskOptions['told']
}

/** Asks the actions that stand after a flow's method. */
export function askAfter(
  deps: Pick<FlowDeps, 'ask' | 'plan'>,
  flow: Flow,
  { attempt, method, caller }: Passing,
  { session, previous, isFirstLogin, told }: Occasion,
): Promise<Verdict> {
  const trigger = { phase: 'after', flow: flow.name, method } as const
  return deps.ask(
    actionsFor(trigger, deps.plan),
    {
      trigger,
      flow,
      request: caller.request,
      session,
      identity: attempt.identity,
      ...(previous === undefined ? {} : { previous }),
      ...(isFirstLogin === undefined ? {} : { isFirstLogin }),
      ...(attempt.upstream === undefined ? {} : { upstream: attempt.upstream }),
    },
    told === undefined ? {} : { told },
  )
}
