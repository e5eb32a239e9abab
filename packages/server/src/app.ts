import { readdir, readFile } from 'node:fs/promises'
import { sendingOf } from './actions/sending-of.ts'
import { openTemplates } from './actions/web-hook/templates.ts'
import { assemble, messageSeal } from './assemble.ts'
import { makePlan } from './config/plan.ts'
import type { Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { openCourier } from './courier/courier.ts'
import { createTemplateCache, openMessageTemplates } from './courier/templates.ts'
import { createListener, listen } from './http/listener.ts'
import { adminPath } from './http/admin-path.ts'
import { openClient } from './net/client.ts'
import { connectSocket } from './net/connect-socket.ts'
import { startOutbox } from './outbox/start-outbox.ts'
import { openStore } from './store/open-store.ts'
import { createEcho } from './ui/echo.ts'
import type { World } from './world.ts'

export type AppOptions = {
  readonly settings: Settings
  readonly world: World
  readonly log: Log
  readonly version: string
  /** Brings a PostgreSQL schema up to date before serving; SQLite's always is. */
  readonly migrate: boolean
}

/** The running server. */
export type App = {
  /** Puts a new configuration in force. Requests under way keep theirs; hosts and ports stay as they were opened. */
  reload(settings: Settings): void
  /** Takes no more requests, lets those and the deliveries under way finish, closes the database. */
  stop(): Promise<void>
}

/** Puts everything together: one database, one outbox, two listeners, and what the configuration makes of them. */
export async function startApp({ settings, world, log, version, migrate }: AppOptions): Promise<App> {
  const store = await openStore(settings.dsn, { ...world, log, migrate })
  const current = { settings }
  const client = openClient(() => current.settings.clients, { userAgent: `cardea/${version}` })
  const templates = openTemplates({ client, clock: world.clock, readFile: (path) => readFile(path, 'utf8') })
  const planOf = (next: Settings) => makePlan(next, { ...world, settings: next, client, templates, log }).plan

  const mailFiles = {
    readFile: (path: string) => readFile(path, 'utf8'),
    listFolder: (path: string) => readdir(path).catch(() => []),
    cache: createTemplateCache(),
  }
  const mailTemplates = (next: Settings) =>
    openMessageTemplates({ settings: next.courier, client, clock: world.clock, log, ...mailFiles })
  const courier = openCourier({
    ...mailFiles,
    client,
    connect: connectSocket,
    settings: () => current.settings.courier,
    seal: () => messageSeal(current.settings, world),
    keepsUnsent: () => current.settings.dev,
    readTemplate: (location) => mailTemplates(current.settings).read(location),
  })

  const first = planOf(settings)
  const inForce = { sendingOf: sendingOf(first) }
  const outbox = startOutbox({
    ...world,
    queue: store.deliveries,
    client,
    log,
    concurrency: 32,
    sendingOf: (action) => inForce.sendingOf(action),
    settings: () => current.settings.actions,
    mail: {
      send: (message, signal) => courier.send(message, signal),
      retries: () => current.settings.courier.messageRetries,
      concurrency: settings.courier.pullCount,
      pollInterval: settings.courier.pullWait,
    },
  })

  const parts = { store, outbox, client, echo: createEcho(world), mailTemplates, world, log, version }
  const serving = { doors: assemble(parts, settings, first) }
  const publicListener = await createListener(serving.doors.publicRoutes, {
    kind: 'public',
    cors: settings.serve.public.cors,
    run: (route, exchange) => serving.doors.answerPublic(route, exchange),
    log: (error) => log('error', 'request_failed', { detail: String(error) }),
  })
  const adminListener = await createListener(serving.doors.adminRoutes, {
    kind: 'admin',
    cors: null,
    run: (route, exchange) => serving.doors.answerAdmin(route, exchange),
    rewrite: adminPath(serving.doors.adminRoutes),
    log: (error) => log('error', 'request_failed', { detail: String(error) }),
  })

  const stop = async () => {
    await Promise.all([publicListener.close(), adminListener.close()])
    await outbox.stop()
    await courier.close()
    await client.close()
    await store.close()
  }
  try {
    await listen(publicListener, settings.serve.public)
    await listen(adminListener, settings.serve.admin)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    reload: (next) => {
      const plan = planOf(next)
      serving.doors = assemble(parts, next, plan)
      current.settings = next
      inForce.sendingOf = sendingOf(plan)
    },
    stop,
  }
}
