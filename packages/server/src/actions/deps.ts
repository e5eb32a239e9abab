import type { RecordCall } from '../core/call.ts'
import type { Log } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import type { Clock, Random, Stopwatch } from '../core/time.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import type { Templates } from './web-hook/templates.ts'

/** What actions may touch: the network through the one door, templates, time and chance. Never the database. */
export type ActionDeps = {
  readonly settings: Pick<Settings, 'actions' | 'clients' | 'featureFlags' | 'serve' | 'session'>
  readonly client: Pick<OutgoingClient, 'send'>
  readonly templates: Templates
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Random
  readonly log: Log
  /** Keeps what became of a call somebody waited for. */
  readonly record: RecordCall
}
