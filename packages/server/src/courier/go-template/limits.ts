/** What rendering one template may cost. Every limit is counted, so the same template always ends at the same place. */
export type Limits = {
  /** Steps of evaluation; handling a text costs a step for every 64 characters. */
  readonly steps: number
  /** Characters of one text, and items of one list. */
  readonly size: number
  readonly items: number
  /** Characters of the result. */
  readonly output: number
  /** Templates within templates. */
  readonly depth: number
}

export const DEFAULT_LIMITS: Limits = {
  steps: 200_000,
  size: 256 * 1024,
  items: 10_000,
  output: 1024 * 1024,
  depth: 50,
}

/** A function got something it cannot work with, or work became too much. The evaluator adds the place. */
export class Refusal extends Error {}

/** Counts what an evaluation has spent. */
export type Budget = {
  readonly limits: Limits
  /** Pays for work on so many characters or items. */
  spend(amount?: number): void
  /** Asked before a text of this length is made. */
  claim(length: number): void
  claimItems(count: number): void
}

export function openBudget(limits: Limits): Budget {
  let left = limits.steps
  const spend = (amount = 0) => {
    left -= 1 + amount / 64
    if (left < 0) throw new Refusal('the template does too much work')
  }
  return {
    limits,
    spend,
    claim: (length) => {
      if (!(length <= limits.size)) throw new Refusal('a text grows too long')
      spend(length)
    },
    claimItems: (count) => {
      if (!(count <= limits.items)) throw new Refusal('a list grows too long')
      spend(count)
    },
  }
}
