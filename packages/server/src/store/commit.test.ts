import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { storeDeps } from '../../test/store-deps.ts'
import {
  AT,
  freshHash,
  loginFlow,
  person,
  queued,
  queuedMessage,
  registrationFlow,
  sessionOf,
} from '../../test/store-samples.ts'
import { DIALECTS, freshDatabase, freshStore } from '../../test/stores.ts'
import type { Effect } from '../core/effect.ts'
import type { PendingChange } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { sessionId } from '../core/ids.ts'
import type { Session } from '../core/session.ts'
import { commit } from './commit.ts'
import type { Database, Write } from './database.ts'
import { storeOn } from './open-store.ts'
import { statement } from './sql.ts'
import type { Store } from './store.ts'

const clock = { now: () => AT + 5 }

/** What the effects below find when they come. */
function stage() {
  const [ann, bob, cat] = [person('ann@example.test'), person('bob@example.test'), person('cat@example.test')]
  const eve = person('eve@example.test')
  const [closing, kept] = [loginFlow(), loginFlow()]
  const [renewed, revoked, other] = [sessionOf(ann), sessionOf(ann), sessionOf(ann)]
  const [third, dropped, ofEve] = [sessionOf(cat), sessionOf(cat), sessionOf(eve)]
  const parked = changeOf(ann)
  const heldHash = freshHash()
  const before: readonly Effect[] = [
    ...[closing, kept].map((flow) => ({ kind: 'openFlow', flow }) as const),
    ...[ann, bob, cat, eve].map((identity) => ({ kind: 'createIdentity', identity }) as const),
    ...[renewed, revoked, other, third, dropped, ofEve].map(
      (session) =>
        ({ kind: 'storeSession', session, tokenHash: session === renewed ? heldHash : freshHash(), at: AT }) as const,
    ),
  ]
  const then: readonly Effect[] = [{ kind: 'parkChange', change: parked, at: AT }]
  const dan = person('dan@example.test', { externalId: 'crm-4' })
  const password = ann.credentials.find(({ type }) => type === 'password')
  if (password === undefined) throw new Error('a person has a password')
  // Every kind of effect; whoever adds one is asked for it here. OAuth2's have a room and tests of their own.
  const effects: { readonly [K in Exclude<Effect['kind'], 'oauth2'>]: Extract<Effect, { readonly kind: K }> } = {
    notify: { kind: 'notify', delivery: queued({ identityId: dan.id }) },
    noteFirstLogin: { kind: 'noteFirstLogin', identityId: ann.id, at: AT },
    expectIdentity: { kind: 'expectIdentity', identityId: ann.id, version: ann.version },
    mailNobody: { kind: 'mailNobody', key: 'x', until: AT },
    charge: { kind: 'charge', charge: { key: 'guess:x', limit: 1, window: 60_000 } },
    refund: { kind: 'refund', charge: { key: 'guess:x', limit: 1, window: 60_000 } },
    forgetBudget: { kind: 'forgetBudget', key: 'guess:y' },
    rememberSource: { kind: 'rememberSource', key: 'known:x', until: AT },
    sendMail: { kind: 'sendMail', message: queuedMessage() },
    storeError: { kind: 'storeError', id: randomUUID(), error: { code: 500 }, at: AT },
    continueWith: { kind: 'continueWith', step: { action: 'redirect_browser_to', redirect_browser_to: '/' } },
    handOutSession: { kind: 'handOutSession' },
    renewSession: { kind: 'renewSession', session: { ...renewed, aal: 'aal2', authenticatedAt: AT + 9 }, at: AT },
    exchangeToken: { kind: 'exchangeToken', sessionId: renewed.id, from: heldHash, to: freshHash(), at: AT },
    storeSession: { kind: 'storeSession', session: sessionOf(dan), tokenHash: freshHash(), at: AT },
    extendSession: { kind: 'extendSession', sessionId: renewed.id, expiresAt: renewed.expiresAt + 7 },
    revokeSession: { kind: 'revokeSession', sessionId: revoked.id },
    revokeSessions: { kind: 'revokeSessions', sessionIds: [third.id] },
    deleteSessions: { kind: 'deleteSessions', sessionIds: [dropped.id] },
    deleteSessionsOf: { kind: 'deleteSessionsOf', identityId: eve.id },
    revokeOtherSessions: { kind: 'revokeOtherSessions', identityId: ann.id, keep: renewed.id },
    saveCredential: {
      kind: 'saveCredential',
      identityId: ann.id,
      credential: { ...password, config: { hashed_password: 'better' }, updatedAt: AT + 1 },
    },
    saveIdentity: { kind: 'saveIdentity', before: cat, identity: { ...cat, traits: { email: 'new@example.test' } } },
    deleteIdentity: { kind: 'deleteIdentity', identityId: bob.id },
    createIdentity: { kind: 'createIdentity', identity: dan },
    parkChange: { kind: 'parkChange', change: changeOf(cat), at: AT },
    takeChange: { kind: 'takeChange', identityId: ann.id, flowId: parked.flowId },
    openFlow: { kind: 'openFlow', flow: registrationFlow() },
    keepFlow: { kind: 'keepFlow', flow: { ...kept, memory: { tries: 2 } } },
    closeFlow: { kind: 'closeFlow', flow: { ...closing, completed: true, state: 'passed_challenge' } },
  }
  const sessions = { renewed, revoked, other, third, dropped, ofEve }
  return { before: [before, then], effects, parked, ann, bob, cat, dan, closing, kept, ...sessions }
}

