import type { JsonObject } from '../../src/core/json.ts'
import { startTestApp, type TestApp } from '../app.ts'
import { freePort } from '../free-port.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import type { Somebody, Told } from '../somebody.ts'
import { startUpstream, type UpstreamServer } from '../upstream.ts'
import { provider, withProviders } from './base.ts'

/** The app, a provider it knows, and somebody who listens to every trigger. */
export type Stage = {
  readonly app: TestApp
  readonly upstream: UpstreamServer
  readonly hooks: Receiver
  close(): Promise<void>
}

type Options = {
  readonly dialect: 'sqlite' | 'postgres'
  readonly provider?: JsonObject
  readonly others?: readonly JsonObject[]
  readonly setting?: Omit<Parameters<typeof withProviders>[0], 'providers' | 'hooks'>
  readonly configuration?: Parameters<typeof startUpstream>[0]['configuration']
}

export async function stage({
  dialect,
  provider: more = {},
  others = [],
  setting = {},
  configuration = {},
}: Options): Promise<Stage> {
  const port = await freePort()
  const hooks = await startReceiver()
  const providers = [provider(`http://127.0.0.1:${port}`, more), ...others]
  const app = await startTestApp({ dialect, config: withProviders({ ...setting, providers, hooks: hooks.url() }) })
  const callback = `${app.publicUrl}/self-service/methods/oidc/callback`
  const redirectUris = [callback, ...providers.map(({ id }) => `${callback}/${typeof id === 'string' ? id : ''}`)]
  const upstream = await startUpstream({ port, redirectUris, configuration })
  return {
    app,
    upstream,
    hooks,
    close: async () => {
      await app.close()
      await upstream.close()
      await hooks.close()
    },
  }
}

/** Chooses the provider in a form, signs in there, and comes back. */
export async function goThrough(
  { upstream }: Pick<Stage, 'upstream'>,
  who: Somebody,
  flow: JsonObject,
  fields: JsonObject = {},
): Promise<Told> {
  const sent = await who.submit(flow, { method: 'oidc', provider: 'up', ...fields })
  return who.open(await upstream.visit(sent.location))
}

/** The triggers that have been told, in their order. */
export async function toldTriggers({ hooks }: Pick<Stage, 'hooks'>, times: number): Promise<readonly string[]> {
  for (let i = 0; i < 100 && hooks.calls.length < times; i++) await new Promise((resolve) => setTimeout(resolve, 20))
  return hooks.calls.map(({ path }) => path.replace(/^\/+/, ''))
}
