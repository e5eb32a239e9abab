import type { ActionId } from '../core/ids.ts'
import type { Milliseconds } from '../core/time.ts'

/** How a lane of the queue stands at a moment. */
export type LaneFigures = {
  readonly lane: 'call' | 'mail'
  /** Both counted no further than 10,000. */
  readonly pending: number
  readonly dead: number
  /** The age of the oldest that is pending; 0: there is none. */
  readonly oldest: Milliseconds
  /** How long the one that is due longest has been waiting; 0: none is due. */
  readonly overdue: Milliseconds
}

/** What is asked for when somebody looks, and not counted as it happens. */
export type Figures = {
  readonly lanes: readonly LaneFigures[]
  /** Endpoints whose breaker is not closed. */
  readonly breakers: readonly { readonly endpoint: string; readonly state: string }[]
  /** Actions that are not simply active. */
  readonly actions: readonly { readonly action: ActionId; readonly state: string }[]
}