async function setUp(store: Pick<Store, 'commit'>, before: readonly (readonly Effect[])[]): Promise<void> {
  for (const effects of before) expect(await store.commit(effects)).toEqual({ kind: 'committed' })
}

const changeOf = (identity: IdentityWithCredentials): PendingChange => ({
  identityId: identity.id,
  flowId: loginFlow().id,
  settingsFlowId: loginFlow().id,
  sessionId: sessionOf(identity).id,
  traits: { email: 'later@example.test' },
  traitsBefore: identity.traits,
})

/** The first page, of whatever there is. */
const ALL = { before: null, size: 10, which: 'any', at: AT } as const

const TABLES = [
  'pending_changes',
  'identities',
  'credentials',
  'credential_identifiers',
  'addresses',
  'sessions',
  'flows',
  'errors',
  'budgets',
  'first_logins',
  'deliveries',
  'attempts',
]

/** Every row of every table, in an order that does not depend on when it was written. */
async function everything(db: Database): Promise<readonly string[]> {
  const dumps = TABLES.map(async (table) => {
    const rows = await db.all(statement(`test.${table}`, `select * from ${table}`), [])
    return rows.map((row) => `${table} ${JSON.stringify(row)}`).sort()
  })
  return (await Promise.all(dumps)).flat()
}

/** The database, with a statement of ours in place of the n-th. */
const failingAt = (db: Database, at: number, broken: Write): Database => ({
  ...db,
  apply: (writes) => db.apply(writes.toSpliced(at, 1, broken)),
})

// It runs, and then it fails: a column may not be null.
const broken: Write = {
  statement: statement('test.broken', 'insert into errors (id, error, created_at, updated_at) values ($1, $2, $3, $4)'),
  values: ['broken', null, 0, 0],
}
// It runs, and changes nothing where it should have changed something.
const unmet: Write = {
  statement: statement('test.unmet', 'update flows set completed = 1 where id = $1'),
  values: ['nobody'],
  expects: 'not_found',
}

