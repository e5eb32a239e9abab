import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Loaded } from '../config/load.ts'
import { runServer } from './run-server.ts'
import { sampleConfig, sampleFiles } from './sample.ts'
import { actionsSwitch } from './actions-switch.ts'
import { UsageError } from './usage-error.ts'

type Options = {
  readonly data: string
  readonly port: string
  readonly adminPort: string
  readonly config: readonly string[]
  readonly actions: string
}

/** `cardea dev`: the product at once, on the embedded database, with a sample configuration to play with. */
export function devCommand(program: Command): void {
  program
    .command('dev')
    .description('try Cardea on this machine: a sample configuration, an embedded database, an echo receiver')
    .option('--data <folder>', 'where database, secrets and sample configuration live', '.cardea')
    .option('--port <port>', 'port of the public listener', '4433')
    .option('--admin-port <port>', 'port of the admin listener', '4434')
    .option('--actions <on|off>', 'off: start with every action switched off, when one of them is in the way', 'on')
    .option('-c, --config <file...>', 'use these files instead of the sample configuration', [])
    .action(dev)
}

async function dev({ data, port, adminPort, config, actions }: Options): Promise<void> {
  const ports = { public: portOf(port, '--port'), admin: portOf(adminPort, '--admin-port') }
  const folder = resolve(data)
  const isNew = writeSample(folder, ports)
  const main = config.length > 0 ? config : [join(folder, 'cardea.yml')]
  await runServer({
    load: {
      files: [...main, join(folder, 'secrets.yml')],
      profile: 'safe',
      dev: true,
      // Ports given on the command line win over those in the sample, which was written earlier.
      overrides: {
        ...actionsSwitch(actions),
        log: { format: 'text' },
        serve: {
          public: { port: ports.public, base_url: `http://localhost:${ports.public}/` },
          admin: { port: ports.admin, base_url: `http://localhost:${ports.admin}/` },
        },
      },
    },
    migrate: true,
    announce: (loaded) => announce(loaded, relative(process.cwd(), main[0] ?? ''), isNew),
    portOptions: {
      public: '--port (npm start -- --port 5433)',
      admin: '--admin-port (npm start -- --admin-port 5434)',
    },
  })
}

function portOf(text: string, option: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new UsageError(`${option} must be a port number between 1 and 65535, not "${text}".`)
}

/** Writes what is not there yet; what somebody has edited stays. Returns whether everything is new. */
function writeSample(folder: string, ports: { readonly public: number; readonly admin: number }): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const isNew = !existsSync(join(folder, 'cardea.yml'))
  const secret = () => JSON.stringify(randomBytes(24).toString('base64url'))
  writeOnce(
    join(folder, 'secrets.yml'),
    `# Made up for this machine. Keep it out of version control.\nsecrets:\n  cookie: [${secret()}]\n  cipher: [${secret()}]\n  default: [${secret()}]\n`,
    0o600,
  )
  writeOnce(join(folder, 'cardea.yml'), sampleConfig({ folder, ...ports }), 0o644)
  for (const { name, text } of sampleFiles) writeOnce(join(folder, name), text, 0o644)
  return isNew
}

function writeOnce(path: string, text: string, mode: number): void {
  if (!existsSync(path)) writeFileSync(path, text, { mode, flag: 'wx' })
}

function announce({ settings }: Loaded, config: string, isNew: boolean): string {
  const { public: open, admin } = settings.serve
  return `
  Cardea is ready.

    Register, sign in    ${open.baseUrl}ui/registration
    See your actions     ${admin.baseUrl}dev/echo
    Read the mail        ${admin.baseUrl}dev/mailbox
    Change them          ${config} (takes effect when you save it)
    Public API           ${open.baseUrl}
    Admin API            ${admin.baseUrl}
${isNew ? '\n  The sample configuration is new: it calls the echo page before and after every flow.\n' : ''}
  Ctrl-C stops it.

`
}
