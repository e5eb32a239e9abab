import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { UsageError } from './usage-error.ts'

type Options = {
  readonly config: readonly string[]
  readonly profile: string
  readonly dev?: true
  readonly format: string
}

/** `cardea config check`. */
export function configCommand(program: Command): void {
  const group = program.command('config').description('look at a configuration')
  group
    .command('check')
    .description('read a configuration as the server would, and say what is wrong with it')
    .option('-c, --config <file...>', 'configuration files, YAML or JSON; later ones win', [])
    .option('--profile <profile>', 'safe (cardea serve) or ory (cardea serve identity)', 'safe')
    .option('--dev', 'as the server would read it with --dev')
    .option('--format <format>', 'text or json', 'text')
    .action(check)
}

async function check({ config, profile, dev, format }: Options): Promise<void> {
  if (config.length === 0) throw new UsageError('Which configuration? Name its file: cardea config check -c cardea.yml')
  if (profile !== 'safe' && profile !== 'ory') throw new UsageError('--profile is either safe or ory.')
  const { settings, warnings } = await loadConfig({ files: config, profile, dev: dev === true })
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify({ valid: true, revision: settings.revision, warnings })}\n`)
    return
  }
  process.stdout.write(`${warnings.map((warning) => `warning: ${warning}\n`).join('')}The configuration is valid.\n`)
}
