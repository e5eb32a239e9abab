import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** A command kept to one core, where there are two of them and the system can do that: server and load do not share. */
export const pinned = (core: number, command: readonly [string, ...string[]]): readonly [string, ...string[]] =>
  canPin ? ['taskset', '-c', String(core), ...command] : command

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0
