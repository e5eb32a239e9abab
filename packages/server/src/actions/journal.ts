import type { PlannedAction, Occasion } from '../core/action.ts'
import type { Delivery } from '../core/delivery.ts'
import type { ActionNote, RecordStep, Step, StepOutcome } from '../core/step.ts'
import type { Clock } from '../core/time.ts'

type Deps = { readonly clock: Clock; readonly recordStep?: RecordStep }

/** An action and its part in what happens. */
export type Due = { readonly planned: PlannedAction; readonly occasion: Occasion }

/** Takes down what an action came to; the last note counts. */
export type Note = (due: Due, outcome: StepOutcome, delivery?: Delivery) => void

/** Takes down what each action of a step comes to; whoever has no note when it ends was never reached. */
export function openJournal(
  { clock, recordStep }: Deps,
  all: readonly Due[],
  about: Pick<Step, 'event' | 'trigger' | 'flowId' | 'identityId'>,
) {
  const at = clock.now()
  const notes = new Map<Due, Pick<ActionNote, 'outcome' | 'deliveryId'>>()
  const note: Note = (due, outcome, delivery) => {
    notes.set(due, delivery === undefined ? { outcome } : { outcome, deliveryId: delivery.id })
  }
  const close = (outcome: Step['outcome']) =>
    recordStep?.({
      ...about,
      at,
      outcome,
      actions: all.map((due) => ({
        actionId: due.planned.id,
        where: due.planned.where,
        eventId: due.occasion.eventId,
        ...(notes.get(due) ?? { outcome: 'not_reached' }),
      })),
    })
  return { note, close }
}
