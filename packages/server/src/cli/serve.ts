import type { Command } from 'commander'
import type { Loaded } from '../config/load.ts'
import { runServer } from './run-server.ts'
import { serveOAuth2 } from './serve-oauth2.ts'
import { actionsSwitch } from './actions-switch.ts'
import { UsageError } from './usage-error.ts'

type Options = {
  readonly config: readonly string[]
  readonly dev?: true
  readonly migrate?: true
  readonly actions: string
}

/** `cardea serve [identity | oauth2] -c FILE`. */
export function serveCommand(program: Command): void {
  program
    .command('serve [part]')
    .description('run the server; `serve identity -c kratos.yml` behaves on the wire as Kratos does')
    .option('-c, --config <file...>', 'configuration files, YAML or JSON; later ones win', [])
    .option('--dev', 'for development: plain cookies over http, receivers on loopback, readable mail')
    .option('--actions <on|off>', 'off: start with every action switched off, when one of them is in the way', 'on')
    .option('--migrate', 'bring the database schema up to date first')
    .option('--watch-courier', 'send mail from this process (always done; accepted for Kratos)')
    .option('--sqa-opt-out', 'accepted for Kratos; nothing is ever sent home')
    .action(serve)
}

async function serve(part: string | undefined, { config, dev, migrate, actions }: Options): Promise<void> {
  if (part !== undefined && part !== 'identity' && part !== 'oauth2') {
    throw new UsageError(
      `There is no "cardea serve ${part}"; there are \`cardea serve\`, \`cardea serve identity\` and \`cardea serve oauth2\`.`,
    )
  }
  const command = part === undefined ? 'cardea serve' : `cardea serve ${part}`
  if (config.length === 0) throw new UsageError(`Which configuration? Name its file: ${command} -c cardea.yml`)
  const overrides = actionsSwitch(actions)
  if (part === 'oauth2') {
    return serveOAuth2({ files: config, profile: 'ory', dev: dev === true, overrides }, migrate === true)
  }
  await runServer({
    load: { files: config, profile: part === 'identity' ? 'ory' : 'safe', dev: dev === true, overrides },
    migrate: migrate === true,
    announce,
    portOptions: { public: 'serve.public.port', admin: 'serve.admin.port' },
  })
}

const announce = ({ settings: { serve, oauth2Server } }: Loaded) =>
  `Cardea is ready.\n  public ${serve.public.baseUrl}\n  admin  ${serve.admin.baseUrl}\n${
    oauth2Server === null
      ? ''
      : `OAuth2\n  public ${oauth2Server.publicUrl}\n  admin  ${oauth2Server.serve.admin.baseUrl}\n`
  }`
