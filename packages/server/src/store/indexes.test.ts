import { DatabaseSync } from 'node:sqlite'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { claimSome } from '../../test/claim-some.ts'
import { storeDeps } from '../../test/store-deps.ts'
import {
  AT,
  callOf,
  freshHash,
  loginFlow,
  person,
  queued,
  queuedMessage,
  recordedStep,
  sessionOf,
} from '../../test/store-samples.ts'
import { type Dialect, freshDsn } from '../../test/stores.ts'
import type { Database, Value } from './database.ts'
import { openDatabase, storeOn } from './open-store.ts'
import type { Statement } from './sql.ts'

const STATUSES = ['queued', 'processing', 'sent', 'abandoned'] as const

type Asked = { readonly statement: Statement; readonly values: readonly Value[] }

/** Everything a server asks of its database in a day, each statement once. */
async function oneOfEach(db: Database): Promise<readonly Asked[]> {
  const asked = new Map<string, Asked>()
  const note = (statement: Statement, values: readonly Value[]) => void asked.set(statement.name, { statement, values })
  const listening: Database = {
    ...db,
    find: (statement, values) => (note(statement, values), db.find(statement, values)),
    all: (statement, values) => (note(statement, values), db.all(statement, values)),
    apply: (writes) => {
      for (const { statement, values } of writes) note(statement, values)
      return db.apply(writes)
    },
  }
  const store = storeOn(listening, storeDeps())
  const [ann, bob] = [person('ann@example.test', { externalId: 'x-1' }), person('bob@example.test')]
  const [session, tokenHash, flow] = [sessionOf(ann), freshHash(), loginFlow()]
  const [password] = ann.credentials
  if (password === undefined) throw new Error('a person has credentials')
  await store.commit([
    { kind: 'openFlow', flow },
    ...[ann, bob].map((identity) => ({ kind: 'createIdentity', identity }) as const),
    { kind: 'storeSession', session, tokenHash, at: AT },
    { kind: 'storeError', id: randomUUID(), error: {}, at: AT },
    { kind: 'notify', delivery: queued() },
  ])
  await store.sessions.findByTokenHash(tokenHash)
  await store.sessions.find(session.id)
  for (const which of ['any', 'live', 'ended'] as const) {
    const page = { before: session, size: 10, which, at: AT }
    await store.sessions.list(page)
    await store.sessions.ofIdentity(ann.id, { ...page, except: session.id })
    await store.sessions.countOfIdentity(ann.id, { which, at: AT, most: 10 })
  }
  for (const active of [true, false]) {
    await store.sessions.ids({ kind: 'all' }, { active, most: 10 })
    await store.sessions.ids({ kind: 'identities', ids: [ann.id] }, { active, most: 10 })
    await store.sessions.ids({ kind: 'sessions', ids: [session.id] }, { active, most: 10 })
  }
  await store.identities.find(ann.id)
  await store.identities.findByIdentifier('password', 'ann@example.test')
  await store.identities.findByExternalId('x-1')
  await store.identities.count(10)
  for (const identifier of [{}, { identifier: 'ann@example.test' }])
    for (const ids of [{}, { ids: [ann.id] }])
      await store.identities.list({ after: bob.id, size: 10, ...identifier, ...ids })
  await store.identities.findByAddress('recover', { value: 'ann@example.test' })
  await store.identities.findByAddress('recover', { value: 'ann@example.test', via: 'email' })
  await store.flows.find(flow.id)
  await store.pendingChanges.findByFlow(flow.id)
  await store.errors.find(randomUUID())
  await store.ping()
  const charge = { key: 'guess:x', limit: 1, window: 1_000 }
  await store.commit([{ kind: 'charge', charge }])
  await store.commit([{ kind: 'refund', charge }])
  await store.budgets.find([charge.key])
  await store.identities.hasSignedIn(ann.id)
  await store.commit([{ kind: 'noteFirstLogin', identityId: ann.id, at: AT }])
  for (const table of ['flows', 'sessions', 'errors', 'budgets'] as const) await store.expired.forget(table, AT, 10)
  const [claimed] = await claimSome(store.deliveries, { limit: 10, lease: 1_000 })
  if (claimed === undefined) throw new Error('one was queued')
  const lease = { id: claimed.delivery.id, leaseToken: claimed.leaseToken }
  await store.deliveries.extend([lease], 1_000)
  await store.deliveries.complete([{ ...lease, attempts: [], next: { kind: 'delivered' } }])
  await store.deliveries.find(lease.id)
  await store.deliveries.promote(['crm ann'])
  for (const rate of [null, { interval: 10, burst: 1 }])
    for (const isOrdered of [true, false]) {
      const share = { queue: 'crm e', endpoint: 'e', isOrdered, most: 5, concurrency: 8, rate }
      await store.deliveries.claim([share], { lane: 'call', lease: 1_000 })
    }
  const filters = { actionId: queued().actionId, trigger: 't', identityId: ann.id, flowId: flow.id, since: AT }
  for (const filter of [
    {},
    { state: 'dead' as const },
    { state: 'delivered' as const },
    ...Object.entries(filters).map(([name, value]) => ({ [name]: value })),
    filters,
  ])
    await store.deliveries.list({ before: null, size: 10, ...filter })
  await store.deliveries.replaysOf(lease.id)
  await store.deliveries.replay([lease.id])
  await store.deliveries.cancel([lease.id], 'no')
  await store.deliveries.figures()
  await store.deliveries.forget('dead', AT, 10)
  for (const failed of [1, 0]) {
    await store.deliveries.noteEndpoints([{ key: 'e', failed, reason: 'no' }])
    await store.deliveries.noteActions([{ key: 'crm', failed, reason: 'no' }])
  }
  await store.deliveries.openBreaker({ endpoint: 'e', opened: 0 }, AT)
  await store.deliveries.setAction({ actionId: queued().actionId, state: 'paused', until: null, reason: 'no' })
  await store.deliveries.actionStates()
  await store.deliveries.endpointStates()
  await store.deliveries.attemptsOf(lease.id)
  await store.commit([{ kind: 'sendMail', message: queuedMessage() }])
  for (const recipient of [{}, { recipient: 'ann@example.test' }])
    for (const status of [{}, ...STATUSES.map((status) => ({ status }))])
      await store.messages.list({ before: null, size: 10, ...recipient, ...status })
  await store.messages.find(lease.id)
  await store.commit([
    { kind: 'keepFlow', flow },
    { kind: 'saveIdentity', before: bob, identity: { ...bob, credentials: [] } },
    { kind: 'saveCredential', identityId: ann.id, credential: password },
    { kind: 'revokeOtherSessions', identityId: ann.id, keep: session.id },
    { kind: 'renewSession', session, at: AT },
  ])
  await store.commit([
    { kind: 'revokeSession', sessionId: session.id },
    { kind: 'revokeSessions', sessionIds: [session.id] },
    { kind: 'extendSession', sessionId: session.id, expiresAt: AT },
    { kind: 'deleteSessions', sessionIds: [session.id] },
    { kind: 'deleteSessionsOf', identityId: ann.id },
  ])
  await store.commit([{ kind: 'deleteIdentity', identityId: bob.id }])
  const call = callOf(session.identity.id, flow.id)
  await store.calls.keep([call])
  const { actionId, flowId, identityId } = call
  for (const filter of [{}, { actionId }, { flowId }, { identityId }])
    await store.calls.list({ before: null, size: 10, ...filter, outcome: 'denied', trigger: call.trigger, since: AT })
  await store.calls.forget(AT, 10)
  await store.plans.putInForce(randomUUID(), { fingerprint: 'p', at: AT, triggers: [] })
  await store.plans.find('p')
  await store.plans.inForceAt(AT)
  await store.steps.keep([recordedStep(call)])
  await store.steps.ofFlow(flow.id, 10)
  await store.steps.ofIdentity(ann.id, 10)
  await store.steps.ofEvent('e', 10)
  await store.steps.forget(AT, 10)
  return [...asked.values()]
}

