import type { Wish } from '../core/decision.ts'
import type { Effect } from '../core/effect.ts'
import type { Identity, VerifiableAddress } from '../core/identity.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Settings } from '../core/settings.ts'
import { toTimestamp, type Time } from '../core/time.ts'
import { identityView } from '../core/views.ts'
import type { FlowDeps } from './define.ts'

type Deps = Pick<FlowDeps, 'mail'> & {
  readonly settings: { readonly serve: { readonly public: Pick<Settings['serve']['public'], 'baseUrl'> } }
}

type Change = {
  readonly before: Identity
  readonly now: Identity
  readonly request: RequestFacts
  readonly at: Time
}

/** Tells the addresses a person had that they were changed, so that nobody is locked out unawares (ory-actions.md §3.7). */
export async function notifyPrevious(
  { mail, settings }: Deps,
  { recipients }: Extract<Wish, { kind: 'notifyPreviousAddresses' }>,
  { before, now, request, at }: Change,
): Promise<readonly Effect[]> {
  const had = before.verifiableAddresses
  const has = now.verifiableAddresses
  if (had.length === has.length && had.every((address) => isAmong(address, has))) return []
  const told = had.filter((address) => {
    if (recipients === 'all') return true
    return recipients === 'removed' ? !isAmong(address, has) : address.verified
  })
  const data = {
    identity: identityView(now, settings.serve.public.baseUrl),
    identity_id: now.id,
    changed_at: toTimestamp(at),
  }
  const sent = await Promise.all(
    told.map(({ value, via }) => mail({ template: 'verifiable_address_changed', to: value, via, data, request })),
  )
  return sent.flat()
}

const isAmong = (address: VerifiableAddress, others: readonly VerifiableAddress[]) =>
  others.some((other) => other.value === address.value && other.via === address.via)
