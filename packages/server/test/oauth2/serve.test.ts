import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PERSON } from '../app.ts'
import { freePort } from '../free-port.ts'
import { type Receiver, startReceiver } from '../receiver.ts'

// `cardea serve oauth2 -c hydra.yml` as an operator runs it: from nothing to a reload, a restart and a stop.

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cardea-oauth2-'))
let receiver: Receiver
let ports: { readonly open: number; readonly admin: number }

beforeAll(async () => {
  receiver = await startReceiver()
  ports = { open: await freePort(), admin: await freePort() }
})
afterAll(async () => {
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

const write = (oauth2: string) =>
  writeFileSync(
    join(folder, 'hydra.yml'),
    `dsn: sqlite://${folder}/oauth2.db
serve: {public: {port: ${ports.open}, host: 127.0.0.1}, admin: {port: ${ports.admin}, host: 127.0.0.1}}
urls: {self: {issuer: "http://127.0.0.1:${ports.open}/"}}
secrets: {system: [a-system-secret-for-tests-only]}
oauth2: ${oauth2}
`,
  )

function start(...command: readonly string[]) {
  const args = command.length > 0 ? command : ['serve', 'oauth2', '-c', 'hydra.yml']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: folder })
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output.text += String(chunk)))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const says = (text: string) => expect.poll(() => output.text, { timeout: 30_000 }).toContain(text)
  return { says, output, ended, stop: () => child.kill('SIGTERM') }
}

const credentials = async (client: Record<string, string>) => {
  const answer = await fetch(`http://127.0.0.1:${ports.open}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, grant_type: 'client_credentials' }),
  })
  return answer.status
}

test('a changed file is in force at once, a wrong one is not; what was issued outlives the process', async () => {
  write('{}')
  const first = start()
  await first.says('is ready')
  await first.says('whoever reaches the admin API may use it')
  const made = await fetch(`http://127.0.0.1:${ports.admin}/admin/clients`, {
    method: 'POST',
    body: JSON.stringify({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' }),
  })
  const { client_id, client_secret }: Record<string, string> = JSON.parse(await made.text())
  const client = { client_id: client_id ?? '', client_secret: client_secret ?? '' }
  expect(await credentials(client)).toBe(200)

  receiver.on('/no', { status: 403 })
  write(`{token_hook: "${receiver.url('/no')}"}`)
  await first.says('configuration_reloaded')
  expect(await credentials(client)).toBe(403)

  write('{token_hook: "htps://wrong.example.test/"}')
  await first.says('configuration_refused')
  expect(first.output.text).toContain('oauth2.token_hook')
  expect(await credentials(client)).toBe(403)
  first.stop()
  expect(await first.ended).toBe(0)

  const broken = start()
  expect(await broken.ended).toBe(1)
  expect(broken.output.text).toMatch(/hydra\.yml:5:\d+ {2}oauth2\.token_hook/)

  write('{}')
  const second = start()
  await second.says('is ready')
  expect(await credentials(client)).toBe(200)
  second.stop()
  expect(await second.ended).toBe(0)
}, 60_000)

test('one file serves both, and says where', async () => {
  const [open, admin] = [await freePort(), await freePort()]
  writeFileSync(
    join(folder, 'cardea.yml'),
    `dsn: memory
dev: true
serve: {public: {port: ${open}, host: 127.0.0.1, base_url: "http://127.0.0.1:${open}/"}, admin: {port: ${admin}, host: 127.0.0.1}}
identity: {schemas: [{id: default, url: "base64://${Buffer.from(JSON.stringify(PERSON)).toString('base64')}"}]}
selfservice: {default_browser_return_url: /welcome}
secrets: {default: [a-default-secret-for-tests-only]}
oauth2_server:
  serve: {public: {port: ${ports.open}, host: 127.0.0.1}, admin: {port: ${ports.admin}, host: 127.0.0.1}}
  urls: {self: {issuer: "http://127.0.0.1:${ports.open}/"}}
`,
  )
  const running = start('serve', '-c', 'cardea.yml', '--migrate')
  await running.says('Cardea is ready')
  await running.says(`OAuth2\n  public http://127.0.0.1:${ports.open}/`)
  for (const port of [open, admin, ports.open, ports.admin])
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200)
  running.stop()
  expect(await running.ended).toBe(0)
}, 60_000)

test('a hydra.yml can be checked, explained and linted without being served', async () => {
  write(`{token_hook: "https://hooks.example.test/t"}
tokens: {before_issue: {hooks: [{hook: web_hook, grants: [refresh_token], config: {url: "https://u:p@hooks.example.test/x", method: POST}}]}}`)
  const said = async (...command: readonly string[]) => {
    const { output, ended } = start(...command, '-c', 'hydra.yml')
    return { code: await ended, text: output.text }
  }
  expect(await said('config', 'check', 'oauth2')).toMatchObject({
    code: 0,
    text: expect.stringContaining('The configuration is valid.'),
  })
  const plan = await said('actions', 'plan', 'oauth2')
  expect(plan.code).toBe(0)
  expect(plan.text).toMatch(/tokens\.refresh_token\n[\s\S]*token_hook[\s\S]*tokens\.before_issue\.hooks\[0\]/)
  expect(plan.text).not.toContain('u:p@')
  const lint = await said('actions', 'lint', 'oauth2')
  expect(lint.code).toBe(1)
  expect(lint.text).toContain('tokens.before_issue.hooks[0].config.url  credentials_in_url')
  // A file of the one server is no file of the other, and the message says where its keys belong.
  expect((await said('actions', 'plan')).text).toMatch(/urls belongs under oauth2_server/)
}, 60_000)
