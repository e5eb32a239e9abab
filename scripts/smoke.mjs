// The built server, as an operator starts it: it registers one person, knows them afterwards, and its action arrives.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, root } from './lib/install.mjs'

const folder = mkdtempSync(join(tmpdir(), 'cardea-smoke-'))
const calls = []
const receiver = createServer((request, response) => {
  calls.push(request.url)
  response.end()
})
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const [open, admin] = [await freePort(), await freePort()]
const config = join(folder, 'kratos.json')
writeFileSync(config, JSON.stringify(configuration(receiver.address().port)))

const started = Date.now()
const server = spawn(
  join(root, 'node_modules/.bin/cardea'),
  ['serve', 'identity', '--dev', '--watch-courier', '-c', config],
  {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
try {
  await ready(`http://127.0.0.1:${open}/health/ready`)
  console.log(`ready after ${Date.now() - started} ms`)
  const flow = await json(`http://127.0.0.1:${open}/self-service/registration/api`)
  const registered = await json(flow.ui.action, {
    method: 'password',
    password: 'smoke-test-of-the-bundle',
    traits: { email: 'smoke@example.test' },
  })
  const session = await json(`http://127.0.0.1:${open}/sessions/whoami`, null, {
    'x-session-token': registered.session_token,
  })
  if (session.identity?.traits?.email !== 'smoke@example.test')
    throw new Error(`whoami says ${JSON.stringify(session)}`)
  for (let waited = 0; calls.length === 0 && waited < 5000; waited += 50) await sleep(50)
  if (calls.length === 0) throw new Error('the queued action never arrived')
  console.log('the built server registered one person, and the action arrived')
} finally {
  server.kill('SIGTERM')
  await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve()))
  receiver.close()
  rmSync(folder, { recursive: true, force: true })
}

function configuration(port) {
  const schema = {
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: {
          email: {
            type: 'string',
            format: 'email',
            'ory.sh/kratos': { credentials: { password: { identifier: true } } },
          },
        },
      },
    },
  }
  const base64 = (text) => `base64://${Buffer.from(text).toString('base64')}`
  const hook = {
    hook: 'web_hook',
    config: {
      url: `http://127.0.0.1:${port}/registered`,
      method: 'POST',
      body: base64('function(ctx) { id: ctx.identity.id }'),
      response: { ignore: true },
    },
  }
  return {
    dsn: 'memory',
    serve: {
      public: { host: '127.0.0.1', port: open, base_url: `http://127.0.0.1:${open}/` },
      admin: { host: '127.0.0.1', port: admin, base_url: `http://127.0.0.1:${admin}/` },
    },
    identity: { schemas: [{ id: 'default', url: base64(JSON.stringify(schema)) }] },
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
    selfservice: {
      default_browser_return_url: `http://127.0.0.1:${open}/ui/`,
      methods: { password: { enabled: true, config: { haveibeenpwned_enabled: false } } },
      flows: {
        registration: { enabled: true, style: 'unified', after: { password: { hooks: [hook, { hook: 'session' }] } } },
      },
    },
  }
}

async function ready(url) {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (server.exitCode !== null) throw new Error(`the server ended with exit code ${server.exitCode}`)
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok) return
    await sleep(20)
  }
  throw new Error('the server is not ready after ten seconds')
}

async function json(url, body = null, headers = {}) {
  const answer = await fetch(url, {
    method: body === null ? 'GET' : 'POST',
    headers: { ...headers, ...(body === null ? {} : { 'content-type': 'application/json' }) },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

async function freePort() {
  const probe = createServer()
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return port
}
