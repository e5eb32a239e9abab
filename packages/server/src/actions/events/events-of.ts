import type { Effect } from '../../core/effect.ts'
import type { Identity, IdentityWithCredentials, VerifiableAddress } from '../../core/identity.ts'
import type { IdentityId, SessionId } from '../../core/ids.ts'
import type { Session } from '../../core/session.ts'
import type { Time } from '../../core/time.ts'
import type { EventName } from '../../core/trigger.ts'
import type { Store } from '../../store/store.ts'
import { changedPaths } from './changed-paths.ts'

/** Something a commit makes happen. Its id follows from what it is, so the same can't be told twice. */
export type Event = {
  readonly name: EventName
  readonly id: string
  readonly identity: Identity
  readonly previous?: Identity
  readonly changed?: readonly string[]
  readonly address?: VerifiableAddress
  readonly session?: Session
}

type Look = {
  readonly store: Pick<Store, 'identities' | 'sessions'>
  /** What nobody is told of is not looked up. */
  readonly isWanted: (event: EventName) => boolean
  readonly at: Time
}

/**
 * What effects make happen, whoever asked for them. This is the one place that knows it, so no path can forget an event.
 * What is about to be lost is read before it is.
 */
export async function eventsOf(look: Look, effects: readonly Effect[]): Promise<readonly Event[]> {
  const events: Event[] = []
  for (const effect of effects) events.push(...(await eventsOfOne(look, effect)))
  return events.filter(({ name }) => look.isWanted(name))
}

async function eventsOfOne(look: Look, effect: Effect): Promise<readonly Event[]> {
  switch (effect.kind) {
    case 'createIdentity':
      return created(effect.identity)
    case 'saveIdentity':
      return updated(effect.before, effect.identity)
    case 'deleteIdentity':
      return deleted(look, effect.identityId)
    case 'revokeSession':
      return revoked(look, () => byIds(look, [effect.sessionId]))
    case 'revokeSessions':
    case 'deleteSessions':
      return revoked(look, () => byIds(look, effect.sessionIds))
    case 'revokeOtherSessions':
      return revoked(look, () => ofIdentity(look, effect.identityId, effect.keep))
    case 'deleteSessionsOf':
      return revoked(look, () => ofIdentity(look, effect.identityId, null))
    // Nobody is different for these, and nobody is signed out: a code that is spent, a better hash, a flow, a mail.
    case 'saveCredential':
    case 'openFlow':
    case 'keepFlow':
    case 'closeFlow':
    case 'parkChange':
    case 'takeChange':
    case 'noteFirstLogin':
    case 'storeSession':
    case 'renewSession':
    case 'exchangeToken':
    case 'extendSession':
    case 'handOutSession':
    case 'continueWith':
    case 'storeError':
    case 'expectIdentity':
    case 'mailNobody':
    case 'charge':
    case 'refund':
    case 'forgetBudget':
    case 'rememberSource':
    case 'oauth2':
    case 'sendMail':
    case 'notify':
      return []
    default:
      return effect satisfies never
  }
}

const created = (identity: IdentityWithCredentials): readonly Event[] => [
  { name: 'identity.created', id: `${identity.id}.created`, identity },
  ...newlyVerified(identity, [], identity.version),
]

function updated(before: IdentityWithCredentials, identity: IdentityWithCredentials): readonly Event[] {
  const version = before.version + 1
  const changed = changedPaths(before, identity)
  return [
    ...(changed.length === 0
      ? []
      : [
          {
            name: 'identity.updated' as const,
            id: `${identity.id}.updated.${version}`,
            identity,
            previous: before,
            changed,
          },
        ]),
    ...newlyVerified(identity, before.verifiableAddresses, version),
  ]
}

function newlyVerified(
  identity: IdentityWithCredentials,
  before: readonly VerifiableAddress[],
  version: number,
): readonly Event[] {
  const wasVerified = ({ value, via }: VerifiableAddress) =>
    before.some((known) => known.value === value && known.via === via && known.verified)
  return identity.verifiableAddresses
    .filter((address) => address.verified && !wasVerified(address))
    .map((address) => ({
      name: 'address.verified',
      id: `${identity.id}.verified.${version}.${address.id}`,
      identity,
      address,
    }))
}

/** Whoever is deleted is signed out everywhere as well. */
async function deleted(look: Look, id: IdentityId): Promise<readonly Event[]> {
  if (!look.isWanted('identity.deleted') && !look.isWanted('session.revoked')) return []
  const identity = await look.store.identities.find(id)
  if (identity === null) return []
  return [
    ...(await revoked(look, () => ofIdentity(look, id, null))),
    { name: 'identity.deleted', id: `${id}.deleted`, identity },
  ]
}

/** A session is revoked once; what has ended by itself is not revoked any more. */
async function revoked(look: Look, find: () => Promise<readonly Session[]>): Promise<readonly Event[]> {
  if (!look.isWanted('session.revoked')) return []
  const sessions = (await find()).filter(({ active, expiresAt }) => active && expiresAt > look.at)
  return sessions.map((session) => ({
    name: 'session.revoked',
    id: `${session.id}.revoked`,
    identity: session.identity,
    session: { ...session, active: false },
  }))
}

const byIds = ({ store }: Look, ids: readonly SessionId[]) => store.sessions.findMany(ids)

const PAGE = 500

async function ofIdentity(
  { store, at }: Look,
  identity: IdentityId,
  except: SessionId | null,
): Promise<readonly Session[]> {
  const found: Session[] = []
  for (;;) {
    const last = found.at(-1)
    const before = last === undefined ? null : { id: last.id, issuedAt: last.issuedAt }
    const kept = except === null ? {} : { except }
    const page = await store.sessions.ofIdentity(identity, { before, size: PAGE, which: 'any', at, ...kept })
    found.push(...page)
    if (page.length < PAGE) return found
  }
}
