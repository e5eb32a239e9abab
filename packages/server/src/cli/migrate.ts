import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { migrate, migrationStatus } from '../store/migrate.ts'
import { UsageError } from './usage-error.ts'

type Options = { readonly config: readonly string[]; readonly format: string }

/** `cardea migrate up`, `cardea migrate status`. */
export function migrateCommand(program: Command): void {
  const group = program.command('migrate').description('look after the database schema')
  withOptions(group.command('up [dsn]').description('bring the schema up to date')).action(up)
  withOptions(group.command('status [dsn]').description('show which migrations have run')).action(status)
}

const withOptions = (command: Command) =>
  command
    .option('-c, --config <file...>', 'take the dsn from these configuration files', [])
    .option('--format <format>', 'table or json', 'table')

async function dsnOf(dsn: string | undefined, { config }: Options): Promise<string> {
  if (dsn !== undefined) return dsn
  if (config.length === 0)
    throw new UsageError('Which database? Name it, or a configuration: cardea migrate up -c cardea.yml')
  return (await loadConfig({ files: config, profile: 'ory', dev: false })).settings.dsn
}

async function up(dsn: string | undefined, options: Options): Promise<void> {
  const applied = await migrate(await dsnOf(dsn, options))
  if (options.format === 'json') process.stdout.write(`${JSON.stringify({ applied })}\n`)
  else
    process.stdout.write(
      applied.length === 0 ? 'The schema is up to date.\n' : applied.map((name) => `ran ${name}\n`).join(''),
    )
}

async function status(dsn: string | undefined, options: Options): Promise<void> {
  const rows = await migrationStatus(await dsnOf(dsn, options))
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(rows)}\n`)
  else process.stdout.write(rows.map(({ name, state }) => `${state.padEnd(8)} ${name}\n`).join(''))
  if (rows.some(({ state }) => state !== 'applied')) process.exitCode = 1
}
