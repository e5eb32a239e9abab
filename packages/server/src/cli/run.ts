import { Command } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { commands } from './registry.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs one command of the CLI. Exit code 1: it could not be done, and standard error says why and what to do. */
export async function runCli(args: readonly string[]): Promise<void> {
  const program = new Command('cardea')
    .description('A self-hosted identity server whose core is Actions')
    .version(version, '-v, --version')
    .showHelpAfterError('(cardea --help shows what there is)')
    .configureHelp({ sortSubcommands: true })
  for (const command of commands) command(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return `The configuration cannot be used:\n\n${error.message}`
  if (error instanceof UsageError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
