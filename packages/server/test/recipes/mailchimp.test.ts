import { createHash } from 'node:crypto'
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

const file = await contract('mailchimp')
const secrets = { api_key: '{{secret:mailchimp_api_key}}-us21' }
const base = { list_id: 'a1b2c3d4e5' }
const chimp = connect('mailchimp', {
  secrets,
  params: { ...base, merge_fields: { FNAME: 'ctx.identity.traits.name.first' } },
})
const traits = objectAt({ traits: ada.traits }, 'traits')
const old = { traits: { ...traits, email: 'old@example.test' } }
const HASH = '197b0a88e870c0861a3a7d7d6d4d49e9'
const member: Served = { status: 200, body: { id: HASH, contact_id: 'c1', status: 'pending' } }
const none: Served = { status: 204 }

function expectRecorded(id: string, call: Wire | undefined, hash = HASH) {
  const request = objectAt(recording(file, id), 'request')
  expect(call?.method).toBe(request.method)
  expect(call?.path).toBe(textAt(request, 'path').replace(HASH, hash))
  expect(call?.query).toEqual(request.query)
  expect(call?.json).toEqual(request.body ?? null)
  expect(call?.auth).toEqual({ scheme: 'basic', username: 'user', password: secrets.api_key })
  if (request.body !== undefined) expect(call?.headers['content-type']).toBe('application/json')
}

