import type { CallRecord } from '../core/call.ts'
import type { Calls } from '../store/store.ts'
import { type BatchLog, type BatchLogDeps, startBatchLog } from './batch-log.ts'

export type CallLogDeps = BatchLogDeps & { readonly calls: Pick<Calls, 'keep' | 'forget'> }
export type CallLog = BatchLog<CallRecord>

/** Starts keeping what became of blocking calls. */
export const startCallLog = ({ calls, ...deps }: CallLogDeps): CallLog => startBatchLog('calls', calls, deps)
