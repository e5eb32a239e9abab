import type { Log } from '../core/log.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'
import type { Clock, Random, Stopwatch } from '../core/time.ts'
import type { ClientSecrets } from '../crypto/client-secrets.ts'
import type { Seal } from '../crypto/seal.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import type { Store } from '../store/store.ts'
import type { AskTokenActions } from './ask-token-actions.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What the OAuth2 server may touch. */
export type OAuth2Deps = {
  readonly settings: OAuth2Settings
  readonly store: Pick<Store, 'oauth2' | 'commit'>
  readonly clock: Clock
  readonly stopwatch: Stopwatch
  readonly random: Random
  readonly log: Log
  readonly client: Pick<OutgoingClient, 'send'>
  readonly secrets: ClientSecrets
  readonly seals: Seals
  readonly keys: SigningKeys
  readonly ask: AskTokenActions
  /** Tells the outbox that something was queued. */
  readonly wake: () => void
}

/** One purpose each, so that nothing sealed for one opens for another. */
export type Seals = {
  readonly requests: Seal
  readonly sessions: Seal
  readonly cookies: Seal
  readonly pages: Seal
}
