import type { ChainAnswer, ChainPoint, Followed, StatusSays, WriteBack } from '../../core/chain.ts'
import type { RenderedCall } from '../../core/delivery.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { evaluate, type Expression, ExpressionError } from '../template/expression.ts'
import { nameBasedUuid } from '../template/functions.ts'
import type { Connection } from './connection.ts'
import { answerView, readOutcome } from './read-outcome.ts'
import type { RecipeStep, TriggerRecipe } from './recipe.ts'
import { renderRequest } from './render-request.ts'

/** The call that comes next, or that there is none. */
export type NextCall =
  | { readonly kind: 'call'; readonly step: string; readonly call: RenderedCall; readonly steps: JsonObject }
  | { readonly kind: 'none'; readonly steps: JsonObject }

type Moment = { readonly snapshot: JsonObject; readonly steps: JsonObject; readonly from: number }

/** The first step from a place on that is not passed over; throws ExpressionError where it can't be rendered. */
export function nextCall(connection: Connection, trigger: TriggerRecipe, { snapshot, steps, from }: Moment): NextCall {
  let known = steps
  for (const [at, step] of trigger.steps.entries()) {
    if (at < from) continue
    const scope = scopeOf(snapshot, known, step)
    if (step.when === null || isTrue(step.when, scope)) {
      const call = renderRequest(connection.recipe, step.request, connection.target, scope)
      return { kind: 'call', step: step.id, call, steps: known }
    }
    known = { ...known, [step.id]: { skipped: true, status: 0 } }
  }
  return { kind: 'none', steps: known }
}

/** What a step's templates see. Each step has a key of its own that never changes: the delivery's id for the first call. */
function scopeOf(snapshot: JsonObject, steps: JsonObject, step: RecipeStep): JsonObject {
  const delivery = isJsonObject(snapshot.delivery) ? snapshot.delivery : {}
  const id = typeof delivery.id === 'string' ? delivery.id : ''
  const isFirst = Object.values(steps).every((each) => isJsonObject(each) && each.skipped === true)
  return { ...snapshot, steps, step: { id: step.id, key: isFirst ? id : nameBasedUuid(id, step.id) } }
}

function isTrue(when: Expression, scope: JsonObject): boolean {
  const value = evaluate(when, scope)
  if (typeof value === 'boolean') return value
  throw new ExpressionError(`\`when\` gives neither true nor false: ${when.source}`)
}

/** What becomes of a delivery after an answer to one of its calls. */
export function follow(connection: Connection, point: ChainPoint, answer: ChainAnswer, status: StatusSays): Followed {
  const trigger = [...connection.recipe.triggers].find(([name]) => name === point.trigger)?.[1]
  const at = trigger?.steps.findIndex(({ id }) => id === point.step) ?? -1
  const step = trigger?.steps[at]
  if (trigger === undefined || step === undefined) {
    const reason = `the recipe has no step ${point.step} after ${point.trigger} any more`
    return { kind: 'dead', reason, isAlert: true, writeBack: null }
  }
  try {
    return answer.kind === 'failed'
      ? withoutAnswer(step, answer, status)
      : afterAnswer({ connection, trigger, step, at, point }, answer, status)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { kind: 'dead', reason: `the recipe failed: ${error.message}`, isAlert: true, writeBack: null }
  }
}

function withoutAnswer(
  step: RecipeStep,
  { reason, mayHaveArrived }: Extract<ChainAnswer, { kind: 'failed' }>,
  status: StatusSays,
): Followed {
  if (status.kind === 'final') return { kind: 'dead', reason, isAlert: true, writeBack: null }
  if (!mayHaveArrived || step.unsure === 'retry') return { kind: 'retry', reason, asked: null, atLeast: 0 }
  const said = `${reason}; it may have arrived all the same, and said twice it would count twice`
  return { kind: 'dead', reason: said, isAlert: false, writeBack: null }
}

type Here = {
  readonly connection: Connection
  readonly trigger: TriggerRecipe
  readonly step: RecipeStep
  readonly at: number
  readonly point: ChainPoint
}

type Answered = Extract<ChainAnswer, { kind: 'answered' }>

function afterAnswer(here: Here, answer: Answered, status: StatusSays): Followed {
  const { step, point } = here
  const scope = scopeOf(point.snapshot, point.steps, step)
  const verdict = readOutcome(step.outcomes, answer, scope) ?? verdictOf(status)
  switch (verdict.outcome) {
    case 'retry':
      return { kind: 'retry', reason: verdict.reason, asked: status.asked, atLeast: verdict.wait ?? 0 }
    case 'pause':
      return { kind: 'paused', reason: verdict.reason }
    case 'success':
      return goOn(here, answer, kept(here, answer), writeBackOf(here, answer))
    case 'alert':
    case 'drop':
      return step.onError === 'continue'
        ? goOn(here, answer, { failed: verdict.reason }, null)
        : { kind: 'dead', reason: verdict.reason, isAlert: verdict.outcome === 'alert', writeBack: null }
    default:
      return verdict.outcome satisfies never
  }
}

const STATUS_OUTCOMES = { delivered: 'success', retry: 'retry', final: 'drop' } as const

const verdictOf = ({ kind, reason }: StatusSays) => ({ outcome: STATUS_OUTCOMES[kind], reason, wait: null })

function goOn(
  { connection, trigger, step, at, point }: Here,
  { status }: Answered,
  left: JsonObject,
  writeBack: WriteBack | null,
): Followed {
  const steps = { ...point.steps, [step.id]: { ...left, status } }
  try {
    const next = nextCall(connection, trigger, { snapshot: point.snapshot, steps, from: at + 1 })
    return next.kind === 'none'
      ? { kind: 'done', steps: next.steps, writeBack }
      : { kind: 'next', step: next.step, call: next.call, steps: next.steps, writeBack }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    // What has been done is kept all the same.
    return { kind: 'dead', reason: `the next step can’t be rendered: ${error.message}`, isAlert: true, writeBack }
  }
}

const LARGEST_KEPT = 4 * 1024

const seenAnswer = ({ step, point }: Here, answer: Answered): JsonObject => ({
  ...scopeOf(point.snapshot, point.steps, step),
  answer: answerView(answer),
})

const kept = (here: Here, answer: Answered): JsonObject =>
  Object.fromEntries(
    Object.entries(here.step.keep).map(([name, expression]) => [
      name,
      evaluate(expression, seenAnswer(here, answer), LARGEST_KEPT),
    ]),
  )

function writeBackOf(here: Here, answer: Answered): WriteBack | null {
  const { metadataAdmin, metadataPublic, externalId } = here.step.writeBack
  const value = (expression: Expression | null): Json =>
    expression === null ? null : evaluate(expression, seenAnswer(here, answer), LARGEST_KEPT)
  const id = value(externalId)
  const written = {
    metadataAdmin: value(metadataAdmin),
    metadataPublic: value(metadataPublic),
    externalId: typeof id === 'string' && id !== '' ? id : null,
  }
  return Object.values(written).every((each) => each === null) ? null : written
}
