import type { Claimed, Lane, Queue } from '../src/outbox/queue.ts'
import { shareOut } from '../src/outbox/share-out.ts'

type Options = { readonly limit: number; readonly lease: number; readonly lane?: Lane }

/** Claims what is due, as a worker does that is alone and has no limits. */
export async function claimSome(
  queue: Pick<Queue, 'survey' | 'claim'>,
  { limit, lease, lane = 'call' }: Options,
): Promise<readonly Claimed[]> {
  const survey = await queue.survey(lane)
  const shares = shareOut(survey, { free: limit, limitsOf: () => ({}), lastTurn: () => 0 })
  return queue.claim(shares, { lane, lease })
}
