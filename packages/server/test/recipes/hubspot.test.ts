import { describe, expect, test } from 'vitest'
import {
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

const file = await contract('hubspot')
const secrets = { access_token: '{{secret:hubspot_access_token}}' }
const hubspot = connect('hubspot', { secrets })
const stored = { metadataAdmin: { hubspot: { contact_id: '512' } } }
const before = { traits: { email: 'old+1@example.test', name: { first: 'Zoë' } } }
const contact: Served = { status: 200, body: { id: '512', properties: {} } }
const upserted: Served = { status: 200, body: { status: 'COMPLETE', results: [{ id: '512', new: true }] } }
const missing: Served = { status: 404, body: { category: 'OBJECT_NOT_FOUND', message: 'resource not found' } }

/** The same body, and the dated path in place of the old one. */
function expectRecorded(id: string, call: Wire | undefined) {
  const recorded = recording(file, id)
  const request = objectAt(recorded, 'request')
  const [path = ''] = textAt(recorded, 'dated_path').replace('/events/2026-03/send or ', '').split('?')
  const expected = path
    .replace('{version}', '2026-09')
    .replace('{email}', 'Ada.Lovelace%2Btest%40Example.com')
    .replace('{id}', '512')
  expect(call?.method).toBe(request.method)
  expect(call?.path).toBe(expected)
  expect(call?.query).toEqual(request.query)
  expect(call?.json).toEqual(request.body ?? null)
  expect(call?.auth).toEqual({ scheme: 'bearer', token: secrets.access_token })
}

describe('S1: HubSpot', () => {
  test('a registration makes the contact or changes the one that is there', () => {
    expectRecorded('contact-upsert', firstCall(hubspot))
    const { writes } = drive(hubspot, {}, () => upserted)
    expect(writes).toMatchObject([{ writeBack: { metadataAdmin: { hubspot: { contact_id: '512' } } } }])
  })

  test('where it is only to be made, one that is there already counts as made', () => {
    const connection = connect('hubspot', { secrets, params: { how: 'create' } })
    const conflict: Served = {
      status: 409,
      body: { message: 'Contact already exists. Existing ID: 512', category: 'CONFLICT' },
    }
    const { sent, writes, end } = drive(connection, {}, () => conflict)
    expectRecorded('contact-create', sent[0])
    expect(end?.kind).toBe('done')
    expect(writes).toMatchObject([{ writeBack: { metadataAdmin: { hubspot: { contact_id: '512' } } } }])
  })

  test('a verified address marks the contact, and makes it where there is none', () => {
    const { sent } = drive(hubspot, { trigger: 'verification' }, ({ method }) =>
      method === 'PATCH' ? missing : upserted,
    )
    expectRecorded('contact-update-by-email', sent[0])
    expect(sent[1]?.json).toMatchObject({ inputs: [{ properties: { email_verified: 'true' } }] })
    expect(drive(hubspot, { trigger: 'verification' }, () => contact).sent).toHaveLength(1)
  })

  test('a changed address is carried over by the contact’s id, and only what has changed', () => {
    const traits = { email: 'new@example.com', name: { first: 'Zoë' } }
    const { sent } = drive(
      hubspot,
      { trigger: 'settings', identity: { ...stored, traits }, previous: before },
      () => contact,
    )
    expect(sent).toHaveLength(1)
    expectRecorded('contact-update-by-id', sent[0])
  })

  test('without an id the contact is found by the address it had, else made', () => {
    const traits = { email: 'new@example.test', name: { first: 'Zoë' } }
    const { sent, end } = drive(
      hubspot,
      { trigger: 'settings', identity: { traits }, previous: before },
      ({ method }) => (method === 'PATCH' ? missing : upserted),
    )
    expect(sent[0]?.path).toBe('/crm/objects/2026-09/contacts/old%2B1%40example.test')
    expect(sent[1]?.path).toBe('/crm/objects/2026-09/contacts/batch/upsert')
    expect(end?.kind).toBe('done')
  })

  test('what is there no more is emptied', () => {
    const traits = { email: 'old+1@example.test' }
    const { sent } = drive(
      hubspot,
      { trigger: 'settings', identity: { ...stored, traits }, previous: before },
      () => contact,
    )
    expect(sent[0]?.json).toEqual({ properties: { firstname: '' } })
  })

  test('values of every kind arrive as texts', () => {
    const connection = connect('hubspot', {
      secrets,
      params: { properties: { a: 'true', b: '17', c: 'null', d: "{ e: 'ü' }" } },
    })
    expect(firstCall(connection).json).toMatchObject({
      inputs: [{ properties: { a: 'true', b: '17', d: '{"e":"ü"}' } }],
    })
  })

  test('a login is sent as an event where one is named', () => {
    expect(start(hubspot, { trigger: 'login' }).kind).toBe('skipped')
    const connection = connect('hubspot', { secrets, params: { login_event: 'pe123456_user_login' } })
    expectRecorded('event-send', firstCall(connection, { trigger: 'login' }))
  })

  test('a deleted identity is archived, looked for where its contact is not known', () => {
    const event = { trigger: 'identity.deleted' } as const
    const none: Served = { status: 204 }
    expectRecorded('contact-archive', drive(hubspot, { ...event, identity: stored }, () => none).sent[0])
    const connection = connect('hubspot', { secrets, params: { id_property: 'identity_id' } })
    const found: Served = { status: 200, body: { total: 1, results: [{ id: '512' }] } }
    const { sent } = drive(connection, event, ({ method }) => (method === 'POST' ? found : none))
    expectRecorded('contact-search', sent[0])
    expectRecorded('contact-archive', sent[1])
  })

  test('or erased', () => {
    const connection = connect('hubspot', { secrets, params: { on_delete: 'erase' } })
    const { sent, end } = drive(connection, { trigger: 'identity.deleted' }, () => ({ status: 204 }))
    expectRecorded('contact-gdpr-delete', sent[0])
    expect(end?.kind).toBe('done')
  })

  const UNCLEAR: { readonly [id: string]: string } = {
    partial: 'drop',
    exists: 'drop+alert',
    'unknown-property': 'drop+alert',
    'not-found': 'success',
  }
  test.each(
    listAt(file, 'responses').map(
      (response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const,
    ),
  )('the answer %s: %s', (id, stated, served) => {
    // An address that changed, so that it can be taken; one that is verified, so that nobody may be known by it.
    const settings = { trigger: 'settings', identity: stored, previous: before } as const
    const started = start(hubspot, id === 'not-found' ? { trigger: 'verification' } : id === 'exists' ? settings : {})
    if (started.kind !== 'call') throw new Error('no call')
    const followed = answered(hubspot, started.chain, served)
    expect(outcomeOf(followed)).toBe(UNCLEAR[id] ?? stated.replace(/ after.*/, ''))
    const waits: { readonly [id: string]: number } = { locked: 2_000, 'rate-10s': 10_000, 'rate-day': 3_600_000 }
    if (followed.kind === 'retry') expect(followed.atLeast).toBe(waits[id] ?? 0)
  })

  test('in the mock’s world: the same person twice is one contact, and its stage never goes back', () => {
    const vendor = hubspotMock()
    drive(hubspot, {}, vendor.receive)
    vendor.change('512', { lifecyclestage: 'customer' })
    drive(hubspot, {}, vendor.receive)
    expect(vendor.contacts.size).toBe(1)
    expect(vendor.contacts.get('512')).toMatchObject({
      lifecyclestage: 'customer',
      email: 'Ada.Lovelace+test@Example.com',
    })
    const traits = { email: 'NEW@example.test' }
    drive(hubspot, { trigger: 'settings', identity: { ...stored, traits }, previous: {} }, vendor.receive)
    expect(vendor.contacts.get('512')).toMatchObject({ email: 'NEW@example.test', firstname: '' })
    drive(hubspot, { trigger: 'identity.deleted', identity: { ...stored, traits } }, vendor.receive)
    const again = drive(hubspot, { trigger: 'identity.deleted', identity: { ...stored, traits } }, vendor.receive)
    expect(vendor.contacts.size).toBe(0)
    expect(again.end?.kind).toBe('done')
  })
})

/** HubSpot as the contract's rules describe it. */
function hubspotMock() {
  const contacts = new Map<string, { [name: string]: string }>()
  const STAGES = ['subscriber', 'lead', 'customer']
  const byEmail = (email: string) =>
    [...contacts].find(([, each]) => each.email?.toLowerCase() === email.toLowerCase())?.[0]
  const change = (id: string, properties: { readonly [name: string]: string }) => {
    const known = contacts.get(id) ?? {}
    const isBack = STAGES.indexOf(properties.lifecyclestage ?? '') < STAGES.indexOf(known.lifecyclestage ?? '')
    contacts.set(id, { ...known, ...properties, ...(isBack ? { lifecyclestage: known.lifecyclestage ?? '' } : {}) })
  }
  const texts = (value: unknown): { [name: string]: string } | null => {
    const entries = Object.entries(objectAt({ value }, 'value'))
    const strings = entries.flatMap(([name, each]) => (typeof each === 'string' ? [[name, each] as const] : []))
    return strings.length === entries.length ? Object.fromEntries(strings) : null
  }
  const receive = ({ method, path, query, json }: Wire): Served => {
    const id = decodeURIComponent(path.split('/').at(-1) ?? '')
    if (method === 'DELETE') {
      contacts.delete(id)
      return { status: 204 }
    }
    if (path.endsWith('/batch/upsert')) {
      const [input] = listAt(json, 'inputs')
      const properties = texts(input?.properties)
      if (properties === null) return { status: 400, body: { category: 'VALIDATION_ERROR' } }
      const known = byEmail(textAt(input, 'id'))
      const made = known ?? String(512 + contacts.size)
      change(made, properties)
      return { status: 200, body: { results: [{ id: made, new: known === undefined }] } }
    }
    const known = query.idProperty === 'email' ? byEmail(id) : contacts.has(id) ? id : undefined
    const properties = texts(objectAt(json, 'properties'))
    if (known === undefined) return { status: 404, body: {} }
    if (properties === null) return { status: 400, body: {} }
    const other = properties.email === undefined ? undefined : byEmail(properties.email)
    if (other !== undefined && other !== known) return { status: 409, body: { message: `Existing ID: ${other}` } }
    change(known, properties)
    return { status: 200, body: { id: known } }
  }
  return { contacts, change, receive }
}