describe('S1: Mailchimp', () => {
  test('with consent a registration adds the member, in the data centre of the key', () => {
    const connection = connect('mailchimp', {
      secrets,
      params: {
        ...base,
        send_ip: true,
        language: "'de'",
        merge_fields: {
          FNAME: 'ctx.identity.traits.name.first',
          LNAME: 'ctx.identity.traits.name.last',
          IDENTITYID: 'ctx.identity.id',
        },
      },
    })
    const call = firstCall(connection)
    expectRecorded('member-upsert', call)
    expect(call.origin).toBe('https://us21.api.mailchimp.com')
  })

  test.each([{ newsletter: false }, { newsletter: null }, { newsletter: 'true' }, {}])(
    'without consent nothing is sent: %j',
    (consent) => {
      const { newsletter: _, ...rest } = traits
      const event = { identity: { traits: { ...rest, ...consent } } }
      expect(start(chimp, event)).toMatchObject({ kind: 'skipped' })
      expect(start(chimp, { ...event, trigger: 'login' })).toMatchObject({ kind: 'skipped' })
    },
  )

  test('tags come second, and a registration keeps what Mailchimp calls the member', () => {
    const connection = connect('mailchimp', {
      secrets,
      params: { ...base, tags: ['registered'], tags_off: ['unverified'] },
    })
    const { sent, writes } = drive(connection, {}, ({ path }) => (path.endsWith('/tags') ? none : member))
    expectRecorded('member-tags', sent[1])
    expect(writes).toMatchObject([
      { writeBack: { metadataAdmin: { mailchimp: { subscriber_hash: HASH, contact_id: 'c1' } } } },
    ])
  })

  test('no change of settings ever says that a member is subscribed', () => {
    const { sent } = drive(
      chimp,
      { trigger: 'settings', previous: { traits: { ...traits, name: { first: 'Z' } } } },
      () => member,
    )
    expect(sent).toHaveLength(1)
    expect(sent[0]?.json).not.toHaveProperty('status')
    expect(sent[0]?.json).not.toHaveProperty('timestamp_signup')
  })

  test('a changed address moves the member from where it was', () => {
    const next = { traits: { ...traits, email: 'new@example.com' } }
    const { sent, end } = drive(chimp, { trigger: 'settings', identity: next, previous: {} }, () => member)
    expect(sent).toHaveLength(1)
    expectRecorded('member-email-change', sent[0])
    expect(end?.kind).toBe('done')
  })

  test('where the new address is a member already, that one is changed and the old one archived', () => {
    const taken: Served = {
      status: 400,
      body: { title: 'Member Exists', detail: 'new@example.com is already a list member' },
    }
    const { sent, end } = drive(chimp, { trigger: 'settings', previous: old }, ({ method }) =>
      method === 'PATCH' ? taken : method === 'DELETE' ? none : member,
    )
    const oldHash = createHash('md5').update('old@example.test').digest('hex')
    expect(sent.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)).toEqual([
      `PATCH ${oldHash}`,
      `PUT ${HASH}`,
      `DELETE ${oldHash}`,
    ])
    expectRecorded('member-archive', sent[2], oldHash)
    expect(end?.kind).toBe('done')
  })

  test('withdrawn consent unsubscribes, consent given later adds', () => {
    const without = { traits: { ...traits, newsletter: false } }
    const { sent } = drive(chimp, { trigger: 'settings', identity: without, previous: {} }, () => member)
    expect(sent).toHaveLength(1)
    expectRecorded('member-unsubscribe', sent[0])
    const given = drive(chimp, { trigger: 'settings', previous: without }, () => member).sent
    expect(given.map(({ method }) => method)).toEqual(['PUT'])
    expect(start(chimp, { trigger: 'settings', identity: without, previous: without }).kind).toBe('skipped')
  })

  test('a login is an event that is never told twice', () => {
    const started = start(chimp, { trigger: 'login' })
    expectRecorded('member-event', firstCall(chimp, { trigger: 'login' }))
    if (started.kind !== 'call') throw new Error('no call')
    expect(chimp.recipe.triggers.get('login')?.steps.map(({ unsure }) => unsure)).toEqual(['drop'])
  })

  test('adding first, or in a batch, where somebody wants that', () => {
    const posting = connect('mailchimp', {
      secrets,
      params: {
        ...base,
        how: 'post',
        status_if_new: 'subscribed',
        merge_fields: { FNAME: 'ctx.identity.traits.name.first' },
        tags: ['new'],
      },
    })
    const exists: Served = { status: 400, body: { title: 'Member Exists' } }
    const { sent } = drive(posting, {}, ({ method, path }) =>
      path.endsWith('/tags') ? none : method === 'POST' ? exists : member,
    )
    expectRecorded('member-add', sent[0])
    expect(sent[1]?.method).toBe('PUT')
    const batch = connect('mailchimp', {
      secrets,
      params: { ...base, how: 'batch', merge_fields: { FNAME: 'ctx.identity.traits.name.first' } },
    })
    const batched = drive(batch, {}, () => ({ status: 200, body: { error_count: 0 } }))
    expect(batched.sent).toHaveLength(1)
    expectRecorded('batch-upsert', batched.sent[0])
  })

  test('a deleted identity is archived or erased; who is not there counts as gone', () => {
    const { sent, end } = drive(chimp, { trigger: 'identity.deleted' }, () => ({
      status: 404,
      body: { title: 'Resource Not Found' },
    }))
    expectRecorded('member-archive', sent[0])
    expect(end?.kind).toBe('done')
    const erasing = connect('mailchimp', { secrets, params: { ...base, on_delete: 'erase' } })
    expectRecorded('member-delete-permanent', drive(erasing, { trigger: 'identity.deleted' }, () => none).sent[0])
  })

  test('the check is a ping', () => {
    expect(chimp.recipe.file.check?.request).toMatchObject({ method: 'GET', path: '/ping' })
    expect(objectAt(recording(file, 'ping'), 'request').path).toBe('/3.0/ping')
  })

  const marketing = listAt(file, 'responses').filter((response) => !textAt(response, 'id').startsWith('tx-'))
  const UNCLEAR: { readonly [id: string]: string } = {
    'batch-with-errors': 'drop',
    exists: 'drop',
    'not-found': 'drop+alert',
  }
  test.each(
    marketing.map((response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const),
  )('the answer %s: %s', (id, stated, served) => {
    const started = start(chimp)
    if (started.kind !== 'call') throw new Error('no call')
    expect(outcomeOf(answered(chimp, started.chain, served))).toBe(UNCLEAR[id] ?? stated)
  })

  test('a page instead of JSON is too much at once, words are no permission', () => {
    const started = start(chimp)
    if (started.kind !== 'call') throw new Error('no call')
    expect(answered(chimp, started.chain, { status: 403, body: '<html>no</html>' }).kind).toBe('retry')
    expect(answered(chimp, started.chain, { status: 403, body: { title: 'Forbidden', detail: 'x' } }).kind).toBe(
      'paused',
    )
  })

  test('in the mock’s world: unsubscribed people stay so, whatever changes', () => {
    const vendor = mailchimpMock()
    drive(chimp, {}, vendor.receive)
    vendor.set('ada.lovelace+test@example.com', 'unsubscribed')
    drive(chimp, { trigger: 'settings', previous: { traits: { ...traits, name: { first: 'Z' } } } }, vendor.receive)
    drive(chimp, {}, vendor.receive)
    const moved = { traits: { ...traits, email: 'Moved@example.test' } }
    drive(chimp, { trigger: 'settings', identity: moved, previous: {} }, vendor.receive)
    expect([...vendor.members.values()]).toEqual([{ email: 'Moved@example.test', status: 'unsubscribed' }])
    const confirming = connect('mailchimp', {
      secrets,
      params: { ...base, confirm_on_verification: true, verified_tags: ['v'] },
    })
    const { sent, end } = drive(confirming, { trigger: 'verification', identity: moved }, vendor.receive)
    // It may not be subscribed again; its tags are changed all the same.
    expect(sent).toHaveLength(2)
    expect(end?.kind).toBe('done')
    expect([...vendor.members.values()]).toMatchObject([{ status: 'unsubscribed' }])
  })
})