describe.each(DIALECTS)('%s', (dialect) => {
  test('a commit carries out every kind of effect at once', async () => {
    const { store } = await freshStore(dialect)
    const { before, effects, parked, ann, bob, cat, dan, closing, kept, renewed, revoked, other, ...more } = stage()
    await setUp(store, before)
    await expect(store.commit(Object.values(effects))).resolves.toEqual({ kind: 'committed' })

    await expect(store.flows.find(closing.id)).resolves.toEqual({ ...effects.closeFlow.flow, version: 2 })
    await expect(store.flows.find(kept.id)).resolves.toEqual({ ...effects.keepFlow.flow, version: 2 })
    await expect(store.flows.find(effects.openFlow.flow.id)).resolves.toEqual(effects.openFlow.flow)
    await expect(store.pendingChanges.findByFlow(parked.flowId)).resolves.toBeNull()
    const { change } = effects.parkChange
    await expect(store.pendingChanges.findByFlow(change.flowId)).resolves.toEqual(change)
    await expect(store.identities.find(dan.id)).resolves.toEqual(dan)
    await expect(store.identities.find(bob.id)).resolves.toBeNull()
    await expect(store.identities.find(cat.id)).resolves.toMatchObject({ traits: { email: 'new@example.test' } })
    const saved = await store.identities.findByIdentifier('password', 'ann@example.test')
    expect(saved?.credentials.find(({ type }) => type === 'password')).toEqual({
      ...effects.saveCredential.credential,
      version: 2,
    })
    await expect(store.sessions.findByTokenHash(effects.storeSession.tokenHash)).resolves.toEqual(
      effects.storeSession.session,
    )
    await expect(store.sessions.find(renewed.id)).resolves.toMatchObject({ active: true, aal: 'aal2', id: renewed.id })
    for (const { id } of [revoked, other]) {
      await expect(store.sessions.find(id)).resolves.toMatchObject({ active: false, identity: { id: ann.id } })
    }
    await expect(store.sessions.find(renewed.id)).resolves.toMatchObject({ expiresAt: renewed.expiresAt + 7 })
    await expect(store.sessions.find(more.third.id)).resolves.toMatchObject({ active: false })
    for (const { id } of [more.dropped, more.ofEve]) await expect(store.sessions.find(id)).resolves.toBeNull()
    await expect(store.errors.find(effects.storeError.id)).resolves.toEqual({
      id: effects.storeError.id,
      error: { code: 500 },
      createdAt: AT,
      updatedAt: AT,
    })
    await expect(store.deliveries.find(effects.notify.delivery.id)).resolves.toMatchObject({
      delivery: effects.notify.delivery,
      state: 'pending',
      attempts: 0,
    })
  })

  test.each([
    ['fails', broken, 'rejects'],
    ['finds nothing to change', unmet, 'conflicts'],
  ] as const)('when any one statement %s, nothing is left of the others', async (_, instead, outcome) => {
    const db = await freshDatabase(dialect)
    const { before, effects } = stage()
    await setUp({ commit: (effects) => commit(db, clock, effects) }, before)
    const untouched = await everything(db)
    const counted = { writes: 0 }
    const counting: Database = {
      ...db,
      apply: async (writes) => {
        counted.writes = writes.length
        return { kind: 'committed', rows: [] }
      },
    }
    await commit(counting, clock, Object.values(effects))
    expect(counted.writes).toBeGreaterThan(20)

    for (let at = 0; at < counted.writes; at++) {
      const attempt = commit(failingAt(db, at, instead), clock, Object.values(effects))
      if (outcome === 'rejects') await expect(attempt).rejects.toThrow()
      else await expect(attempt).resolves.toEqual({ kind: 'conflict', conflict: 'not_found' })
      await expect(everything(db), `statement ${at}`).resolves.toEqual(untouched)
    }
    // The same effects, undisturbed: the database is none the worse for it.
    await expect(commit(db, clock, Object.values(effects))).resolves.toEqual({ kind: 'committed' })
    await expect(everything(db)).resolves.not.toEqual(untouched)
  })

  test('effects without a statement need no transaction', async () => {
    const { store } = await freshStore(dialect)
    await expect(store.commit([])).resolves.toEqual({ kind: 'committed' })
    await expect(store.commit([{ kind: 'handOutSession' }])).resolves.toEqual({ kind: 'committed' })
  })

  const conflicts: readonly (readonly [string, (it: ReturnType<typeof stage>) => readonly Effect[], string])[] = [
    [
      'a flow that is completed',
      ({ closing, effects }) => [effects.closeFlow, { kind: 'closeFlow', flow: closing }],
      'flow_changed',
    ],
    ['a flow that nobody opened', () => [{ kind: 'closeFlow', flow: loginFlow() }], 'flow_changed'],
    [
      'keeping open a completed flow',
      ({ closing, effects }) => [effects.closeFlow, { kind: 'keepFlow', flow: closing }],
      'flow_changed',
    ],
    [
      'a flow that was kept open since it was read',
      ({ kept, effects }) => [effects.keepFlow, { kind: 'keepFlow', flow: kept }],
      'flow_changed',
    ],
    [
      'a waiting change that was taken already',
      ({ effects }) => [effects.takeChange, effects.takeChange],
      'change_gone',
    ],
    [
      'somebody who has changed since they were read',
      ({ ann }) => [{ kind: 'expectIdentity', identityId: ann.id, version: ann.version - 1 }],
      'credential_changed',
    ],
    [
      "somebody else's identifier",
      () => [
        {
          kind: 'createIdentity',
          identity: person('new@example.test', { credentials: person('ann@example.test').credentials }),
        },
      ],
      'identifier_taken',
    ],
    [
      "somebody else's address",
      () => [
        { kind: 'createIdentity', identity: { ...person('ann@example.test'), credentials: [], recoveryAddresses: [] } },
      ],
      'identifier_taken',
    ],
    [
      "somebody else's recovery address",
      () => [
        {
          kind: 'createIdentity',
          identity: { ...person('ann@example.test'), credentials: [], verifiableAddresses: [] },
        },
      ],
      'identifier_taken',
    ],
    [
      "somebody else's external id",
      ({ effects }) => [
        effects.createIdentity,
        { kind: 'createIdentity', identity: person('eve@example.test', { externalId: 'crm-4' }) },
      ],
      'external_id_taken',
    ],
    [
      'a credential of another version',
      ({ effects }) => [effects.saveCredential, effects.saveCredential],
      'credential_changed',
    ],
    [
      'an identity of another version',
      ({ effects }) => [effects.saveIdentity, effects.saveIdentity],
      'credential_changed',
    ],
    ['an identity that is gone', ({ effects }) => [effects.deleteIdentity, effects.deleteIdentity], 'not_found'],
    [
      'a session of somebody who is gone',
      ({ bob, effects }) => [
        effects.deleteIdentity,
        { kind: 'storeSession', session: sessionOf(bob), tokenHash: freshHash(), at: AT },
      ],
      'not_found',
    ],
    [
      'renewing a session that was revoked',
      ({ revoked, effects }) => [effects.revokeSession, { kind: 'renewSession', session: revoked, at: AT }],
      'not_found',
    ],
  ]
  test.each(conflicts)('%s is a conflict and changes nothing', async (_, make, conflict) => {
    const db = await freshDatabase(dialect)
    const it = stage()
    await setUp({ commit: (effects) => commit(db, clock, effects) }, it.before)
    const untouched = await everything(db)
    const bystander: Effect = { kind: 'openFlow', flow: loginFlow() }
    await expect(commit(db, clock, [bystander, ...make(it)])).resolves.toEqual({ kind: 'conflict', conflict })
    await expect(everything(db)).resolves.toEqual(untouched)
  })

  test('commits that arrive together stand or fall each by itself', async () => {
    const db = await freshDatabase(dialect)
    const it = stage()
    await setUp({ commit: (effects) => commit(db, clock, effects) }, it.before)
    const flows = Array.from({ length: 6 }, () => loginFlow())
    const answers = await Promise.allSettled(
      flows.map((flow, at) => {
        const opened: Effect = { kind: 'openFlow', flow }
        if (at % 3 === 1) return commit(db, clock, [opened, { kind: 'closeFlow', flow: loginFlow() }])
        return commit(at % 3 === 2 ? failingAt(db, 1, broken) : db, clock, [opened, it.effects.revokeSession])
      }),
    )
    const committed = { status: 'fulfilled', value: { kind: 'committed' } }
    const conflict = { status: 'fulfilled', value: { kind: 'conflict', conflict: 'flow_changed' } }
    const failed = { status: 'rejected', reason: expect.any(Error) }
    expect(answers).toEqual([committed, conflict, failed, committed, conflict, failed])
    const store = storeOn(db, storeDeps())
    const found = await Promise.all(flows.map(({ id }) => store.flows.find(id)))
    expect(found.map((flow) => flow !== null)).toEqual([true, false, false, true, false, false])
  })

  test('a mistake of ours is an error and no conflict', async () => {
    const { store } = await freshStore(dialect)
    const flow = loginFlow()
    await store.commit([{ kind: 'openFlow', flow }])
    await expect(store.commit([{ kind: 'openFlow', flow }])).rejects.toThrow()
  })

  test('of many submissions that race to close one flow, one wins and the others leave nothing', async () => {
    const { store } = await freshStore(dialect)
    const ann = person('ann@example.test')
    const flow = loginFlow()
    await store.commit([
      { kind: 'openFlow', flow },
      { kind: 'createIdentity', identity: ann },
    ])
    const sessions = Array.from({ length: 12 }, () => ({ session: sessionOf(ann), tokenHash: freshHash() }))
    const answers = await Promise.all(
      sessions.map((each) =>
        store.commit([
          { kind: 'closeFlow', flow: { ...flow, completed: true } },
          { kind: 'storeSession', ...each, at: AT },
        ]),
      ),
    )
    expect(answers.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
    expect(answers.filter(({ kind }) => kind === 'conflict')).toEqual(
      Array.from({ length: 11 }, () => ({ kind: 'conflict', conflict: 'flow_changed' })),
    )
    await expect(store.sessions.ofIdentity(ann.id, { ...ALL, size: 50 })).resolves.toHaveLength(1)
  })

  test('of many registrations with one identifier, one wins', async () => {
    const { store } = await freshStore(dialect)
    const people = Array.from({ length: 12 }, () => person('ann@example.test'))
    const answers = await Promise.all(people.map((identity) => store.commit([{ kind: 'createIdentity', identity }])))
    expect(answers.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
    expect(answers.filter(({ kind }) => kind === 'conflict')).toEqual(
      Array.from({ length: 11 }, () => ({ kind: 'conflict', conflict: 'identifier_taken' })),
    )
    await expect(store.identities.list({ after: null, size: 50 })).resolves.toHaveLength(1)
  })

  test('people who take the same identifiers in opposite order do not stand in each other’s way for ever', async () => {
    const { store } = await freshStore(dialect)
    const rounds = Array.from({ length: 10 }, (_, round) => {
      const names = [`x${round}`, `y${round}`]
      return [names, names.toReversed()].map((identifiers) => {
        const { credentials, ...rest } = person(`${randomUUID()}@example.test`)
        return { ...rest, credentials: credentials.slice(1).map((each) => ({ ...each, identifiers })) }
      })
    })
    const answers = await Promise.all(
      rounds.flat().map((identity) => store.commit([{ kind: 'createIdentity', identity }])),
    )
    expect(answers.filter(({ kind }) => kind === 'committed')).toHaveLength(10)
    expect(answers.filter(({ kind }) => kind === 'conflict')).toHaveLength(10)
  })

  test('of two who replace one password, the second is told', async () => {
    const { store } = await freshStore(dialect)
    const { before, effects } = stage()
    await setUp(store, before)
    const answers = await Promise.all([store.commit([effects.saveCredential]), store.commit([effects.saveCredential])])
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['committed', 'conflict'])
  })

  test('revoking all sessions spares nobody, and nobody else’s', async () => {
    const { store } = await freshStore(dialect)
    const { before, ann, bob, renewed } = stage()
    const foreign = sessionOf(bob)
    await setUp(store, [...before, [{ kind: 'storeSession', session: foreign, tokenHash: freshHash(), at: AT }]])
    await store.commit([{ kind: 'revokeOtherSessions', identityId: ann.id, keep: null }])
    const ofAnn = await store.sessions.ofIdentity(ann.id, ALL)
    expect(ofAnn.map(({ active }) => active)).toEqual([false, false, false])
    expect(ofAnn.map(({ id }) => id)).toContain(renewed.id)
    await expect(store.sessions.find(foreign.id)).resolves.toMatchObject({ active: true })
  })

  test('an identity takes everything of theirs along when it goes', async () => {
    const db = await freshDatabase(dialect)
    const ann = person('ann@example.test')
    const nothing = await everything(db)
    await commit(db, clock, [
      { kind: 'createIdentity', identity: ann },
      { kind: 'storeSession', session: sessionOf(ann), tokenHash: freshHash(), at: AT },
    ])
    await commit(db, clock, [{ kind: 'deleteIdentity', identityId: ann.id }])
    await expect(everything(db)).resolves.toEqual(nothing)
    await expect(commit(db, clock, [{ kind: 'createIdentity', identity: ann }])).resolves.toEqual({ kind: 'committed' })
  })

  test('nothing is queued twice for one occurrence and action', async () => {
    const { store } = await freshStore(dialect)
    const first = queued()
    const again = { ...queued(), eventId: first.eventId }
    await store.commit([{ kind: 'notify', delivery: first }])
    await expect(store.commit([{ kind: 'notify', delivery: again }])).resolves.toEqual({ kind: 'committed' })
    await expect(store.deliveries.find(again.id)).resolves.toBeNull()
  })

  test('what is not there is null, also where a text could never be stored', async () => {
    const { store } = await freshStore(dialect)
    await expect(store.flows.find(loginFlow().id)).resolves.toBeNull()
    await expect(store.identities.findByIdentifier('password', 'nobody\u0000')).resolves.toBeNull()
    await expect(store.identities.findByExternalId("'; drop table identities; --")).resolves.toBeNull()
    await expect(store.sessions.findByTokenHash(freshHash())).resolves.toBeNull()
    await expect(store.sessions.find(sessionId(randomUUID()))).resolves.toBeNull()
    await expect(store.errors.find(randomUUID())).resolves.toBeNull()
    await expect(store.identities.list({ after: null, size: 10, identifier: '\u0000' })).resolves.toEqual([])
  })

  test('identities come in pages by id, and may be asked for by identifier and ids', async () => {
    const { store } = await freshStore(dialect)
    const people = Array.from({ length: 5 }, (_, at) => person(`p${at}@example.test`)).sort((a, b) =>
      a.id < b.id ? -1 : 1,
    )
    await store.commit(people.map((identity) => ({ kind: 'createIdentity', identity })))
    const idsOf = async (page: Parameters<typeof store.identities.list>[0]) =>
      (await store.identities.list(page)).map(({ id }) => id)
    const ids = people.map(({ id }) => id)
    const [first, second, third] = ids
    if (first === undefined || second === undefined || third === undefined) throw new Error('five people')

    await expect(store.identities.list({ after: null, size: 10 })).resolves.toEqual(people)
    await expect(idsOf({ after: null, size: 2 })).resolves.toEqual(ids.slice(0, 2))
    await expect(idsOf({ after: second, size: 2 })).resolves.toEqual(ids.slice(2, 4))
    await expect(idsOf({ after: null, size: 10, identifier: 'a-p3@example.test' })).resolves.toEqual(
      people.filter(({ traits }) => traits.email === 'p3@example.test').map(({ id }) => id),
    )
    await expect(idsOf({ after: null, size: 10, ids: [third, first] })).resolves.toEqual([first, third])
    await expect(idsOf({ after: null, size: 10, ids: [] })).resolves.toEqual([])
    const email = people[0]?.recoveryAddresses[0]?.value ?? ''
    await expect(idsOf({ after: null, size: 10, ids: [first, third], identifier: email })).resolves.toEqual([first])
    await expect(idsOf({ after: null, size: 10, ids: [third], identifier: email })).resolves.toEqual([])
  })

  test('sessions come newest first, page by page, of one person or of all, and may be asked for by whether they live', async () => {
    const { store } = await freshStore(dialect)
    const [ann, bob] = [person('ann@example.test'), person('bob@example.test', { state: 'inactive' })]
    const ofAnn = Array.from({ length: 6 }, (_, at) =>
      // Two of one moment are told apart by their ids.
      sessionOf(ann, { issuedAt: AT + Math.floor(at / 2), active: at % 3 !== 0 }),
    )
    const ofBob = sessionOf(bob, { issuedAt: AT + 1 })
    await store.commit([
      ...[ann, bob].map((identity) => ({ kind: 'createIdentity', identity }) as const),
      ...[...ofAnn, ofBob].map(
        (session) => ({ kind: 'storeSession', session, tokenHash: freshHash(), at: AT }) as const,
      ),
    ])
    const isNewer = (a: Session, b: Session) => b.issuedAt - a.issuedAt || (a.id < b.id ? 1 : -1)
    const newestFirst = ofAnn.toSorted(isNewer)
    const [third, live] = [newestFirst[2], newestFirst.filter(({ active }) => active)]
    if (third === undefined) throw new Error('six sessions')
    const own = (page: Partial<Parameters<typeof store.sessions.ofIdentity>[1]>) =>
      store.sessions.ofIdentity(ann.id, { ...ALL, ...page })

    await expect(own({})).resolves.toEqual(newestFirst)
    await expect(own({ size: 2 })).resolves.toEqual(newestFirst.slice(0, 2))
    await expect(own({ before: third })).resolves.toEqual(newestFirst.slice(3))
    await expect(own({ skip: 4 })).resolves.toEqual(newestFirst.slice(4))
    await expect(own({ which: 'live' })).resolves.toEqual(live)
    await expect(own({ which: 'live', at: AT + 86_400_000 })).resolves.toEqual([])
    await expect(own({ which: 'ended' })).resolves.toEqual(newestFirst.filter(({ active }) => !active))
    await expect(own({ except: third.id })).resolves.toEqual(newestFirst.filter(({ id }) => id !== third.id))

    const everybody = [...ofAnn, ofBob].toSorted(isNewer)
    const all = (page: Partial<Parameters<typeof store.sessions.list>[0]>) => store.sessions.list({ ...ALL, ...page })
    await expect(all({})).resolves.toEqual(everybody)
    await expect(all({ before: third, size: 2 })).resolves.toEqual(
      everybody.slice(everybody.findIndex(({ id }) => id === third.id) + 1).slice(0, 2),
    )
    await expect(all({ which: 'ended' })).resolves.toContainEqual(ofBob)
    await expect(all({ which: 'live' })).resolves.toEqual(live)

    const count = { at: AT, most: 100 }
    await expect(store.sessions.countOfIdentity(ann.id, { ...count, which: 'any' })).resolves.toBe(6)
    await expect(store.sessions.countOfIdentity(ann.id, { ...count, which: 'any', most: 3 })).resolves.toBe(3)
    await expect(store.sessions.countOfIdentity(ann.id, { ...count, which: 'live' })).resolves.toBe(live.length)
    await expect(store.sessions.countOfIdentity(ann.id, { ...count, which: 'any', except: third.id })).resolves.toBe(5)

    const idsOf = async (...asked: Parameters<typeof store.sessions.ids>) => new Set(await store.sessions.ids(...asked))
    const many = { active: false, most: 100 }
    await expect(idsOf({ kind: 'all' }, many)).resolves.toEqual(new Set(everybody.map(({ id }) => id)))
    await expect(idsOf({ kind: 'all' }, { ...many, most: 3 })).resolves.toHaveProperty('size', 3)
    await expect(idsOf({ kind: 'all' }, { ...many, active: true })).resolves.toHaveProperty('size', live.length + 1)
    await expect(idsOf({ kind: 'identities', ids: [bob.id] }, many)).resolves.toEqual(new Set([ofBob.id]))
    await expect(idsOf({ kind: 'identities', ids: [ann.id] }, { ...many, active: true })).resolves.toEqual(
      new Set(live.map(({ id }) => id)),
    )
    const unknown = sessionId(randomUUID())
    await expect(idsOf({ kind: 'sessions', ids: [third.id, unknown] }, many)).resolves.toEqual(new Set([third.id]))
  })

  test('a session is never cut short by being extended, and a revoked one stays as it is', async () => {
    const { store } = await freshStore(dialect)
    const ann = person('ann@example.test')
    const [long, ended] = [sessionOf(ann), sessionOf(ann, { active: false })]
    await store.commit([
      { kind: 'createIdentity', identity: ann },
      ...[long, ended].map((session) => ({ kind: 'storeSession', session, tokenHash: freshHash(), at: AT }) as const),
    ])
    await store.commit([
      { kind: 'extendSession', sessionId: long.id, expiresAt: long.expiresAt - 1 },
      { kind: 'extendSession', sessionId: ended.id, expiresAt: ended.expiresAt + 1 },
    ])
    await expect(store.sessions.find(long.id)).resolves.toEqual(long)
    await expect(store.sessions.find(ended.id)).resolves.toEqual(ended)
  })
})

test('a PostgreSQL connection that is cut at any one statement leaves nothing, and the next commit has a new one', async () => {
  const db = await freshDatabase('postgres')
  const { before, effects } = stage()
  await setUp({ commit: (effects) => commit(db, clock, effects) }, before)
  const untouched = await everything(db)
  const cut: Write = {
    statement: statement('test.cut', 'select pg_terminate_backend(pg_backend_pid())'),
    values: [],
  }
  for (const at of [0, 1, 7, 15]) {
    await expect(commit(failingAt(db, at, cut), clock, Object.values(effects))).rejects.toThrow()
    await expect(everything(db), `statement ${at}`).resolves.toEqual(untouched)
  }
  await expect(commit(db, clock, Object.values(effects))).resolves.toEqual({ kind: 'committed' })
})
