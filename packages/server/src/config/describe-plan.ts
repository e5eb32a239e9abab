import { createHash } from 'node:crypto'
import { eventPlace, type Place, placeOf } from '../core/place.ts'
import { actionsFor } from '../core/plan.ts'
import type { PlannedEntry, PlannedTrigger, RecordedPlan } from '../core/recorded-plan.ts'
import type { Settings } from '../core/settings.ts'
import { type Trigger, triggerName } from '../core/trigger.ts'
import { allEntries, effectiveLists, isOff, type Placed } from './effective-lists.ts'
import { explainPlan, type PlanStep } from './explain-plan.ts'
import { triggersOf } from './plan-warnings.ts'

/** Every entry at every trigger, those that run and those that don't, as it is kept to explain things later. */
export function describePlan(settings: Settings): Omit<RecordedPlan, 'at'> {
  const lists = effectiveLists(settings)
  const leftOut = new Map(
    triggersOf(settings).map((trigger) => [
      triggerName(trigger),
      leftOutAt(settings, trigger, new Set(actionsFor(trigger, lists).map(({ entry }) => entry.where))),
    ]),
  )
  const triggers = explainPlan(settings).map(
    ({ trigger, steps }): PlannedTrigger => ({
      trigger,
      entries: [...steps.filter(({ id }) => id !== null).map(running), ...(leftOut.get(trigger) ?? [])],
    }),
  )
  const fingerprint = createHash('sha256').update(JSON.stringify(triggers)).digest('hex').slice(0, 32)
  return { fingerprint, triggers }
}

const running = ({ id, where, kind, why, beat, call }: PlanStep): PlannedEntry => ({
  id,
  where,
  kind,
  runs: true,
  why,
  beat,
  target: call?.target ?? null,
  when: call?.when ?? null,
})

/** The entries that might have been meant for a trigger and do not run there. */
const leftOutAt = (settings: Settings, trigger: Trigger, used: ReadonlySet<string>): readonly PlannedEntry[] =>
  allEntries(settings)
    .filter(({ entry, place }) => concerns(place, trigger) && !used.has(entry.where))
    .map((placed) => notRunning(settings, placed, trigger))

function concerns(place: Place, trigger: Trigger): boolean {
  if (trigger.phase === 'on') return place === eventPlace(trigger.event)
  if (trigger.phase === 'before') return place === placeOf(trigger.flow, 'before', null)
  return [placeOf(trigger.flow, 'after', null), placeOf(trigger.flow, 'after', trigger.method)].some(
    (at) => at === place,
  )
}

const notRunning = (settings: Settings, { entry, place, id }: Placed, trigger: Trigger): PlannedEntry => ({
  id,
  where: entry.where,
  kind: entry.hook,
  runs: false,
  why: whyNot(settings, { entry, place, id }, trigger),
  beat: null,
  target: null,
  when: null,
})

function whyNot({ actions }: Settings, { entry, place }: Placed, trigger: Trigger): string {
  if (!actions.enabled) return 'every action is off (actions.enabled: false, or --actions off)'
  if (isOff(entry)) return 'switched off: enabled: false'
  return trigger.phase === 'after' && place === placeOf(trigger.flow, 'after', null)
    ? `the list of ${trigger.method} replaces the default list (merge: override)`
    : 'it does nothing here'
}
