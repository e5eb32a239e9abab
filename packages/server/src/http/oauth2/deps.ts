import type { FlowDeps } from '../../oauth2/authorize.ts'
import type { Engine } from '../../oauth2/engine.ts'

/** What the routes of the OAuth2 server are made of. */
export type OAuth2Doors = {
  readonly flow: FlowDeps
  readonly engine: Engine
  readonly ping: () => Promise<void>
  readonly version: string
}
