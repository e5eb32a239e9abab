import type { Log } from '../../core/log.ts'
import type { OidcProvider } from '../../core/oidc-settings.ts'
import type { Settings } from '../../core/settings.ts'
import type { Clock, Random } from '../../core/time.ts'
import type { Seal } from '../../crypto/seal.ts'
import type { Retrait, TraitForms } from '../../flows/define.ts'
import type { BuildIdentity } from '../../identities/build.ts'
import type { OutgoingClient } from '../../net/outgoing.ts'
import type { Store } from '../../store/store.ts'
import type { LoadMapper } from './mapper.ts'
import type { Protocol } from './protocol.ts'

/** What social sign-in touches. */
export type OidcDeps = {
  readonly settings: Pick<Settings, 'methods' | 'selfservice' | 'serve'>
  readonly identities: Pick<Store['identities'], 'findByIdentifier' | 'findByAddress'>
  readonly buildIdentity: BuildIdentity
  readonly retrait: Retrait
  readonly traitForms: Pick<TraitForms, 'nodes'>
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly random: Pick<Random, 'bytes' | 'uuid'>
  readonly loadMapper: LoadMapper
  /** For what goes to a browser and comes back. */
  readonly tripSeal: Seal
  /** For a provider's tokens at rest. */
  readonly tokenSeal: Seal
  readonly log: Log
}

export type Provider = OidcProvider & { readonly protocol: Protocol }

/** The same, with every provider ready to be spoken to. */
export type Ready = OidcDeps & { readonly providers: readonly Provider[] }
