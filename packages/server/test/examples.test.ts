import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts'
import { startTestApp, type TestApp } from './app.ts'
import { freePort } from './free-port.ts'
import { at, httpClient } from './http-client.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { somebody } from './somebody.ts'

const FOLDER = new URL('../../../docs/examples/', import.meta.url)
const pathOf = (name: string) => fileURLToPath(new URL(name, FOLDER))

/** An example as a file, with the address of its receiver in it. */
function example(name: string, receiver: string): JsonObject {
  const value: Json = parse(readFileSync(pathOf(name), 'utf8').replaceAll('$RECEIVER', receiver))
  if (isJsonObject(value)) return value
  throw new Error(`${name} is no configuration`)
}

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})
async function appWith(config: JsonObject): Promise<TestApp> {
  const app = await startTestApp({ config, env: { CRM_SIGNING_SECRET: SIGNING_SECRET } })
  cleanUps.push(() => app.close())
  return app
}
const SIGNING_SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`
const exists = async (app: TestApp, email: string) => {
  const url = `${app.adminUrl}/admin/identities?credentials_identifier=${email}`
  return JSON.parse((await httpClient({ keepsCookies: false }).get(url)).text).length === 1
}

/** Runs a shell script for every call, as web servers run CGI scripts (RFC 3875). */
function cgi(script: string): Server {
  return createServer((request, response) => {
    const env = { ...process.env, CONTENT_LENGTH: request.headers['content-length'] ?? '0' }
    const child = spawn('sh', [script], { env })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', () => {
      const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n', 2)
      response.writeHead(Number(/Status: (\d+)/.exec(head)?.[1] ?? '500')).end(body)
    })
    request.pipe(child.stdin)
  })
}

const isThere = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
const temporary = mkdtempSync(join(tmpdir(), 'cardea-examples-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** How each receiver is started, where its language is present. TypeScript always is. */
const LANGUAGES: readonly (readonly [string, (port: number) => ChildProcess | Server])[] = [
  ['receiver.ts', (port) => run(process.execPath, [pathOf('receivers/receiver.ts'), String(port)], port)],
  ...(isThere('python3', '--version')
    ? [['receiver.py', (port: number) => run('python3', [pathOf('receivers/receiver.py')], port)] as const]
    : []),
  ...(isThere('go', 'version') ? [['receiver.go', (port: number) => run(goBinary(), [], port)] as const] : []),
  ...(isThere('sh', '-c', 'true')
    ? [['receiver.sh', (port: number) => cgi(pathOf('receivers/receiver.sh')).listen(port, '127.0.0.1')] as const]
    : []),
]

const run = (command: string, args: readonly string[], port: number) =>
  spawn(command, args, { env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'ignore', 'inherit'] })

function goBinary(): string {
  const binary = join(temporary, 'receiver')
  const { status, stderr } = spawnSync('go', ['build', '-o', binary, pathOf('receivers/receiver.go')])
  if (status !== 0) throw new Error(String(stderr))
  return binary
}

describe.each(LANGUAGES)('S5, S16: own logic in any language: %s', (_name, start) => {
  let url: string
  let receiver: ChildProcess | Server
  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    receiver = start(port)
    const answers = async () => {
      try {
        return (await fetch(url, { method: 'POST', body: '{"email":"a@example.org"}' })).status
      } catch {
        return 0
      }
    }
    for (let tries = 0; (await answers()) !== 204; tries++) {
      if (tries === 200) throw new Error('the receiver does not answer')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }, 60_000)
  afterAll(() => {
    if ('kill' in receiver) receiver.kill()
    else receiver.close()
  })

  test('people of the domain get in, others read why not at the field, and are not stored', async () => {
    const app = await appWith(example('domain.yml', url))
    const refused = await somebody(app, 'ajax').signUp('eve@example.com')
    expect(refused.status).toBe(400)
    const nodes = at(refused.json, 'ui.nodes')
    const field = Array.isArray(nodes) ? nodes.find((node) => at(node, 'attributes.name') === 'traits.email') : null
    expect(at(field, 'messages.0.text')).toBe('Only people of example.org may join.')
    expect(await exists(app, 'eve@example.com')).toBe(false)

    expect((await somebody(app, 'ajax').signUp('ann@example.org')).status).toBe(200)
    expect(await exists(app, 'ann@example.org')).toBe(true)
  })
})

describe('the other examples', () => {
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
  })
  afterAll(() => receiver.close())

  test('S13: a registration starts with an invitation only; who has none reads it, and no flow is made', async () => {
    const refusal = { messages: [{ messages: [{ id: 1, text: 'Invitation only.', type: 'error' }] }] }
    receiver.on('/invitation', (call, response) => {
      const isInvited = call.body.includes('invitation=spring')
      response.writeHead(isInvited ? 204 : 403).end(isInvited ? '' : JSON.stringify(refusal))
    })
    const app = await appWith(example('invite-only.yml', receiver.url('')))
    const stranger = await somebody(app, 'api').start('registration')
    expect(stranger.status).toBe(403)
    expect(at(stranger.json, 'error.reason')).toBe('Invitation only.')
    expect(stranger.json).not.toHaveProperty('id')
    const guest = await somebody(app, 'api').start('registration', '?invitation=spring')
    expect(guest.status).toBe(200)

    receiver.on('/invitation', { status: 500 })
    expect((await somebody(app, 'api').start('registration', '?invitation=spring')).status).toBe(500)
  })

  test('S15: a sign-in is judged by the address of the client, and a broken list keeps nobody out', async () => {
    const refusal = { messages: [{ messages: [{ id: 1, text: 'Not from here.', type: 'error' }] }] }
    const app = await appWith(example('address.yml', receiver.url('')))
    receiver.on('/address/127.0.0.1', { status: 403, json: refusal }, { status: 204 }, () => {})
    const refused = await somebody(app, 'api').start('login')
    expect(at(refused.json, 'error.reason')).toBe('Not from here.')
    expect((await somebody(app, 'api').start('login')).status).toBe(200)
    expect((await somebody(app, 'api').start('login')).status).toBe(200)
    const [call] = receiver.callsTo('/address/127.0.0.1')
    expect(call).toMatchObject({ method: 'GET', body: '' })
  })

  test('S8: people are greeted at their first login, and not at their second', async () => {
    const app = await appWith(example('first-login.yml', receiver.url('')))
    for (const email of ['ann@example.org', 'bob@example.org']) {
      await somebody(app, 'api').signUp(email)
      await somebody(app, 'api').signIn(email, 'not the password')
      for (let i = 0; i < 3; i++) expect((await somebody(app, 'api').signIn(email)).status).toBe(200)
    }
    const calls = await receiver.waitFor('/greet', 2)
    expect(calls.map(({ body }) => JSON.parse(body))).toEqual([
      { email: 'ann@example.org' },
      { email: 'bob@example.org' },
    ])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(receiver.callsTo('/greet')).toHaveLength(2)
  })

  test('S8, S9: another system hears of sign-ups and sign-ins, signed, until it has them', async () => {
    const app = await appWith(example('crm.yml', receiver.url('')))
    receiver.on('/crm/registration', { status: 503 }, { status: 200 })
    await somebody(app, 'api').signUp('ann@example.org')
    await somebody(app, 'api').signIn('ann@example.org')
    const [told] = await receiver.waitFor('/crm/login')
    const [first, second] = await receiver.waitFor('/crm/registration', 2, 10_000)
    for (const call of [told, first, second]) {
      if (call === undefined) throw new Error('three calls were waited for')
      const body = new Webhook(SIGNING_SECRET).verify(call.body, { ...call.headers })
      expect(body).toEqual({ id: call.headers['x-person'], email: 'ann@example.org' })
      expect(call.method).toBe('PUT')
    }
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  }, 20_000)
})