// Enough that an index is worth while, and that the planner knows it.
const FILL = `
  insert into identities select 'i' || n, 'default', 'active', 0, '{}', 'null', 'null', 'e' || n, '[]', '[]', 1, 0, 0
    from generate_series(1, 20000) n;
  insert into credentials select 'i' || n, 'password', '{}', 1, 0, 0 from generate_series(1, 20000) n;
  insert into credential_identifiers select 'p' || n, 'password', 'i' || n, 0 from generate_series(1, 20000) n;
  insert into addresses select 'a' || n, 'email', 'verify', 'i' || n from generate_series(1, 20000) n;
  insert into sessions select 's' || n, 't' || n, 'i' || n, 1, 'aal1', '[]', 0, 0, 0, '[]', 0, 0 from generate_series(1, 20000) n;
  insert into flows select 'f' || n, 'login', 0, 0, '{}', 1 from generate_series(1, 20000) n;
  insert into pending_changes select 'i' || n, 'c' || n, '{}', 0 from generate_series(1, 20000) n;
  insert into errors select 'e' || n, '{}', 0, 0 from generate_series(1, 20000) n;
  insert into budgets select 'b' || n, n from generate_series(1, 20000) n;
  insert into first_logins select 'i' || n, n from generate_series(1, 20000) n;
  insert into deliveries (id, event_id, action_id, trigger_name, identity_id, flow_id, lane, queue, endpoint, order_key, state,
      next_at, attempts, tries, content, depth, erasing, created_at, began_at, finished_at)
    select 'd' || n, 'v' || n, 'a' || n % 100, 't' || n % 10, 'i' || n, 'f' || n, case when n % 2 = 0 then 'mail' else 'call' end,
      'q' || n % 100, 'e' || n % 50, 'o' || n, case when n % 20 = 0 then 'pending' when n % 19 = 0 then 'dead' else 'delivered' end,
      n, 1, 1, '{}', 0, 0, 0, 0, case when n % 20 = 0 then null else n end from generate_series(1, 20000) n;
  insert into action_states select 'a' || n, 'active', 0, null, '', null, 1, 0, null, null from generate_series(1, 20000) n;
  insert into endpoints select 'e' || n, 1, 0, null, 0, null, 0 from generate_series(1, 20000) n;
  insert into messages select 'd' || n, 'r' || n, 'email', 'stub' from generate_series(2, 20000, 2) n;
  insert into attempts select 'd' || n, 0, 'r', 0, 0, 'delivered', 200, '', null, null, null from generate_series(1, 20000) n;
  insert into calls select 'c' || n, 'a' || n % 100, 't', 'f' || n, 'i' || n, 'denied', 0, 0, '{}' from generate_series(1, 20000) n;
  insert into plans select 'p' || n, 'f' || n, '{}', 0 from generate_series(1, 20000) n;
  insert into steps select 's' || n, 'e' || n, 't', 'f' || n, 'i' || n, 'p', 'proceeded', '{}', 0 from generate_series(1, 20000) n;
  analyze`

