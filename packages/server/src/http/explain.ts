import type { CallRecord } from '../core/call.ts'
import type { ActionStanding, EndpointStanding } from '../core/delivery.ts'
import type { JsonObject } from '../core/json.ts'
import type { PlannedEntry, RecordedPlan } from '../core/recorded-plan.ts'
import type { ActionNote, RecordedStep } from '../core/step.ts'
import { type Milliseconds, type Time, toTimestamp } from '../core/time.ts'
import type { Standing } from '../store/rows.ts'
import { breakerOf, standingOfAction } from './action-state.ts'

/** What was recorded at the time, and where things stand now. */
export type Records = {
  readonly plans: ReadonlyMap<string, RecordedPlan>
  readonly calls: readonly CallRecord[]
  readonly deliveries: ReadonlyMap<string, Standing>
  readonly actions: readonly ActionStanding[]
  readonly endpoints: readonly EndpointStanding[]
  /** How long what arrived is kept. */
  readonly keptFor: Milliseconds
  readonly now: Time
}

/** What an action did, or why it did nothing. `ran`: it decided, acted, or somebody was called for it. */
type Explained = { readonly ran: boolean; readonly outcome: string; readonly why: string }

/** A trigger that fired: every entry that was meant for it, by the plan that was in force then. */
export function explainStep(records: Records, step: RecordedStep): JsonObject {
  const plan = records.plans.get(step.plan)
  const entries = plan?.triggers.find(({ trigger }) => trigger === step.trigger)?.entries ?? []
  const known = new Set(entries.map(({ where }) => where))
  const unplanned = step.actions.filter(({ where }) => !known.has(where))
  return {
    at: toTimestamp(step.at),
    trigger: step.trigger,
    outcome: step.outcome,
    flow_id: step.flowId,
    identity_id: step.identityId,
    event: step.event,
    plan: { fingerprint: step.plan, in_force_since: plan === undefined ? null : toTimestamp(plan.at) },
    actions: [
      ...entries.map((entry) => entryView(records, step, entry)),
      ...unplanned.map((note) => noteView(note, 'web_hook', explainNote(records, step, note, null))),
    ],
  }
}

function entryView(records: Records, step: RecordedStep, entry: PlannedEntry): JsonObject {
  const note = step.actions.find(({ where }) => where === entry.where)
  if (!entry.runs || note === undefined) {
    const why = entry.runs ? 'it is in the plan, and was not among those that were asked' : entry.why
    return {
      action_id: entry.id,
      where: entry.where,
      kind: entry.kind,
      ran: false,
      outcome: 'left_out',
      why,
      delivery_id: null,
    }
  }
  return noteView(note, entry.kind, explainNote(records, step, note, entry))
}

const noteView = (note: ActionNote, kind: string, explained: Explained): JsonObject => ({
  action_id: note.actionId,
  where: note.where,
  kind,
  ...explained,
  delivery_id: note.deliveryId ?? null,
})

const isCall = (kind: string | undefined) => kind === undefined || kind === 'web_hook'

function explainNote(records: Records, step: RecordedStep, note: ActionNote, entry: PlannedEntry | null): Explained {
  const call = records.calls.find(({ eventId, actionId }) => eventId === note.eventId && actionId === note.actionId)
  const didAct = (outcome: string, why: string): Explained => ({ ran: true, outcome, why })
  const didNot = (outcome: string, why: string): Explained => ({ ran: false, outcome, why })
  switch (note.outcome) {
    case 'proceeded':
    case 'amended':
    case 'denied':
    case 'diverted':
    case 'failed':
      if (call !== undefined) return explainCall(call, entry)
      if (isCall(entry?.kind)) return didAct(note.outcome, 'what its receiver said is not in the log of calls any more')
      return didAct(note.outcome, SAYS[note.outcome])
    case 'invalid':
      return didAct('invalid', 'it changed the person into something that their schema refuses, so the step was denied')
    case 'silent':
      return call === undefined
        ? didNot('silent', 'its condition was false, or its template had nothing to tell')
        : explainCall(call, entry)
    case 'not_reached':
      return didNot('not_reached', notReached(step))
    case 'decided_before':
      return didNot('decided_before', 'what is stored now was decided in an earlier flow, where it was asked')
    case 'dead':
    case 'queued':
    case 'awaited':
      return explainDelivery(records, step, note)
    default:
      return note.outcome satisfies never
  }
}

