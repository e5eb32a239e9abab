import { readdir, readFile } from 'node:fs/promises'
import { limitsOf, sendingOf } from './actions/sending-of.ts'
import { openTemplates } from './actions/web-hook/templates.ts'
import { assemble, type Doors, messageSeal } from './assemble.ts'
import { makePlan } from './config/plan.ts'
import { redact } from './config/redact.ts'
import type { CallRecord } from './core/call.ts'
import type { Delivery } from './core/delivery.ts'
import type { ActionId } from './core/ids.ts'
import type { JsonObject } from './core/json.ts'
import type { Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { noTracer } from './core/tracer.ts'
import { openCourier } from './courier/courier.ts'
import { createSeal } from './crypto/seal.ts'
import { sealingNodes } from './flows/sealed-nodes.ts'
import { createTemplateCache, openMessageTemplates } from './courier/templates.ts'
import { createHashQueue } from './crypto/hash-queue.ts'
import { readCertificate } from './http/certificate.ts'
import { createCauses } from './http/causes.ts'
import { createListener } from './http/listener.ts'
import { IDENTITY_BODY_LIMIT } from './http/listener-doors.ts'
import { keepWriteBack } from './identities/write-back.ts'
import { openClient } from './net/client.ts'
import { connectSocket } from './net/connect-socket.ts'
import type { Resolve } from './net/guarded-connector.ts'
import { startCallLog } from './outbox/call-log.ts'
import { waitingQueue } from './outbox/waiting-queue.ts'
import { type OAuth2App, startOAuth2 } from './oauth2-app.ts'
import { type Sendable, sendDelivery } from './outbox/deliver-web-hook.ts'
import { startOutbox } from './outbox/start-outbox.ts'
import { startStepLog } from './outbox/step-log.ts'
import { openStore } from './store/open-store.ts'
import { startSweeper } from './store/sweeper.ts'
import { figuresOf } from './telemetry/figures.ts'
import { openMetrics } from './telemetry/metrics.ts'
import { observeQueue } from './telemetry/observe-queue.ts'
import { watchQueue } from './telemetry/queue-watch.ts'
import { traceAsking, traceDelivering, traceQueue, traceStore } from './telemetry/trace-parts.ts'
import { startTracing } from './telemetry/tracing.ts'
import { createEcho } from './ui/echo.ts'
import type { World } from './world.ts'

export type AppOptions = {
  /** Where names of receivers lead; what the machine says, unless it is said. */
  readonly resolve?: Resolve
  readonly settings: Settings
  readonly world: World
  readonly log: Log
  readonly version: string
  /** Brings a PostgreSQL schema up to date before serving; SQLite's always is. */
  readonly migrate: boolean
  /** The whole configuration in force with every default in it, for administrators to see; its secrets are left out. */
  readonly configuration?: () => JsonObject
}

/** The running server. */
export type App = {
  /** Puts a new configuration in force. Requests under way keep theirs; hosts and ports stay as they were opened. */
  reload(settings: Settings): void
  /** Takes no more requests, lets those and the deliveries under way finish, closes the database. */
  stop(): Promise<void>
}

/** Puts everything together: one database, one outbox, two listeners, and what the configuration makes of them. */
export async function startApp({
  settings,
  world,
  log,
  version,
  migrate,
  configuration,
  resolve,
}: AppOptions): Promise<App> {
  // First of all: while nothing runs yet, there is nothing that would go on running.
  const certificates = certificatesOf(settings)
  const current = { settings }
  const flowSeal = () => createSeal(current.settings.secrets.cipher, 'flow', world.random)
  const tracing = settings.tracing === null ? null : await startTracing(settings.tracing, version)
  const tracer = tracing ?? noTracer
  const sealing = sealingNodes(await openStore(settings.dsn, { ...world, log, migrate }), flowSeal)
  const store = tracing === null ? sealing : traceStore(sealing, tracing)
  const client = openClient(() => current.settings.clients, {
    userAgent: `cardea/${version}`,
    ...(resolve === undefined ? {} : { resolve }),
  })
  const templates = openTemplates({ client, clock: world.clock, readFile: (path) => readFile(path, 'utf8') })
  const keepFor = () => current.settings.callLog.keepFor
  const sweeper = startSweeper({
    expired: store.expired,
    clock: world.clock,
    log,
    settings: () => current.settings.cleanup,
  })
  const callLog = startCallLog({ calls: store.calls, clock: world.clock, log, keepFor })
  const { steps, plans } = store
  const stepLog = startStepLog({ steps, plans, ...world, log, keepFor })
  const figures = () => figuresOf(store.deliveries)
  const metrics = openMetrics(figures)
  const watch = watchQueue({ figures, log })
  const record = (call: CallRecord) => {
    callLog.record(call)
    metrics.called(call)
  }
  const asking = tracing === null ? client : traceAsking(client, tracing)
  const planOf = (next: Settings) =>
    makePlan(next, { ...world, settings: next, client: asking, templates, log, record }).plan

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
  const inForce = { sendingOf: sendingOf(first), limitsOf: limitsOf(first) }
  const beside: { oauth2: OAuth2App | null } = { oauth2: null }
  const findSending = (action: ActionId) => inForce.sendingOf(action) ?? beside.oauth2?.sendingOf(action) ?? null
  // The outbox delivers from the first moment on; what it finds out is kept as soon as there is somebody to keep it.
  const late: { deniedLater: Doors['deniedLater'] } = {
    deniedLater: () => Promise.reject(new Error('not started yet')),
  }
  const observed = observeQueue(
    waitingQueue(store.deliveries, () => current.settings.actions.enabled),
    metrics,
  )
  const traced = tracing === null ? null : traceQueue(observed)
  const outbox = startOutbox({
    ...world,
    queue: traced?.queue ?? observed,
    client: tracing === null || traced === null ? client : traceDelivering(client, tracing, traced.causes),
    log,
    concurrency: 64,
    sendingOf: findSending,
    record,
    settings: () => current.settings.actions,
    deliveries: () => current.settings.deliveries,
    limitsOf: (endpoint) => inForce.limitsOf(endpoint),
    deniedLater: (delivery, said) => late.deniedLater(delivery, said),
    // The store itself, and not the one that tells of what is written: an answer must not make another call.
    writeBack: (id, change) => keepWriteBack({ store, clock: world.clock, log }, id, change),
    mail: {
      send: (message, signal) => courier.send(message, signal),
      retries: () => current.settings.courier.messageRetries,
      concurrency: settings.courier.pullCount,
      pollInterval: settings.courier.pullWait,
    },
  })

  const oauth2Parts = { store, client: asking, world, log, version, record, metrics, tracer, wake: () => outbox.wake() }
  const oauth2 = settings.oauth2Server === null ? null : () => flowOf(beside.oauth2)
  const parts = {
    causes: createCauses(),
    oauth2,
    store,
    outbox,
    callLog,
    record,
    stepLog,
    metrics,
    tracer,
    warnings: () => watch.warnings(),
    trySending: (delivery: Pick<Delivery, 'id' | 'actionId'>, content: Sendable) =>
      sendDelivery({ ...world, client, sendingOf: findSending }, delivery, content, { budget: content.timeout }),
    configuration: () => redact(configuration?.() ?? {}),
    client,
    templates,
    echo: createEcho(world),
    hashQueue: createHashQueue(() => current.settings.hashers.queue),
    mailTemplates,
    world,
    log,
    version,
  }
  const serving = { doors: assemble(parts, settings, first) }
  late.deniedLater = (delivery, said) => serving.doors.deniedLater(delivery, said)
  const { public: open, admin } = settings.serve
  const publicListener = createListener(() => serving.doors.public, {
    certificate: certificates.public,
    bodyLimit: IDENTITY_BODY_LIMIT,
  })
  const adminListener = createListener(() => serving.doors.admin, {
    certificate: certificates.admin,
    bodyLimit: IDENTITY_BODY_LIMIT,
  })

  const stop = async () => {
    watch.stop()
    // The outbox begins nothing more at once: what requests still queue waits for the next start, or another node.
    await Promise.all([publicListener.close(), adminListener.close(), beside.oauth2?.close(), outbox.stop()])
    await courier.close()
    await client.close()
    await callLog.stop()
    await stepLog.stop()
    await sweeper.stop()
    await store.close()
    await tracing?.stop()
  }
  try {
    if (settings.oauth2Server !== null) beside.oauth2 = await startOAuth2(oauth2Parts, settings.oauth2Server)
    await publicListener.listen(open)
    await adminListener.listen(admin)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    reload: (next) => {
      // What can't be used is found out before anything of it is in force.
      const renewed = certificatesOf(next)
      const plan = planOf(next)
      serving.doors = assemble(parts, next, plan)
      publicListener.show(renewed.public)
      adminListener.show(renewed.admin)
      current.settings = next
      inForce.sendingOf = sendingOf(plan)
      inForce.limitsOf = limitsOf(plan)
      if ((next.oauth2Server === null) !== (beside.oauth2 === null))
        log('warn', 'configuration', { detail: 'oauth2_server: it comes or goes when the server is started again' })
      if (next.oauth2Server !== null)
        beside.oauth2?.reload(next.oauth2Server).catch((error: unknown) => {
          log('error', 'oauth2_not_reloaded', { detail: String(error) })
        })
    },
    stop,
  }
}

const certificatesOf = ({ serve }: Settings) => ({
  public: readCertificate(serve.public.tls),
  admin: readCertificate(serve.admin.tls),
})

/** Nobody is let in before everything has been started. */
function flowOf(oauth2: OAuth2App | null) {
  if (oauth2 === null) throw new Error('the OAuth2 server is asked before it has started')
  return oauth2.flow()
}
