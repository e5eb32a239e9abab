import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { parseDuration } from '../core/duration.ts'
import { forgetExpired } from '../store/expired.ts'
import { openStore } from '../store/open-store.ts'
import { realWorld } from '../world.ts'
import { createLog } from './log.ts'
import { UsageError } from './usage-error.ts'

type Options = {
  readonly config: readonly string[]
  readonly readFromEnv?: true
  readonly batchSize?: string
  readonly sleepTime?: string
  readonly keepLast?: string
  readonly format: string
}

/** `cardea cleanup sql`, as Kratos calls it. */
export function cleanupCommand(program: Command): void {
  program
    .command('cleanup')
    .description('remove what has expired from the database')
    .command('sql [dsn]')
    .description('delete expired flows, sessions, errors and limits; a running server does so by itself')
    .option('-c, --config <file...>', 'take the dsn and database.cleanup from these configuration files', [])
    .option('-e, --read-from-env', 'take the dsn from the environment (DSN)')
    .option('--batch-size <rows>', 'how many rows at once')
    .option('--sleep-time <duration>', 'how long to wait between two tables')
    .option('--keep-last <duration>', 'keep what expired within this time')
    .option('--format <format>', 'table or json', 'table')
    .action(cleanup)
}

async function cleanup(dsn: string | undefined, options: Options): Promise<void> {
  const given = await givenBy(dsn, options)
  const batch = options.batchSize === undefined ? given.batchSize : Number(options.batchSize)
  if (!Number.isInteger(batch) || batch < 1) throw new UsageError('--batch-size is a number of rows, such as 100.')
  const pause = durationOf('--sleep-time', options.sleepTime) ?? given.pause
  const keep = durationOf('--keep-last', options.keepLast) ?? given.olderThan

  const world = realWorld()
  const log = createLog({ level: 'warn', format: 'text' }, (line) => process.stderr.write(line))
  const store = await openStore(given.dsn, { ...world, log, patience: 0 })
  try {
    const before = world.clock.now() - keep
    const between = async () => {
      await sleep(pause)
    }
    const deleted = await forgetExpired(store.expired, { before, batch, between })
    if (options.format === 'json') process.stdout.write(`${JSON.stringify(deleted)}\n`)
    else
      for (const [table, rows] of Object.entries(deleted)) {
        process.stdout.write(`${table.replace('_', ' ').padEnd(16)} ${rows} deleted\n`)
      }
  } finally {
    await store.close()
  }
}

async function givenBy(dsn: string | undefined, { config, readFromEnv }: Options) {
  if (dsn !== undefined) return { dsn, ...DEFAULTS }
  if (config.length > 0) {
    const { settings } = await loadConfig({ files: config, profile: 'ory', dev: false })
    const { batchSize, olderThan, pause } = settings.cleanup
    return { dsn: settings.dsn, batchSize, olderThan, pause }
  }
  const found = readFromEnv === true ? process.env['DSN'] : undefined
  if (found !== undefined) return { dsn: found, ...DEFAULTS }
  throw new UsageError('Which database? Name it, or a configuration: cardea cleanup sql -c cardea.yml')
}

const DEFAULTS = { batchSize: 100, olderThan: 0, pause: 0 }

function durationOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const time = parseDuration(text)
  if (time === null) throw new UsageError(`${option} is a duration, such as 24h or 30s.`)
  return time
}
