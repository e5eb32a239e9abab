import { startApp } from '../app.ts'
import { type Loaded, type LoadOptions, loadConfig } from '../config/load.ts'
import { planWarnings } from '../config/plan-warnings.ts'
import { watchConfig } from '../config/watch.ts'
import { ConfigError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import { realWorld } from '../world.ts'
import { createLog } from './log.ts'
import { portOwner } from './port-owner.ts'
import { stopSignal } from './stop-signal.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

type ServerOptions = {
  readonly load: LoadOptions
  readonly migrate: boolean
  /** What is printed once the server answers. */
  readonly announce: (loaded: Loaded) => string
  /** Which options change a port, for the message when it is taken. */
  readonly portOptions: { readonly public: string; readonly admin: string }
}

/** Runs the server until a signal stops it. A second signal stops it at once. */
export async function runServer({ load, migrate, announce, portOptions }: ServerOptions): Promise<void> {
  const loaded = await loadConfig(load)
  const { settings } = loaded
  const log = createLog(settings.log, (line) => process.stderr.write(line))
  warn(log, loaded)

  // From here on a signal is not lost, however early it comes.
  const asked = stopSignal()
  const current = { loaded }
  const configuration = () => current.loaded.effective
  const world = realWorld()
  const app = await startApp({ settings, world, log, version, migrate, configuration }).catch((error: unknown) => {
    throw portTaken(error, settings, portOptions) ?? error
  })
  const watcher = watchConfig(load, loaded, {
    changed: (next) => {
      app.reload(next.settings)
      current.loaded = next
      warn(log, next)
      log('info', 'configuration_reloaded', { revision: next.settings.revision })
    },
    refused: (error) => logRefusal(log, error),
  })
  process.stdout.write(announce(loaded))

  await asked
  watcher.close()
  await app.stop()
}

/** A choice that somebody may make with open eyes; only `cardea actions lint` mentions it. */
const CHOICES: ReadonlySet<string> = new Set(['tells_who_exists'])

/** What works, and perhaps not as meant: keys first, then the plan that they make. */
function warn(log: Log, { warnings, settings }: Loaded): void {
  for (const detail of warnings) log('warn', 'configuration', { detail })
  for (const { kind, where, text } of planWarnings(settings)) {
    if (!CHOICES.has(kind)) log('warn', 'plan', { kind, where, detail: text })
  }
}

/** The server goes on with what it has; the operator learns what is wrong with the new file. */
const logRefusal = (log: Log, error: unknown) =>
  log('error', 'configuration_refused', {
    detail: error instanceof ConfigError ? error.message : String(error),
    consequence: 'the configuration in force stays',
  })

function portTaken(error: unknown, { serve }: Settings, options: ServerOptions['portOptions']): UsageError | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return null
  const port = 'port' in error && typeof error.port === 'number' ? error.port : 0
  const isAdmin = port === serve.admin.port
  const owner = portOwner(port)
  return new UsageError(
    `Port ${port} is taken${owner === null ? '' : ` by ${owner}`}.\n` +
      `Stop that program, or choose another port with ${isAdmin ? options.admin : options.public}.`,
  )
}
