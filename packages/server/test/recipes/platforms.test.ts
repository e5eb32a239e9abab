import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { readConnection } from '../../src/actions/recipe/connection.ts'
import type { JsonObject } from '../../src/core/json.ts'
import {
  ada,
  answered,
  connect,
  contract,
  DELIVERY,
  firstCall,
  listAt,
  objectAt,
  outcomeOf,
  servedOf,
  start,
  statedOutcome,
  textAt,
  type Wire,
} from './contract.ts'

const zapierFile = objectAt(objectAt(await contract('zapier'), 'outbound'), 'catch_hook')
const iftttFile = objectAt(objectAt(await contract('ifttt'), 'outbound'), 'webhooks')
const peers = objectAt(await contract('peers'), 'recorded')

const rows = (file: JsonObject) =>
  listAt(file, 'responses').map(
    (response) => [response.status, statedOutcome(response).replace(/[ :,].*/, ''), servedOf(response)] as const,
  )

describe('S4: Zapier', () => {
  const hook_url = 'https://hooks.zapier.com/hooks/catch/1234567/abcdef/'
  const zapier = connect('zapier', { secrets: { hook_url } })

  test('a flat object goes to the address that is the secret', () => {
    const example = objectAt(zapierFile, 'request_example')
    const call = firstCall(zapier)
    expect(`${call.method} ${call.origin}${call.path}`).toBe(`POST https://hooks.zapier.com${textAt(example, 'path')}`)
    expect(call.json).toEqual(example.body)
    expect(zapier.shownBase).toBe('https://hooks.zapier.com')
    expect(JSON.stringify(start(zapier))).not.toContain('abcdef')
  })

  test('what is nested is written out, what is missing left out', () => {
    const connection = connect('zapier', {
      secrets: { hook_url },
      params: { fields: { name: 'ctx.identity.traits.name', none: 'null' } },
    })
    expect(firstCall(connection).json).toMatchObject({ name: '{"first":"Zoë","last":"O\'Neil & Söhne"}' })
    expect(firstCall(connection).json).not.toHaveProperty('none')
  })

  test('it may be sent elsewhere, with its path', () => {
    const connection = connect('zapier', { secrets: { hook_url }, baseUrl: 'http://127.0.0.1:8080/' })
    const call = firstCall(connection)
    expect(call.origin + call.path).toBe('http://127.0.0.1:8080/hooks/catch/1234567/abcdef/')
  })

  test.each(rows(zapierFile))('the answer %s: %s', (status, stated, served) => {
    const started = start(zapier)
    if (started.kind !== 'call') throw new Error('no call')
    const said = outcomeOf(answered(zapier, started.chain, served))
    expect(said).toBe(status === 410 ? 'drop+alert' : stated)
  })
})

describe('S4: IFTTT', () => {
  const secrets = { key: 'abc-DEF_123' }
  const of = (id: string) => objectAt({ found: listAt(iftttFile, 'requests').find((each) => each.id === id) }, 'found')
  const path = (id: string) => textAt(of(id), 'path').replace('{{secret:ifttt_key}}', secrets.key)

  test('three values, all texts', () => {
    const call = firstCall(connect('ifttt', { secrets }))
    expect(`${call.method} ${call.path}`).toBe(`POST ${path('three-values')}`)
    expect(call.json).toEqual(of('three-values').body)
    const numbers = firstCall(connect('ifttt', { secrets, params: { value1: '17', value2: 'true' } })).json
    expect(numbers).toMatchObject({ value1: '17', value2: 'true' })
  })

  test('any JSON', () => {
    const call = firstCall(
      connect('ifttt', { secrets, params: { variant: 'json', fields: { email: 'ctx.identity.traits.email' } } }),
    )
    expect(`${call.method} ${call.path}`).toBe(`POST ${path('json')}`)
    expect(call.json).toEqual(of('json').body)
  })

  test.each([
    [{ event: 'user registered' }, 'params.event'],
    [{ value4: "'x'" }, 'params.value4'],
  ])('%j is refused when it is configured', (params, key) => {
    const { recipe } = connect('ifttt', { secrets })
    const read = readConnection(recipe, { name: 'x', secrets, params, on: null, baseUrl: null, when: null })
    expect(read.kind === 'wrong' ? read.problems.map(({ path }) => path.join('.')) : []).toEqual([key])
  })

  test.each(rows(iftttFile))('the answer %s: %s, its words never read as JSON', (_status, stated, served) => {
    const ifttt = connect('ifttt', { secrets })
    const started = start(ifttt)
    if (started.kind !== 'call') throw new Error('no call')
    expect(outcomeOf(answered(ifttt, started.chain, served))).toBe(stated)
    expect(started.call.url).not.toContain(secrets.key)
  })
})

