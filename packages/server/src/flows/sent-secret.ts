import type { Challenge, Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { Message } from '../core/mail.ts'
import type { Settings } from '../core/settings.ts'
import type { Effect } from '../core/effect.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import { identityView } from '../core/views.ts'
import type { Codes } from '../crypto/codes.ts'
import type { Store } from '../store/store.ts'
import type { Addressee } from '../methods/define.ts'

/** What methods need that send a secret to an address. */
export type SecretDeps = {
  readonly codes: Codes
  readonly identities: Pick<Store['identities'], 'find' | 'findByAddress'>
  readonly mail: (message: Message) => Promise<readonly Effect[]>
  readonly settings: Pick<Settings, 'methods' | 'selfservice' | 'serve' | 'featureFlags'>
}

type Issue = {
  readonly kind: Challenge['kind']
  readonly at: Time
  readonly expiresAt: Time
  readonly byAdmin?: boolean
}

/** What a flow remembers of a secret. Tries are counted over all secrets of a flow, or each mail would allow more guesses. */
export const challengeFor = (
  { codes }: Pick<SecretDeps, 'codes'>,
  flow: Flow,
  to: Addressee,
  secret: string,
  { kind, expiresAt, byAdmin = false }: Issue,
): Challenge => ({
  kind,
  hash: codes.hash(secret, flow.id),
  address: to.value,
  via: to.via,
  identityId: to.identity?.id ?? null,
  expiresAt,
  failures: flow.challenge?.failures ?? 0,
  byAdmin,
})

/** Whether this is the secret that was sent, in time, to somebody there is. */
export const isAnswer = (
  { codes }: Pick<SecretDeps, 'codes'>,
  flow: Flow,
  kind: Challenge['kind'],
  secret: string,
  at: Time,
): boolean => {
  const { challenge } = flow
  if (challenge === null || challenge.kind !== kind) return false
  const matches = codes.matches(secret, flow.id, challenge.hash)
  return matches && challenge.identityId !== null && challenge.expiresAt > at
}

type Answered = {
  readonly before: IdentityWithCredentials
  readonly identity: IdentityWithCredentials
  readonly effects: readonly Effect[]
}

/** The person whose address has answered, with that address verified; null if they are gone, or no longer have it. */
export async function answered(
  { identities }: Pick<SecretDeps, 'identities'>,
  flow: Flow,
  at: Time,
): Promise<Answered | null> {
  const { challenge } = flow
  if (challenge === null || challenge.identityId === null) return null
  const before = await identities.find(challenge.identityId)
  if (before === null) return null
  const isSame = ({ value, via }: { readonly value: string; readonly via: string }) =>
    value === challenge.address && via === challenge.via
  // Whoever reads an address that was given up must not get in by what was sent there before. One that is yet to
  // take its place is not the person's so far.
  const addresses = flow.name === 'recovery' ? before.recoveryAddresses : before.verifiableAddresses
  const isAwaited = flow.name === 'verification' && flow.holdsChange
  if (!challenge.byAdmin && !isAwaited && !addresses.some(isSame)) return null
  // A secret that an administrator has handed over proves nothing about the address.
  const proves =
    !challenge.byAdmin && before.verifiableAddresses.some((address) => isSame(address) && !address.verified)
  // Whoever gives the address up at this very moment is found out by the commit.
  const effects: readonly Effect[] = [{ kind: 'expectIdentity', identityId: before.id, version: before.version }]
  if (!proves) return { before, identity: before, effects }
  const verifiableAddresses = before.verifiableAddresses.map((address) =>
    isSame(address)
      ? { ...address, verified: true, status: 'completed' as const, verifiedAt: at, updatedAt: at }
      : address,
  )
  return { before, identity: { ...before, verifiableAddresses, updatedAt: at }, effects }
}

/** How long it is remembered that nobody was written to: as long as it takes to be swept away. */
const NOBODY_FOR: Milliseconds = 60_000

/** The message, where there is somebody to read it; as much writing, where there is nobody. */
export const mailOr = (
  { codes }: Pick<SecretDeps, 'codes'>,
  isSent: boolean,
  mails: readonly Effect[],
  to: Addressee,
  at: Time,
): readonly Effect[] =>
  isSent
    ? mails
    : mails.map(() => ({ kind: 'mailNobody', key: codes.hash(to.value, 'nobody'), until: at + NOBODY_FOR }))

/** The data every template of a secret has (ory-identity-api.md §11). */
export const mailData = (
  { settings }: Pick<SecretDeps, 'settings'>,
  flow: Flow,
  to: Addressee,
  lifespan: Milliseconds,
): JsonObject => ({
  to: to.value,
  request_url: flow.requestUrl,
  transient_payload: flow.transientPayload ?? {},
  expires_in_minutes: Math.round(lifespan / 60_000),
  ...(to.identity === null ? {} : { identity: identityView(to.identity, settings.serve.public.baseUrl) }),
})

/** A URL of the public listener. */
export const publicUrl = ({ settings }: Pick<SecretDeps, 'settings'>, path: string, query: Record<string, string>) => {
  const url = new URL(path, settings.serve.public.baseUrl)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}
