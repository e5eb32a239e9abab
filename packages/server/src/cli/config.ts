import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { loadOAuth2Config } from '../config/oauth2/load.ts'
import { type PartOptions, readPart, withFiles } from './part.ts'

/** `cardea config check`. */
export function configCommand(program: Command): void {
  const group = program.command('config').description('look at a configuration')
  const said = 'read a configuration as the server would, and say what is wrong with it'
  withFiles(group.command('check').description(said), 'text').action(check)
}

async function check(named: string | undefined, options: PartOptions): Promise<void> {
  const { part, load } = readPart('cardea config check', named, options)
  const { settings, warnings } = part === 'oauth2' ? await loadOAuth2Config(load) : await loadConfig(load)
  if (options.format === 'json') {
    process.stdout.write(`${JSON.stringify({ valid: true, revision: settings.revision, warnings })}\n`)
    return
  }
  process.stdout.write(`${warnings.map((warning) => `warning: ${warning}\n`).join('')}The configuration is valid.\n`)
}
