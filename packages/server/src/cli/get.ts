import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { printConfig } from '../config/print.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { UsageError } from './usage-error.ts'

type Options = AdminOptions & {
  readonly config: readonly string[]
  readonly profile: string
  readonly dev?: true
  readonly format: string
}

/** `cardea get identity-config`: what is in force, as a file that says the same. */
export function getCommand(program: Command): void {
  const group = program.command('get').description('show something of a running server')
  withAdminOptions(
    group
      .command('identity-config')
      .description('print the effective configuration, with every default and without secrets')
      .option('-c, --config <file...>', 'of these files instead of a running server', [])
      .option('--profile <profile>', 'with -c: safe (cardea serve) or ory (cardea serve identity)', 'safe')
      .option('--dev', 'as the server would read it with --dev')
      .option('--format <format>', 'yaml or json', 'yaml'),
  ).action(identityConfig)
}

async function identityConfig(options: Options): Promise<void> {
  const { format, config } = options
  if (format !== 'yaml' && format !== 'json') throw new UsageError('--format is either yaml or json.')
  const effective = config.length > 0 ? await ofFiles(options) : await ofServer(options)
  process.stdout.write(printConfig(effective, format))
}

async function ofFiles({ config, profile, dev }: Options): Promise<JsonObject> {
  if (profile !== 'safe' && profile !== 'ory') throw new UsageError('--profile is either safe or ory.')
  return (await loadConfig({ files: config, profile, dev: dev === true, placeholders: 'accepted' })).effective
}

async function ofServer(options: Options): Promise<JsonObject> {
  const { json } = await askAdmin(options, '/admin/configuration')
  if (!isJsonObject(json)) throw new UsageError(`${options.endpoint} did not answer with a configuration.`)
  return json
}
