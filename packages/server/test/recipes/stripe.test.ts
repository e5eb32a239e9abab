import { describe, expect, test } from 'vitest'
import {
  ada,
  answered,
  connect,
  contract,
  drive,
  firstCall,
  listAt,
  objectAt,
  outcomeOf,
  recording,
  type Served,
  servedOf,
  start,
  statedOutcome,
  textAt,
  type Wire,
} from './contract.ts'

const file = await contract('stripe')
const secrets = { api_key: 'sk_test_{{secret:stripe_api_key}}' }
const stripe = connect('stripe', { secrets, params: { locales: ['de', 'en'], source: 'identity-server' } })
const CUSTOMER = 'cus_NffrFeUfNV2Hib'
const known = { metadataAdmin: { stripe: { customer_id: CUSTOMER }, other: 1 } }
const before = { traits: { email: 'old@example.test' } }
const created: Served = { status: 200, body: { id: CUSTOMER, object: 'customer' } }
const none: Served = { status: 200, body: { object: 'search_result', data: [] } }

const sorted = (pairs: unknown) => (Array.isArray(pairs) ? pairs.map((pair) => JSON.stringify(pair)).toSorted() : [])

/** As the contract compares: decoded pairs in any order, and the headers that are required. */
function expectRecorded(id: string, call: Wire) {
  const request = objectAt(recording(file, id), 'request')
  expect(call.method).toBe(request.method)
  expect(call.path).toBe(request.path)
  expect(call.query).toEqual(request.query)
  expect(sorted(call.pairs)).toEqual(sorted(request.body_pairs ?? []))
  expect(call.headers['stripe-version']).toBe(objectAt(request, 'headers')['stripe-version'])
  expect(call.auth).toEqual({ scheme: 'bearer', token: secrets.api_key })
  if (call.method !== 'POST') return
  expect(call.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(call.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
}

describe('S2: Stripe', () => {
  test('a registration makes a customer, by the delivery’s own key', () => {
    const call = firstCall(stripe)
    expectRecorded('customer-create', call)
    expect(call.origin).toBe('https://api.stripe.com')
    expect(call.headers['idempotency-key']).toBe('0198b7a0-5c4e-7d2a-9d0e-6f7c2f1f9a11')
  })

  test('changed settings change the customer whose id is kept', () => {
    const connection = connect('stripe', {
      secrets,
      params: { name: 'ctx.identity.traits.name.first', phone: 'null', metadata: { old_key: "''" } },
    })
    const address = { id: 'a', via: 'email', status: 'completed', verifiedAt: 1, createdAt: 1, updatedAt: 1 } as const
    const identity = { ...known, verifiableAddresses: [{ ...address, value: 'a@example.test', verified: true }] }
    const { sent, end, writes } = drive(connection, { trigger: 'settings', identity, previous: before }, () => created)
    expect(sent).toHaveLength(1)
    for (const call of sent) expectRecorded('customer-update', call)
    expect(end?.kind).toBe('done')
    expect(writes).toEqual([])
  })

  test('a registration starts a trial where a price is given', () => {
    const connection = connect('stripe', {
      secrets,
      params: { trial_price: 'price_123', trial_expand: ['latest_invoice'] },
    })
    const { sent, end, writes } = drive(connection, {}, ({ path }) =>
      path === '/v1/customers' ? created : { status: 200, body: { id: 'sub_1', object: 'subscription' } },
    )
    const [first, second] = sent
    if (second !== undefined) expectRecorded('subscription-create-trial', second)
    expect(second?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key'])
    expect(writes).toMatchObject([{ writeBack: { metadataAdmin: { stripe: { customer_id: CUSTOMER } } } }])
    expect(end?.kind).toBe('done')
  })

  test('where the id is not known, the customer is looked for twice before one is made', () => {
    const { sent, writes } = drive(stripe, { trigger: 'settings', previous: before }, ({ method }) =>
      method === 'GET' ? none : created,
    )
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/customers/search',
      'GET /v1/customers',
      'POST /v1/customers',
    ])
    const [search, , create] = sent
    if (search !== undefined) expectRecorded('customer-search', search)
    if (create !== undefined) expectRecorded('customer-create', create)
    // It is known to Stripe by the address it had before.
    expect(sent[1]?.query).toEqual({ email: 'old@example.test', limit: '1' })
    expect(writes).toHaveLength(1)
  })

  test('without a former address the customer is looked for by the one there is', () => {
    const { sent } = drive(stripe, { trigger: 'verification' }, () => none)
    const byEmail = sent[1]
    if (byEmail !== undefined) expectRecorded('customer-list-by-email', byEmail)
    // Nobody was found, so nobody is marked.
    expect(sent).toHaveLength(2)
  })

  test('a customer found by its address counts only if it is this identity’s', () => {
    const found = (id: string): Served => ({
      status: 200,
      body: { data: [{ id: CUSTOMER, metadata: { identity_id: id } }] },
    })
    const walk = (id: string) =>
      drive(stripe, { trigger: 'settings', previous: before }, ({ method, path }) =>
        path.endsWith('search') ? none : method === 'GET' ? found(id) : created,
      ).sent.at(-1)?.path
    expect(walk('9f425a8d-7efc-4768-8f23-7647a74fdf13')).toBe(`/v1/customers/${CUSTOMER}`)
    expect(walk('another')).toBe('/v1/customers')
  })

  test('settings that change none of what Stripe knows are not told', () => {
    const event = {
      trigger: 'settings',
      identity: known,
      previous: { ...known, metadataPublic: { plan: 'paid' } },
    } as const
    expect(start(stripe, event).kind).toBe('skipped')
  })

  test.each([
    [
      'anonymise',
      'POST',
      [
        ['email', ''],
        ['metadata[identity_deleted]', 'true'],
        ['name', ''],
        ['phone', ''],
      ],
    ],
    ['delete', 'DELETE', []],
  ])('a deleted identity: %s', (on_delete, method, pairs) => {
    const connection = connect('stripe', { secrets, params: { on_delete } })
    const gone: Served = { status: 404, body: { error: { code: 'resource_missing' } } }
    const { sent, end } = drive(connection, { trigger: 'identity.deleted', identity: known }, () => gone)
    expect(sent.map((call) => `${call.method} ${call.path}`)).toEqual([`${method} /v1/customers/${CUSTOMER}`])
    expect(sent[0]?.pairs).toEqual(pairs)
    if (method === 'DELETE' && sent[0] !== undefined) expectRecorded('customer-delete', sent[0])
    // What is gone already need not go.
    expect(end?.kind).toBe('done')
  })

  test.each(
    listAt(file, 'responses').map(
      (response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const,
    ),
  )('the answer %s means %s', (id, outcome, served) => {
    const started = start(stripe, {
      trigger: id === 'gone' ? 'settings' : 'registration',
      identity: id === 'gone' ? known : {},
      previous: before,
    })
    if (started.kind !== 'call') throw new Error('no call')
    const body = id === 'replayed' ? created.body : served.body
    const said = outcomeOf(answered(stripe, started.chain, { ...served, ...(body === undefined ? {} : { body }) }))
    expect(said).toBe(outcome)
  })

  test('a mock that remembers keys makes one customer, however often the same call arrives', () => {
    const vendor = stripeMock()
    const call = firstCall(stripe)
    expect(vendor.receive(call)).toMatchObject({ status: 200 })
    expect(vendor.receive(call)).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' } })
    expect(vendor.customers.size).toBe(1)
    expect(vendor.receive({ ...call, pairs: [['email', 'x@example.test']], text: 'email=x' })).toMatchObject({
      status: 400,
    })
  })

  test('in the mock’s world: sign up, change the address at once, verify, leave', () => {
    const vendor = stripeMock()
    const receive = (call: Wire) => vendor.receive(call)
    drive(stripe, {}, receive)
    // The id is not stored yet, and the search does not find what was made a moment ago.
    const traits = { email: 'new@example.test' }
    drive({ ...stripe, name: 'later' }, { trigger: 'settings', identity: { traits }, previous: {} }, receive)
    vendor.pass()
    drive(stripe, { trigger: 'verification', identity: { traits } }, receive)
    expect([...vendor.customers.values()]).toMatchObject([
      { email: 'new@example.test', 'metadata[identity_id]': ada.id, 'metadata[email_verified]': 'true' },
    ])
    drive(stripe, { trigger: 'identity.deleted', identity: { traits } }, receive)
    expect([...vendor.customers.values()]).toMatchObject([{ 'metadata[identity_deleted]': 'true' }])
    expect([...vendor.customers.values()].some(({ email }) => email !== undefined)).toBe(false)
  })
})

/** Stripe as the contract's rules describe it. */
function stripeMock() {
  const customers = new Map<string, { [key: string]: string }>()
  const keys = new Map<string, { readonly body: string; readonly answer: Served }>()
  const state = { searchable: new Set<string>() }
  const invalid = (message: string): Served => ({
    status: 400,
    body: { error: { type: 'invalid_request_error', message } },
  })
  const change = (id: string, pairs: Wire['pairs']) => {
    const customer = { ...customers.get(id) }
    for (const [key, value] of pairs) {
      // An empty text unsets.
      if (value === '') delete customer[key]
      else customer[key] = value
    }
    customers.set(id, customer)
    return { id, metadata: { identity_id: customer['metadata[identity_id]'] ?? '' } }
  }
  const answerTo = ({ method, path, query, pairs }: Wire): Served => {
    const view = ([id, customer]: readonly [string, { [key: string]: string }]) => ({
      id,
      metadata: { identity_id: customer['metadata[identity_id]'] ?? '' },
    })
    if (path === '/v1/customers/search') {
      const [, wanted] = /^metadata\['identity_id'\]:'(.*)'$/.exec(query.query ?? '') ?? []
      const hits = [...customers].filter(
        ([id, each]) => state.searchable.has(id) && each['metadata[identity_id]'] === wanted,
      )
      return { status: 200, body: { data: hits.map(view) } }
    }
    if (method === 'GET') {
      const hits = [...customers].toReversed().filter(([, each]) => each.email === query.email)
      return { status: 200, body: { data: hits.slice(0, Number(query.limit)).map(view) } }
    }
    for (const [key, value] of pairs) {
      const [, name] = /^metadata\[([^[\]]+)\]$/.exec(key) ?? []
      if (key.startsWith('metadata[') && (name === undefined || name.length > 40 || value.length > 500))
        return invalid('metadata')
      if (!/^(email|name|phone|preferred_locales\[\d\]|metadata\[.+\])$/.test(key))
        return invalid(`Received unknown parameter: ${key}`)
    }
    if (path === '/v1/customers') return { status: 200, body: change(`cus_${customers.size + 1}`, pairs) }
    const id = path.split('/').at(-1) ?? ''
    return customers.has(id) ? { status: 200, body: change(id, pairs) } : { status: 404, body: {} }
  }
  return {
    customers,
    /** A minute later: whatever was made is found. */
    pass: () => {
      state.searchable = new Set(customers.keys())
    },
    receive: (call: Wire): Served => {
      if (call.text !== null && call.headers['content-type'] !== 'application/x-www-form-urlencoded')
        return invalid('no form')
      const key = call.headers['idempotency-key'] ?? ''
      const known = keys.get(key)
      const body = `${call.method} ${call.path} ${call.text ?? ''}`
      if (known !== undefined) {
        return known.body === body
          ? { ...known.answer, headers: { 'idempotent-replayed': 'true' } }
          : { status: 400, body: { error: { type: 'idempotency_error' } } }
      }
      const answer = answerTo(call)
      if (key !== '') keys.set(key, { body, answer })
      return answer
    },
  }
}
