import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { evaluate } from '../template/expression.ts'
import type { OutcomeKind, OutcomeRule } from './recipe.ts'

/** An answer as rules see it. */
export type RecipeAnswer = {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly text: string
}

/** What an answer means. */
export type Verdict = {
  readonly outcome: OutcomeKind
  /** In words for an operator: the vendor's own where the rule says which. */
  readonly reason: string
  /** How long to wait at least before another try. */
  readonly wait: Milliseconds | null
}

const LONGEST_REASON = 300

/** What the first rule that fits makes of an answer; null if none fits: then its status alone counts, as for every call. */
export function readOutcome(rules: readonly OutcomeRule[], answer: RecipeAnswer, scope: JsonObject): Verdict | null {
  const seen = { ...scope, answer: answerView(answer) }
  const rule = rules.find(
    ({ statuses, when }) =>
      (statuses.length === 0 || statuses.some((status) => isOf(answer.status, status))) &&
      (when === null || evaluate(when, seen, LARGEST) === true),
  )
  if (rule === undefined) return null
  const said = rule.reason === null ? null : evaluate(rule.reason, seen, LARGEST)
  const words = typeof said === 'string' && said !== '' ? `${rule.about}: ${said}` : rule.about
  return {
    outcome: rule.outcome,
    reason: `answered ${answer.status}: ${words}`.slice(0, LONGEST_REASON),
    wait: rule.after,
  }
}

const LARGEST = 64 * 1024

const isOf = (status: number, pattern: string) =>
  pattern.endsWith('xx') ? Math.floor(status / 100) === Number(pattern[0]) : status === Number(pattern)

/** `body` is null where the text is no JSON: some vendors answer with a word. */
export function answerView({ status, headers, text }: RecipeAnswer): JsonObject {
  return { status, headers, text, body: parsed(text) }
}

const DEEPEST = 64

function parsed(text: string): Json {
  try {
    const value: Json = JSON.parse(text)
    return depthOf(value) > DEEPEST ? null : value
  } catch {
    return null
  }
}

/** Whatever walks the value afterwards survives this. */
function depthOf(value: Json, depth = 0): number {
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return depth
  const inner = isJsonObject(value) ? Object.values(value) : [...value]
  return inner.reduce<number>((deepest, item) => Math.max(deepest, depthOf(item, depth + 1)), depth)
}