describe('Mandrill', () => {
  const mandrill = { api_key: '{{secret:mandrill_api_key}}' }
  const welcome = connect('mandrill', {
    secrets: mandrill,
    params: { from_email: 'hello@example.com', subject: 'Welcome', text: 'Welcome!', tags: ['welcome'] },
  })

  function expectSent(id: string, call: Wire) {
    const request = objectAt(recording(file, id), 'request')
    expect(call.path.replace('/api/1.3', '')).toBe(textAt(request, 'path').replace('/api/1.3', ''))
    expect(call.json).toEqual(request.body)
  }

  test('a mail, and one made of a template; the key is not in what is stored', () => {
    expectSent('tx-send', firstCall(welcome))
    const templated = connect('mandrill', {
      secrets: mandrill,
      params: { template: 'welcome', variables: { FNAME: 'ctx.identity.traits.name.first' }, send_identity_id: false },
    })
    expectSent('tx-send-template', firstCall(templated))
    expect(JSON.stringify(start(templated))).not.toContain(mandrill.api_key)
  })

  const answers = listAt(file, 'responses').filter((response) => textAt(response, 'id').startsWith('tx-'))
  test.each(answers.map((response) => [textAt(response, 'id'), statedOutcome(response), servedOf(response)] as const))(
    'the answer %s: %s, whatever status it comes with',
    (_id, stated, served) => {
      const started = start(welcome)
      if (started.kind !== 'call') throw new Error('no call')
      const statuses = stated === 'success' || served.status === 200 ? [200] : [served.status, 500]
      for (const status of statuses) {
        expect(outcomeOf(answered(welcome, started.chain, { ...served, status }))).toBe(stated)
      }
    },
  )
})

/** Mailchimp as the contract's rules describe it. */
function mailchimpMock() {
  const members = new Map<string, { email: string; status: string }>()
  const hashOf = (email: string) => createHash('md5').update(email.toLowerCase()).digest('hex')
  const problem = (title: string): Served => ({ status: 400, body: { title, status: 400, detail: 'x' } })
  const receive = ({ method, path, json, auth }: Wire): Served => {
    if (auth?.scheme !== 'basic') return { status: 401, body: { title: 'API Key Invalid' } }
    const [, hash = '', rest] = /\/members\/([0-9a-f]{32})(\/.+)?$/.exec(path) ?? []
    const known = members.get(hash)
    if (rest !== undefined) return known === undefined ? { status: 404, body: { title: 'Resource Not Found' } } : none
    const email = textAt(json, 'email_address')
    const status = textAt(json, 'status')
    if (status === 'subscribed' && known?.status === 'unsubscribed') return problem('Member In Compliance State')
    if (method === 'PUT') {
      if (hash !== hashOf(email)) return problem('Invalid Resource')
      members.set(hash, { email, status: known?.status ?? textAt(json, 'status_if_new') })
      return { status: 200, body: { id: hash, contact_id: 'c1' } }
    }
    if (known === undefined) return { status: 404, body: { title: 'Resource Not Found' } }
    if (method === 'DELETE') {
      members.delete(hash)
      return none
    }
    const moved = email === '' ? hash : hashOf(email)
    if (moved !== hash && members.has(moved)) return problem('Member Exists')
    members.delete(hash)
    members.set(moved, { email: email || known.email, status: status || known.status })
    return { status: 200, body: { id: moved, contact_id: 'c1' } }
  }
  return {
    members,
    receive,
    set: (email: string, status: string) => members.set(hashOf(email), { email, status }),
  }
}
