import type { EventContext } from '../../core/action.ts'
import type { Delivery } from '../../core/delivery.ts'
import type { Effect } from '../../core/effect.ts'
import type { FlowId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import type { ActionPlan } from '../../core/plan.ts'
import type { RequestFacts } from '../../core/request.ts'
import type { Clock } from '../../core/time.ts'
import type { RecordStep } from '../../core/step.ts'
import { EVENTS, triggerName } from '../../core/trigger.ts'
import type { Store } from '../../store/store.ts'
import { attribute, type Origin } from './attribute.ts'
import { type Event, eventsOf } from './events-of.ts'
import { occasionsOf, renderTold } from '../ask.ts'
import { openJournal } from '../journal.ts'

export type TellDeps = {
  readonly store: Store
  readonly plan: Pick<ActionPlan, 'on'>
  /** The request that is being answered; null where none is. */
  readonly request: () => RequestFacts | null
  /** The delivery whose receiver makes that request; null where it is nobody's. */
  readonly origin: () => Promise<Origin | null>
  readonly clock: Clock
  readonly log: Log
  /** Keeps what each action came to, so that it can be explained later. */
  readonly recordStep?: RecordStep
  /** Tells the outbox that there is something to send. */
  readonly wake: () => void
}

/**
 * A store whose every commit also tells what it makes happen to those that stand `on` an event: their calls are rendered
 * before it, and are rows of it. Whatever writes through it, a form or an administrator, can't forget them.
 */
export function tellingStore(deps: TellDeps): Store {
  const { store, plan } = deps
  const wanted = new Set(EVENTS.filter((event) => plan.on[event].length > 0))
  if (wanted.size === 0) return store
  return {
    ...store,
    commit: async (effects) => {
      const look = { store, isWanted: (event: Event['name']) => wanted.has(event), at: deps.clock.now() }
      const events = await eventsOf(look, effects)
      if (events.length === 0) return store.commit(effects)
      const flow = flowIn(effects)
      const told: Told[] = []
      for (const event of events) told.push(await renderEvent(deps, event, flow))
      const rendered = told.flatMap((each) => each.deliveries)
      const origin = rendered.length === 0 ? null : await deps.origin()
      const deliveries = origin === null ? rendered : rendered.map((delivery) => attribute(deps, delivery, origin))
      const commit = await store.commit([
        ...effects,
        ...deliveries.map((delivery): Effect => ({ kind: 'notify', delivery })),
      ])
      if (commit.kind !== 'committed') return commit
      for (const { close } of told) close()
      deps.wake()
      return commit
    },
  }
}

/** The calls of an event, and how to keep what its actions came to once it has happened. */
type Told = { readonly deliveries: readonly Delivery[]; readonly close: () => void }

async function renderEvent(deps: TellDeps, event: Event, flowId: FlowId | null): Promise<Told> {
  const { name, id, ...about } = event
  const trigger = { phase: 'on', event: name } as const
  const due = occasionsOf(id, deps.plan.on[name])
  const context: EventContext = { ...about, trigger, flowId, request: deps.request() }
  const journal = openJournal(deps, due, {
    event: id,
    trigger: triggerName(trigger),
    flowId,
    identityId: about.identity.id,
  })
  const told = await renderTold(deps, due, context, journal.note)
  return { deliveries: told.map(({ delivery }) => delivery), close: () => journal.close('proceeded') }
}

/** The flow that a commit completes or goes on with. */
function flowIn(effects: readonly Effect[]): FlowId | null {
  const changed = effects.find((effect) => effect.kind === 'closeFlow' || effect.kind === 'keepFlow')
  return changed === undefined ? null : changed.flow.id
}
