import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { startTestApp, type TestApp, webHook } from '../app.ts'
import { CLIENT_CERTIFICATE, CLIENT_KEY } from '../client-certificate.ts'
import { errorOf, minimalConfig } from '../minimal-config.ts'
import { RECEIVER_CERTIFICATE, RECEIVER_KEY } from '../receiver-certificate.ts'
import { type ReceivedCall, type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const SECRET = 'kept-out-of-every-row-and-line'
const env = { HOOK_SECRET: SECRET }

let app: TestApp
let receiver: Receiver
const folder = mkdtempSync(join(tmpdir(), 'cardea-auth-'))
beforeAll(async () => {
  receiver = await startReceiver()
  app = await startTestApp({ env })
  await somebody(app, 'api').signUp('ann@example.test')
})
afterAll(async () => {
  await app.close()
  await receiver.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  receiver.reset()
})

/** The same hook waited for and queued. */
const KINDS = [
  ['asked', {}],
  ['queued', { response: { ignore: true } }],
] as const

const signInWith = async (url: string, config: JsonObject) => {
  const hooks = [webHook(url, { ...config, attempts: 1 })]
  await app.reload({ selfservice: { flows: { login: { after: { password: { hooks } } } } } })
  return somebody(app, 'api').signIn('ann@example.test')
}

const TOKENS = () => ({
  type: 'oauth2_client_credentials',
  config: {
    token_url: receiver.url('/token'),
    client_id: 'cardea:1',
    client_secret: 'env://HOOK_SECRET',
    scope: 'a b',
  },
})
/** Hands out t1, t2 … */
const handsOutTokens = (expires_in: number) => {
  let count = 0
  receiver.on('/token', (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: `t${++count}`, token_type: 'Bearer', expires_in }))
  })
}
const tokensSeen = () => receiver.callsTo('/hook').map(({ headers }) => headers['authorization'])

describe.each(KINDS)('a call that is %s', (kind, mode) => {
  test('carries a bearer token', async () => {
    const auth = { type: 'bearer', config: { token: 'env://HOOK_SECRET' } }
    expect((await signInWith(receiver.url('/hook'), { ...mode, auth })).status).toBe(200)
    await receiver.waitFor('/hook')
    expect(tokensSeen()).toEqual([`Bearer ${SECRET}`])
  })

  test('gets a token by client credentials, once, and uses it until it is about to end', async () => {
    handsOutTokens(3600)
    for (let i = 1; i <= 3; i++) {
      const auth = TOKENS()
      const own = { ...auth, config: { ...auth.config, client_id: `cardea:${kind}` } }
      await signInWith(receiver.url('/hook'), { ...mode, auth: own })
      await receiver.waitFor('/hook', i)
    }
    expect(tokensSeen()).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1'])
    const [asked, ...more] = receiver.callsTo('/token')
    expect(more).toEqual([])
    expect(asked?.headers['authorization']).toBe(`Basic ${btoa(`cardea%3A${kind}:${SECRET}`)}`)
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
    })
  })

  test('gets another token once one is about to end', async () => {
    // A tenth of its life is the margin, so that one of a millisecond has ended when it is used again.
    handsOutTokens(0.001)
    const auth = TOKENS()
    for (let i = 1; i <= 2; i++) {
      await signInWith(receiver.url('/hook'), {
        ...mode,
        auth: { ...auth, config: { ...auth.config, audience: `of ${kind}` } },
      })
      await receiver.waitFor('/hook', i)
      await new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
    }
    expect(tokensSeen()).toEqual(['Bearer t1', 'Bearer t2'])
  })

  test('tries once more with another token when one is refused, and no more than once', async () => {
    const auth = TOKENS()
    const own = {
      ...auth,
      config: { ...auth.config, client_id: `refused ${kind}`, client_auth: 'body' },
    }
    handsOutTokens(3600)
    receiver.on('/hook', { status: 401 }, { status: 200 })
    expect((await signInWith(receiver.url('/hook'), { ...mode, auth: own })).status).toBe(200)
    await receiver.waitFor('/hook', 2)
    expect(tokensSeen()).toEqual(['Bearer t1', 'Bearer t2'])
    expect(Object.fromEntries(new URLSearchParams(receiver.callsTo('/token')[0]?.body))).toMatchObject({
      client_id: own.config.client_id,
      client_secret: SECRET,
    })

    receiver.on('/hook', { status: 401 })
    await signInWith(receiver.url('/hook'), { ...mode, auth: own })
    await receiver.waitFor('/hook', 4)
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    expect(receiver.callsTo('/hook')).toHaveLength(4)
  })

  test('shows its certificate', async () => {
    const seen: string[] = []
    const usual = getCACertificates('default')
    setDefaultCACertificates([...usual, RECEIVER_CERTIFICATE])
    const server = createServer(
      {
        cert: RECEIVER_CERTIFICATE,
        key: RECEIVER_KEY,
        ca: CLIENT_CERTIFICATE,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const { socket } = request
        seen.push(socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : 'no TLS')
        response.writeHead(204).end()
      },
    )
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
    writeFileSync(join(folder, 'cert.pem'), CLIENT_CERTIFICATE)
    writeFileSync(join(folder, 'key.pem'), CLIENT_KEY)
    const pair = { type: 'client_certificate', config: { cert: 'env://CERT', key: 'env://KEY' } }
    const shown = await startTestApp({ env: { CERT: CLIENT_CERTIFICATE, KEY: CLIENT_KEY } })
    await somebody(shown, 'api').signUp('ann@example.test')
    const hooks = (auth: JsonObject | null) => ({
      selfservice: {
        flows: {
          login: { after: { password: { hooks: [webHook(url, { ...mode, ...(auth === null ? {} : { auth }) })] } } },
        },
      },
    })
    await shown.reload(hooks(pair))
    expect((await somebody(shown, 'api').signIn('ann@example.test')).status).toBe(200)
    await expect.poll(() => seen).toEqual(['cardea-client.example.test'])
    // A connection that showed a certificate is used by nobody who shows none.
    await shown.reload(hooks(null))
    await somebody(shown, 'api').signIn('ann@example.test')
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    expect(seen).toHaveLength(1)
    await shown.close()
    server.closeAllConnections()
    server.close()
    setDefaultCACertificates(usual)
  })

  test('is signed in both ways of Standard Webhooks, with every secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const pair = generateKeyPairSync('ed25519')
    const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
    const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
    const secrets = [secret, `whsk_${seed.toString('base64')}`, `whsk_${Buffer.concat([seed, raw]).toString('base64')}`]
    await signInWith(receiver.url('/hook'), { ...mode, signing: { secrets } })
    const [call] = await receiver.waitFor('/hook')
    const { 'webhook-signature': signature = '', 'webhook-id': id, 'webhook-timestamp': at } = call?.headers ?? {}
    const signatures = signature.split(' ').map((each) => each.split(','))
    expect(signatures.map(([version]) => version)).toEqual(['v1', 'v1a', 'v1a'])
    expect(() => new Webhook(secret).verify(call?.body ?? '', call?.headers ?? {})).not.toThrow()
    const spki = createPublicKey(pair.publicKey.export({ format: 'pem', type: 'spki' }))
    const signed = Buffer.from(`${id}.${at}.${call?.body}`)
    for (const [, text = ''] of signatures.slice(1)) {
      expect(verify(null, signed, spki, Buffer.from(text, 'base64'))).toBe(true)
      expect(verify(null, Buffer.concat([signed, Buffer.from(' ')]), spki, Buffer.from(text, 'base64'))).toBe(false)
    }
  })
})

