import type { OAuth2Settings } from './core/oauth2-settings.ts'
import { assembleOAuth2, type OAuth2Parts } from './assemble-oauth2.ts'
import { readCertificate } from './http/certificate.ts'
import { createListener } from './http/listener.ts'
import { OAUTH2_BODY_LIMIT } from './http/oauth2/listener-doors.ts'
import type { FlowDeps } from './oauth2/authorize.ts'
import type { Sending } from './core/action.ts'
import type { ActionId } from './core/ids.ts'
import type { Milliseconds } from './core/time.ts'

/** The running OAuth2 server: two listeners of its own, on parts that it may share with the identity server. */
export type OAuth2App = {
  reload(settings: OAuth2Settings): Promise<void>
  /** What its pages and the identity server work with; the one of the configuration in force. */
  flow(): FlowDeps
  /** What deliveries of its actions need at the moment they are sent. */
  sendingOf(action: ActionId): Sending | null
  close(): Promise<void>
}

/** Codes and tokens that ended long ago are no evidence of reuse any more. */
const SWEEP_EVERY: Milliseconds = 10 * 60_000
const KEPT_AFTER_END: Milliseconds = 30 * 60_000

/** Starts the OAuth2 server on an open store. */
export async function startOAuth2(parts: OAuth2Parts, settings: OAuth2Settings): Promise<OAuth2App> {
  const serving = { doors: await assembleOAuth2(parts, settings) }
  const { log, store, world } = parts
  const open = createListener(() => serving.doors.public, {
    certificate: readCertificate(settings.serve.public.tls),
    bodyLimit: OAUTH2_BODY_LIMIT,
  })
  const admin = createListener(() => serving.doors.admin, {
    certificate: readCertificate(settings.serve.admin.tls),
    bodyLimit: OAUTH2_BODY_LIMIT,
  })
  const sweep = setInterval(() => {
    store
      .commit([{ kind: 'oauth2', change: { write: 'sweepTokens', before: world.clock.now() - KEPT_AFTER_END } }])
      .catch((error: unknown) => log('warn', 'sweep_failed', { detail: String(error) }))
  }, SWEEP_EVERY).unref()
  const close = async () => {
    clearInterval(sweep)
    await Promise.all([open.close(), admin.close()])
  }
  try {
    await open.listen(settings.serve.public)
    await admin.listen(settings.serve.admin)
  } catch (error) {
    await close()
    throw error
  }
  return {
    reload: async (next) => {
      serving.doors = await assembleOAuth2(parts, next)
      open.show(readCertificate(next.serve.public.tls))
      admin.show(readCertificate(next.serve.admin.tls))
    },
    flow: () => serving.doors.flow,
    sendingOf: (action) => serving.doors.actions.sendingOf(action),
    close,
  }
}
