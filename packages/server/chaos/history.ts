/** What somebody who signed up was answered. `unknown`: the connection broke, or the server could not say. */
export type Tried = {
  readonly email: string
  readonly outcome: 'acknowledged' | 'refused' | 'unknown'
  readonly identityId: string | null
}

/** One request as the receiver saw it. */
export type Seen = {
  readonly id: string
  readonly action: string
  readonly identityId: string
  readonly email: string
  readonly bodyHash: string
  /** Whether it was answered with 200; only then the server may know that it arrived. */
  readonly isTaken: boolean
}

export type StoredPerson = { readonly id: string; readonly email: string }

export type StoredDelivery = {
  readonly id: string
  readonly eventId: string
  readonly actionId: string
  readonly identityId: string | null
  readonly state: string
}

/** All that is known once everything has come to rest: what was asked, what arrived, what is stored. */
export type History = {
  readonly tried: readonly Tried[]
  readonly seen: readonly Seen[]
  readonly people: readonly StoredPerson[]
  readonly deliveries: readonly StoredDelivery[]
  /** The actions that are told of somebody who signs up with this address. */
  readonly plannedFor: (email: string) => readonly string[]
}

/** A promise that was not kept, with whom it concerns (reliability.md §3.1). */
export type Violation = { readonly invariant: string; readonly what: string }

/** Compares what was promised with what there is. An empty list is the proof. */
export function violations(history: History): readonly Violation[] {
  return [
    ...emptyRuns(history),
    ...lostPeople(history),
    ...wrongRows(history),
    ...lostDeliveries(history),
    ...phantoms(history),
    ...changedBodies(history),
    ...revived(history),
  ]
}

const violation = (invariant: string, what: string): Violation => ({ invariant, what })

/** A run in which nothing happened proves nothing. */
const emptyRuns = ({ tried }: History): readonly Violation[] =>
  tried.some(({ outcome }) => outcome === 'acknowledged') ? [] : [violation('run', 'nobody could sign up at all')]

/** Whoever was told that they are in, is in. */
function lostPeople({ tried, people }: History): readonly Violation[] {
  const stored = new Map(people.map(({ email, id }) => [email, id]))
  return tried.flatMap(({ email, outcome, identityId }) =>
    outcome === 'acknowledged' && stored.get(email) !== identityId
      ? [
          violation(
            'I6',
            `${email} was acknowledged as ${identityId} and is stored as ${stored.get(email) ?? 'nobody'}`,
          ),
        ]
      : [],
  )
}

/** One row for each planned action of each person who is stored, whether anybody was told so or not. */
function wrongRows({ people, deliveries, plannedFor }: History): readonly Violation[] {
  const rows = Map.groupBy(deliveries, ({ identityId }) => identityId ?? '')
  const doubled = [...Map.groupBy(deliveries, ({ eventId, actionId }) => `${eventId} ${actionId}`)]
  return [
    ...people.flatMap(({ id, email }) => {
      const [have, want] = [rows.get(id)?.length ?? 0, plannedFor(email).length]
      return have === want ? [] : [violation('I1', `${email} (${id}) has ${have} deliveries instead of ${want}`)]
    }),
    ...doubled.flatMap(([key, { length }]) =>
      length > 1 ? [violation('I1', `event and action ${key} have ${length} deliveries`)] : [],
    ),
  ]
}

/** Every row ends as delivered, and the receiver has it. */
function lostDeliveries({ deliveries, seen, people, plannedFor }: History): readonly Violation[] {
  const taken = new Set(seen.filter(({ isTaken }) => isTaken).map(({ id }) => id))
  const arrived = new Set(
    seen.filter(({ isTaken }) => isTaken).map(({ identityId, action }) => `${identityId} ${action}`),
  )
  return [
    ...deliveries.flatMap(({ id, state }) => {
      if (state !== 'delivered') return [violation('I21', `delivery ${id} ended as ${state}`)]
      return taken.has(id) ? [] : [violation('I3', `delivery ${id} is called delivered, and nobody received it`)]
    }),
    ...people.flatMap(({ id, email }) =>
      plannedFor(email).flatMap((action) =>
        arrived.has(`${id} ${action}`) ? [] : [violation('I3', `${action} was never told of ${email} (${id})`)],
      ),
    ),
  ]
}

/** Nobody is told of what did not happen. */
function phantoms({ seen, deliveries, people }: History): readonly Violation[] {
  const [rows, stored] = [new Set(deliveries.map(({ id }) => id)), new Set(people.map(({ id }) => id))]
  return seen.flatMap(({ id, email, identityId }) => {
    if (!rows.has(id)) return [violation('I2', `the receiver saw ${id} (${email}), of which there is no row`)]
    return stored.has(identityId) ? [] : [violation('I2', `the receiver was told of ${email}, who is not stored`)]
  })
}

/** One id, one body, whatever happened in between. */
function changedBodies({ seen }: History): readonly Violation[] {
  return [...Map.groupBy(seen, ({ id }) => id)].flatMap(([id, requests]) => {
    const bodies = new Set(requests.map(({ bodyHash, action }) => `${bodyHash} ${action}`))
    return bodies.size === 1 ? [] : [violation('I3', `${id} was sent with ${bodies.size} different bodies`)]
  })
}

/** Whoever was refused is not stored, unless the same address got in by another try. */
function revived({ tried, people }: History): readonly Violation[] {
  const stored = new Set(people.map(({ email }) => email))
  const perhaps = new Set(tried.filter(({ outcome }) => outcome !== 'refused').map(({ email }) => email))
  return tried.flatMap(({ email, outcome }) =>
    outcome === 'refused' && !perhaps.has(email) && stored.has(email)
      ? [violation('I2', `${email} was refused and is stored`)]
      : [],
  )
}

/** How often something that had arrived was sent again (I4): it must be few, and none without a crash. */
export function repeatsOf(seen: readonly Seen[]): number {
  const taken = Map.groupBy(
    seen.filter(({ isTaken }) => isTaken),
    ({ id }) => id,
  )
  return [...taken.values()].reduce((sum, { length }) => sum + length - 1, 0)
}
