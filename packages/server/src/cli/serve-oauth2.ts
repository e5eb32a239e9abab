import { openClient } from '../net/client.ts'
import { loadOAuth2Config, type OAuth2Loaded, type OAuth2LoadOptions } from '../config/oauth2/load.ts'
import { watchFiles } from '../config/watch.ts'
import type { CallRecord } from '../core/call.ts'
import { ConfigError } from '../core/errors.ts'
import type { Milliseconds } from '../core/time.ts'
import { startOAuth2 } from '../oauth2-app.ts'
import { startCallLog } from '../outbox/call-log.ts'
import { startOutbox } from '../outbox/start-outbox.ts'
import { waitingQueue } from '../outbox/waiting-queue.ts'
import { openStore } from '../store/open-store.ts'
import { figuresOf } from '../telemetry/figures.ts'
import { openMetrics } from '../telemetry/metrics.ts'
import { observeQueue } from '../telemetry/observe-queue.ts'
import { realWorld } from '../world.ts'
import { createLog } from './log.ts'
import { stopSignal } from './stop-signal.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** How long the log of blocking calls goes back. */
const KEPT_CALLS: Milliseconds = 7 * 24 * 60 * 60_000

/** `cardea serve oauth2 -c hydra.yml`: the OAuth2 server alone, until a signal stops it. */
export async function serveOAuth2(load: OAuth2LoadOptions, migrate: boolean): Promise<void> {
  const loaded = await loadOAuth2Config(load)
  const { settings } = loaded
  const world = realWorld()
  const log = createLog(settings.log, (line) => process.stderr.write(line))
  for (const warning of loaded.warnings) log('warn', 'configuration', { detail: warning })

  const store = await openStore(settings.dsn, { ...world, log, migrate })
  const current = { settings }
  const metrics = openMetrics(() => figuresOf(store.deliveries))
  const client = openClient(() => current.settings.clients, { userAgent: `cardea/${version}` })
  const outbox = startOutbox({
    ...world,
    queue: observeQueue(
      waitingQueue(store.deliveries, () => current.settings.actions.enabled),
      metrics,
    ),
    client,
    log,
    concurrency: 64,
    sendingOf: (action) => running.app?.sendingOf(action) ?? null,
    settings: () => current.settings.actions,
  })
  const calls = startCallLog({ calls: store.calls, clock: world.clock, log, keepFor: () => KEPT_CALLS })
  const record = (call: CallRecord) => {
    calls.record(call)
    metrics.called(call)
  }
  const running: { app: Awaited<ReturnType<typeof startOAuth2>> | null } = { app: null }
  const stop = async () => {
    await Promise.all([running.app?.close(), outbox.stop()])
    await calls.stop()
    await client.close()
    await store.close()
  }
  try {
    running.app = await startOAuth2(
      { store, client, world, log, version, wake: () => outbox.wake(), record, metrics },
      settings,
    )
  } catch (error) {
    await stop()
    throw portTaken(error) ?? error
  }
  const watcher = watchOAuth2(load, loaded, {
    changed: async (next) => {
      await running.app?.reload(next.settings)
      current.settings = next.settings
      for (const warning of next.warnings) log('warn', 'configuration', { detail: warning })
      log('info', 'configuration_reloaded', { revision: next.settings.revision })
    },
    refused: (error) =>
      log('error', 'configuration_refused', {
        detail: error instanceof ConfigError ? error.message : String(error),
        consequence: 'the configuration in force stays',
      }),
  })
  process.stdout.write(
    `Cardea's OAuth2 server is ready.\n  public ${settings.publicUrl}\n  admin  ${settings.serve.admin.baseUrl}\n`,
  )

  await stopSignal()
  watcher.close()
  await stop()
}

function portTaken(error: unknown): UsageError | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return null
  const port = 'port' in error && typeof error.port === 'number' ? error.port : 0
  return new UsageError(
    `Port ${port} is taken.\nStop that program, or choose another with serve.public.port or serve.admin.port.`,
  )
}

type Listeners = { readonly changed: (next: OAuth2Loaded) => Promise<void>; readonly refused: (error: unknown) => void }

/** Loads again whenever a file changes that the configuration was made of. */
function watchOAuth2(
  load: OAuth2LoadOptions,
  loaded: OAuth2Loaded,
  { changed, refused }: Listeners,
): { close(): void } {
  const again = { ...load, generatedSecret: loaded.generatedSecret }
  const state = { fingerprint: loaded.fingerprint, isClosed: false, queue: Promise.resolve() }
  const reload = async () => {
    if (state.isClosed) return
    try {
      const next = await loadOAuth2Config(again)
      files.follow(next.sources)
      if (next.fingerprint === state.fingerprint) return
      state.fingerprint = next.fingerprint
      await changed(next)
    } catch (error) {
      if (!state.isClosed) refused(error)
    }
  }
  const files = watchFiles(() => {
    state.queue = state.queue.then(reload)
  })
  files.follow(loaded.sources)
  return {
    close: () => {
      state.isClosed = true
      files.close()
    },
  }
}
