import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

function start() {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'serve', 'oauth2', '-c', 'hydra.yml'],
    { cwd: folder },
  )
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output.text += String(chunk)))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const says = (text: string) => expect.poll(() => output.text, { timeout: 10_000 }).toContain(text)
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