const SAYS = {
  proceeded: 'it acted, and the step went on',
  amended: 'it changed the person',
  denied: 'it refused',
  diverted: 'it led elsewhere before the flow completed',
  failed: 'it gave no decision',
} as const

function notReached({ actions }: RecordedStep): string {
  const ended = actions.findLast(({ outcome }) => ['denied', 'diverted', 'failed', 'invalid'].includes(outcome))
  return ended === undefined
    ? 'the step had ended before its turn came'
    : `${ended.where} came before it and ${ENDED[ended.outcome] ?? 'ended the step'}`
}

const ENDED: { readonly [outcome: string]: string } = {
  denied: 'refused',
  diverted: 'led elsewhere',
  failed: 'gave no decision',
  invalid: 'changed the person into something invalid',
}

function explainCall({ outcome, detail, attempts, endpoint }: CallRecord, entry: PlannedEntry | null): Explained {
  const tries = attempts.length === 1 ? '1 try' : `${attempts.length} tries`
  const said = detail === '' ? '' : `: ${detail}`
  switch (outcome) {
    case 'skipped':
      return { ran: false, outcome, why: `its condition was false: ${entry?.when ?? 'when'}` }
    case 'cancelled':
      return { ran: false, outcome, why: `its template cancelled the call${said}` }
    case 'proceeded':
      return { ran: true, outcome, why: `${endpoint} let it pass (${tries})` }
    case 'amended':
      return { ran: true, outcome, why: `${endpoint} changed the person (${tries})` }
    case 'denied':
      return { ran: true, outcome, why: `${endpoint} refused (${tries})${said}` }
    case 'failed':
      return {
        ran: attempts.length > 0,
        outcome,
        why: `no decision from ${endpoint} (${tries})${said}; on_failure: deny`,
      }
    case 'let_through':
      return {
        ran: attempts.length > 0,
        outcome,
        why: `no decision from ${endpoint} (${tries})${said}; on_failure: continue`,
      }
    case 'queued':
      return {
        ran: attempts.length > 0,
        outcome,
        why: `no answer from ${endpoint} (${tries})${said}; it goes on being tried`,
      }
    default:
      return outcome satisfies never
  }
}

function explainDelivery(records: Records, step: RecordedStep, note: ActionNote): Explained {
  const standing = note.deliveryId === undefined ? undefined : records.deliveries.get(note.deliveryId)
  if (standing !== undefined) return explainStanding(records, standing)
  if (step.at < records.now - records.keptFor) {
    return { ran: true, outcome: 'forgotten', why: 'it is older than deliveries are kept (actions.deliveries.keep)' }
  }
  return { ran: false, outcome: 'rolled_back', why: 'the change it belonged to was not stored, so nobody was told' }
}

/** Where a delivery stands, and what it waits for. */
export function explainStanding(
  { actions, endpoints, now }: Pick<Records, 'actions' | 'endpoints' | 'now'>,
  { delivery, state, reason, attempts, nextAt, leaseToken }: Standing,
): Explained {
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`
  const ran = attempts > 0
  if (state === 'delivered')
    return { ran, outcome: 'delivered', why: `delivered to ${delivery.endpoint ?? 'its receiver'} (${tries})` }
  if (state === 'dead') return { ran, outcome: 'dead', why: `given up (${tries}): ${reason ?? ''}` }
  if (state === 'cancelled') return { ran, outcome: 'cancelled', why: reason ?? '' }
  const action = standingOfAction(actions, delivery.actionId, now)
  if (action.state !== 'active') {
    const until = action.until === null ? '' : ` until ${toTimestamp(action.until)}`
    return {
      ran,
      outcome: action.state,
      why: `it waits: the action is ${action.state} since ${toTimestamp(action.since)}${until}${action.reason === '' ? '' : ` (${action.reason})`}`,
    }
  }
  const endpoint = endpoints.find((each) => each.endpoint === delivery.endpoint)
  if (breakerOf(endpoint, now) === 'open' && endpoint?.openUntil) {
    return {
      ran,
      outcome: 'pending',
      why: `it waits: its receiver keeps failing (${endpoint.lastFailure ?? ''}), and is left alone until ${toTimestamp(endpoint.openUntil)}`,
    }
  }
  if (leaseToken !== null && nextAt > now) return { ran, outcome: 'pending', why: 'it is under way just now' }
  if (attempts === 0 && nextAt <= now) return { ran, outcome: 'pending', why: 'it is due, and waits for a worker' }
  return { ran, outcome: 'pending', why: `${tries} so far, the next at ${toTimestamp(nextAt)}` }
}
