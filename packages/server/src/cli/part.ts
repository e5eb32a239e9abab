import type { Command } from 'commander'
import { UsageError } from './usage-error.ts'

/** What a configuration is for: one that `cardea serve` takes, or Ory's own file of one of its two servers. */
export type Part = 'whole' | 'identity' | 'oauth2'

export type PartOptions = {
  readonly config: readonly string[]
  readonly profile?: string
  readonly dev?: true
  readonly format: string
}

/** A command that looks at configuration files, in the words of `cardea serve`: `COMMAND [identity | oauth2] -c FILE`. */
export const withFiles = (command: Command, formats: 'table' | 'text') =>
  command
    .argument('[part]', 'identity for a kratos.yml, oauth2 for a hydra.yml, nothing for a cardea.yml')
    .option('-c, --config <file...>', 'configuration files, YAML or JSON; later ones win', [])
    .option('--profile <profile>', 'safe or ory; as cardea serve would take it if not given')
    .option('--dev', 'as the server would read it with --dev')
    .option('--format <format>', `${formats} or json`, formats)

/** Which part is meant, and how its files are to be read. */
export function readPart(command: string, named: string | undefined, { config, profile, dev, format }: PartOptions) {
  if (named !== undefined && named !== 'identity' && named !== 'oauth2')
    throw new UsageError(`There is no "${command} ${named}"; say identity, oauth2, or nothing.`)
  const part: Part = named ?? 'whole'
  if (config.length === 0)
    throw new UsageError(
      `Which configuration? Name its file: ${command}${part === 'whole' ? '' : ` ${part}`} -c ${FILES[part]}`,
    )
  const chosen = profile ?? (part === 'whole' ? 'safe' : 'ory')
  if (chosen !== 'safe' && chosen !== 'ory') throw new UsageError('--profile is either safe or ory.')
  if (!['table', 'text', 'json'].includes(format)) throw new UsageError('--format is either table or json.')
  return { part, load: { files: config, profile: chosen, dev: dev === true } } as const
}

const FILES: { readonly [P in Part]: string } = {
  whole: 'cardea.yml',
  identity: 'kratos.yml',
  oauth2: 'hydra.yml',
}
