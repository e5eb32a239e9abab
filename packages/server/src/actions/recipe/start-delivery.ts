import type { ChainPoint } from '../../core/chain.ts'
import type { RenderedCall } from '../../core/delivery.ts'
import type { Identity } from '../../core/identity.ts'
import type { DeliveryId } from '../../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { type Time, toTimestamp } from '../../core/time.ts'
import { evaluate, type Expression, ExpressionError } from '../template/expression.ts'
import { nextCall } from './chain.ts'
import type { Connection } from './connection.ts'
import { personalDataIn, type Person, personalTexts } from './personal-data.ts'
import type { RecipeTrigger } from './schema.ts'

/** What a connection makes of an event: its first call, or why there is none. */
export type Started =
  | { readonly kind: 'call'; readonly call: RenderedCall; readonly chain: ChainPoint }
  /** A condition is not met; `why` says which. */
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'failed'; readonly detail: string }

export type Occurrence = {
  readonly trigger: RecipeTrigger
  readonly id: DeliveryId
  readonly at: Time
  /** The `ctx` of templates. */
  readonly seen: JsonObject
  /** Whom it is about: what vendors answered before is kept with them. */
  readonly identity: Person & Pick<Identity, 'metadataAdmin'>
}

const LARGEST_FACTS = 64 * 1024

/** Works out everything that the calls about an event will need, and renders the first of them. */
export function startDelivery(connection: Connection, { trigger, id, at, seen, identity }: Occurrence): Started {
  const { recipe } = connection
  const plan = recipe.triggers.get(trigger)
  if (plan === undefined) return { kind: 'failed', detail: `the recipe ${recipe.name} knows nothing of ${trigger}` }
  try {
    if (connection.when !== null && !isTrue(connection.when, { ctx: seen }))
      return { kind: 'skipped', why: 'the connection’s `when` is false' }
    const delivery = { id, occurred_at: toTimestamp(at), event: trigger.includes('.') ? trigger : `${trigger}.after` }
    const scope = {
      ctx: seen,
      params: paramsAt(connection, seen),
      was: before(connection, seen),
      stored: isJsonObject(identity.metadataAdmin) ? identity.metadataAdmin : {},
      delivery,
    }
    if (plan.when !== null && !isTrue(plan.when, scope))
      return { kind: 'skipped', why: `the recipe’s \`when\` is false: ${plan.when.source.trim()}` }
    const facts = evaluate(recipe.facts, scope, LARGEST_FACTS)
    if (!isJsonObject(facts)) return { kind: 'failed', detail: 'facts: the recipe’s expression must give an object' }
    const snapshot = { facts, params: scope.params, delivery }
    const next = nextCall(connection, plan, { snapshot, steps: {}, from: 0 })
    if (next.kind === 'none') return { kind: 'skipped', why: 'no step of the recipe applies' }
    const told = recipe.refusesPersonalData ? personalDataIn(next.call, personalTexts(identity)) : null
    if (told !== null) return { kind: 'failed', detail: `${recipe.file.title} must not get personal data: ${told}` }
    return { kind: 'call', call: next.call, chain: { trigger, step: next.step, snapshot, steps: next.steps } }
  } catch (error) {
    if (error instanceof ExpressionError) return { kind: 'failed', detail: error.message }
    throw error
  }
}

/** What the operator's expressions gave before this change; null where nothing is known of a before. */
function before(connection: Connection, seen: JsonObject): Json {
  const { previous_identity: previous = null, ...now } = seen
  // What could not be worked out of it was not there.
  return isJsonObject(previous) ? paramsAt(connection, { ...now, identity: previous }, () => null) : null
}

/** The operator's own expressions, worked out for this event. */
function paramsAt(
  { params, expressions, fields }: Connection,
  seen: JsonObject,
  instead: (name: string, error: ExpressionError) => Json = refuse,
): JsonObject {
  const valueOf = (name: string, expression: Expression): Json => {
    try {
      return evaluate(expression, { ctx: seen })
    } catch (error) {
      if (error instanceof ExpressionError) return instead(name, error)
      throw error
    }
  }
  return {
    ...params,
    ...Object.fromEntries(Object.entries(expressions).map(([name, each]) => [name, valueOf(name, each)])),
    ...Object.fromEntries(
      Object.entries(fields).map(([name, each]) => [
        name,
        Object.fromEntries(Object.entries(each).map(([field, one]) => [field, valueOf(`${name}.${field}`, one)])),
      ]),
    ),
  }
}

function refuse(name: string, { message }: ExpressionError): never {
  throw new ExpressionError(`params.${name}: ${message}`)
}

function isTrue(when: Expression, scope: JsonObject): boolean {
  const value = evaluate(when, scope)
  if (typeof value === 'boolean') return value
  throw new ExpressionError(`\`when\` gives neither true nor false: ${when.source.trim()}`)
}