/** The same address, headers that matter and body as the official client sends. */
function expectPeer(name: string, call: Wire) {
  const [recorded] = listAt({ recorded: peers[name] ?? [] }, 'recorded')
  expect(call.method).toBe(textAt(recorded, 'method'))
  expect(call.path).toBe(textAt(recorded, 'path'))
  const { accept: _, ...headers } = objectAt(recorded, 'headers')
  expect(call.headers).toMatchObject(headers)
  expect(call.json).toEqual(recorded?.body)
}

describe('Slack', () => {
  const slack = connect('slack', { secrets: { webhook_url: 'https://hooks.slack.com/slack/services/T000/B000/XXXX' } })

  test('a message as the official client sends it', () => {
    const plain = connect('slack', { secrets: slack.secrets, params: { show_who: false } })
    expectPeer('slack', firstCall(plain, { identity: { traits: { email: 'a@b.c' } } }))
  })

  test('nobody can mention a channel or forge a link by their name', () => {
    const { json } = firstCall(slack, { identity: { traits: { email: '<!channel> & <https://evil.test|x>@y' } } })
    expect(JSON.stringify(json)).not.toMatch(/<!channel|<https/)
    expect(textAt(json, 'text')).toBe('New user: &lt;!channel&gt; &amp; &lt;https://evil.test|x&gt;@y')
  })

  test.each([
    [200, 'ok', 'success'],
    [429, '', 'retry'],
    [404, 'no_service', 'pause-connection'],
    [410, 'channel_is_archived', 'pause-connection'],
    [400, 'invalid_blocks', 'drop'],
    [500, '', 'retry'],
  ])('the answer %i %s: %s', (status, body, stated) => {
    const started = start(slack)
    if (started.kind !== 'call') throw new Error('no call')
    expect(outcomeOf(answered(slack, started.chain, { status, body, headers: { 'retry-after': '30' } }))).toBe(stated)
  })
})

describe('signed webhooks', () => {
  const secret = `whsec_${Buffer.from('k'.repeat(24)).toString('base64')}`
  const webhook = connect('webhook', {
    secrets: { signing_secret: secret },
    params: { url: 'https://example.test/hooks', data: { id: 'ctx.identity.id' } },
  })

  test('the official library accepts every attempt', () => {
    const call = firstCall(webhook)
    expect(call.origin + call.path).toBe('https://example.test/hooks')
    const at = Date.now()
    const body = call.text ?? ''
    const headers = { ...call.headers, 'webhook-id': DELIVERY, ...webhook.sign?.(DELIVERY, at, body) }
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'registration.after',
      timestamp: '2026-01-15T10:00:00.123Z',
      data: { id: ada.id },
    })
    expect(start(webhook)).toMatchObject({ call: { isSigned: true } })
  })
})

describe('CloudEvents', () => {
  const url = 'https://example.test/ce'
  const choice = { url, source: '/projects/demo', type_prefix: 'com.example.identity' }

  test.each(['structured', 'binary'])('%s, as the official library sends it', (mode) => {
    expectPeer(`cloudevents-${mode}`, firstCall(connect('cloudevents', { params: { ...choice, mode } })))
  })

  test('a token where there is one', () => {
    expect(firstCall(connect('cloudevents', { params: choice })).auth).toBe(undefined)
    expect(firstCall(connect('cloudevents', { params: choice, secrets: { token: 't' } })).auth).toEqual({
      scheme: 'bearer',
      token: 't',
    })
  })
})
