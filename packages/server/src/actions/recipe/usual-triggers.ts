import { type RecipeFile, type RecipeTrigger, TRIGGERS } from './schema.ts'

/** The second happens with the first, so both together would tell everything twice. */
const INCLUDES = [
  ['registration', 'identity.created'],
  ['settings', 'identity.updated'],
  ['verification', 'address.verified'],
] as const

/** Two triggers of which the second includes the first; null where there are none. */
export const toldTwice = (on: readonly string[]): readonly [string, string] | null =>
  INCLUDES.find(([flow, event]) => on.includes(flow) && on.includes(event)) ?? null

/** After what a connection is told that does not say it: what its recipe marks, and nothing of it twice. */
export function usualTriggers({ triggers }: Pick<RecipeFile, 'triggers'>): readonly RecipeTrigger[] {
  const marked = TRIGGERS.filter((name) => triggers[name]?.default === true)
  return marked.filter((name) => !INCLUDES.some(([flow, event]) => name === event && marked.includes(flow)))
}