test('where no token can be had, a call that is waited for fails with a neutral text, and the log says why without the secret', async () => {
  const auth = TOKENS()
  receiver.on('/token', { status: 400, json: { error: 'invalid_client', error_description: `${SECRET} is wrong` } })
  const answer = await signInWith(receiver.url('/hook'), {
    auth: { ...auth, config: { ...auth.config, client_id: 'unknown' } },
  })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.text).not.toContain('token')
  const line = app.logged.findLast(({ event }) => event === 'action_failed')
  expect(line?.fields.detail).toBe('the token endpoint answered 400 (invalid_client)')
  expect(receiver.callsTo('/hook')).toHaveLength(0)
  expect(JSON.stringify(app.logged)).not.toContain(SECRET)
})

test.each<[string, (call: ReceivedCall) => JsonObject, string]>([
  ['no token', () => ({ token_type: 'bearer' }), 'without an access_token'],
  ['a token with a line break', () => ({ access_token: 'a\r\nx: y' }), 'without an access_token'],
  ['a token of another kind', () => ({ access_token: 'a', token_type: 'DPoP' }), 'no bearer token'],
])('a token endpoint that answers with %s is no use', async (name, json, said) => {
  const auth = TOKENS()
  receiver.on('/token', (call, response) => response.end(JSON.stringify(json(call))))
  await signInWith(receiver.url('/hook'), { auth: { ...auth, config: { ...auth.config, client_id: name } } })
  expect(app.logged.findLast(({ event }) => event === 'action_failed')?.fields.detail).toContain(said)
})

describe('credentials that cannot work are refused when the configuration is read', () => {
  const rejected = (auth: JsonObject, more: JsonObject = {}) =>
    errorOf(
      JSON.stringify({
        ...minimalConfig,
        selfservice: {
          ...minimalConfig.selfservice,
          flows: { login: { before: { hooks: [webHook('https://b.test/', { auth, ...more })] } } },
        },
      }),
    )
  test.each<[string, JsonObject, string]>([
    ['a kind that does not exist', { type: 'beerer', config: { token: 'x' } }, 'did you mean bearer?'],
    [
      'a certificate that is none',
      { type: 'client_certificate', config: { cert: 'x', key: CLIENT_KEY } },
      'cert must be a certificate as PEM',
    ],
    [
      'a key that is none',
      { type: 'client_certificate', config: { cert: CLIENT_CERTIFICATE, key: 'sesame' } },
      'key must be a private key as PEM',
    ],
    [
      'a key of something else',
      { type: 'client_certificate', config: { cert: RECEIVER_CERTIFICATE, key: CLIENT_KEY } },
      'must be the key of the certificate',
    ],
    [
      'a token endpoint with credentials in it',
      {
        type: 'oauth2_client_credentials',
        config: { token_url: 'https://u:sesame@b.test/', client_id: 'a', client_secret: 'b' },
      },
      'must be an http or https URL without credentials',
    ],
    [
      'no secret',
      { type: 'oauth2_client_credentials', config: { token_url: 'https://b.test/', client_id: 'a' } },
      'client_secret',
    ],
  ])('%s', async (_, auth, said) => {
    const error = await rejected(auth)
    expect(error).toContain(said.replace(/^must be /, ''))
    expect(error).not.toContain('sesame')
  })

  test('a signing key of the wrong length', async () => {
    const signing = { secrets: [`whsk_${Buffer.alloc(20).toString('base64')}`] }
    expect(await rejected({ type: 'bearer', config: { token: 'x' } }, { signing })).toContain(
      'base64 of an Ed25519 key',
    )
  })
})