async function open(dialect: Dialect) {
  const dsn = await freshDsn(dialect)
  const db = await openDatabase(dsn, storeDeps())
  onTestFinished(() => db.close())
  return { dsn, db }
}

describe('no statement of a running server looks through a whole table', () => {
  test('sqlite', async () => {
    const { dsn, db } = await open('sqlite')
    const asked = await oneOfEach(db)
    const connection = new DatabaseSync(dsn.slice('sqlite://'.length), { readOnly: true })
    onTestFinished(() => connection.close())
    const plans = asked.map(({ statement, values }) => {
      const steps = connection.prepare(`explain query plan ${statement.text.sqlite}`).all(...values)
      return { name: statement.name, steps: steps.map(({ detail }) => String(detail)) }
    })
    expect(plans.length).toBeGreaterThan(30)
    // What a parameter holds is looked through, and so are the few rows just claimed or counted, and the list of queues.
    const scans = plans.flatMap(({ name, steps }) =>
      steps
        .filter((step) => /^SCAN (?!\w+ VIRTUAL TABLE|CONSTANT ROW|due\b|few\b|q\b|queues\b|w\b|l\b)/.test(step))
        .map((step) => `${name}: ${step}`),
    )
    expect(scans).toEqual([])
    const planOf = (name: string) => plans.find((plan) => plan.name === name)?.steps ?? []
    expect(planOf('sessions.find_by_token_hash')).toEqual([
      'SEARCH s USING INDEX sessions_token_hash (token_hash=?)',
      'SEARCH i USING INDEX sqlite_autoindex_identities_1 (id=?)',
    ])
    expect(planOf('identities.find_by_identifier')[0]).toMatch(
      /SEARCH k USING PRIMARY KEY \(identifier=\? AND type=\?\)/,
    )
    expect(planOf('flows.find')).toEqual(['SEARCH flows USING INDEX sqlite_autoindex_flows_1 (id=?)'])
    expect(planOf('deliveries.claim').join('\n')).toMatch(/USING (COVERING )?INDEX deliveries_due \(lane=\? AND queue/)
  })

  test('postgres, in a database that has grown', async () => {
    const { dsn, db } = await open('postgres')
    const asked = await oneOfEach(db)
    const client = new pg.Client({ connectionString: dsn })
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(FILL)
    // The plan that a prepared statement ends up with, whatever its values.
    await client.query('set plan_cache_mode = force_generic_plan')
    const plans = new Map<string, string>()
    for (const { statement, values } of asked) {
      const literals = values.map((value) => (value === null ? 'null' : pg.escapeLiteral(String(value))))
      await client.query(`prepare one as ${statement.text.postgres}`)
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain execute one${literals.length === 0 ? '' : `(${literals.join(', ')})`}`,
      )
      await client.query('deallocate one')
      plans.set(statement.name, rows.map((row) => row['QUERY PLAN']).join('\n'))
    }
    expect(plans.size).toBeGreaterThan(30)
    const scans = [...plans].filter(([, plan]) => /Seq Scan/.test(plan)).map(([name, plan]) => `${name}:\n${plan}`)
    expect(scans).toEqual([])
    expect(plans.get('sessions.find_by_token_hash')).toMatch(/Index Scan using sessions_token_hash/)
    expect(plans.get('identities.find_by_identifier')).toMatch(/Index Scan (using|on) credential_identifiers_pkey/)
    expect(plans.get('flows.find')).toMatch(/Index Scan using flows_pkey/)
    expect(plans.get('deliveries.claim')).toMatch(/deliveries_due/)
  })
})
