import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../src/core/json.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { at, httpClient, textAt } from './http-client.ts'
import { register } from './journeys.ts'
import { minimalConfig } from './minimal-config.ts'
import { freshPostgres } from './postgres.ts'
import { startReceiver } from './receiver.ts'
import { somebody } from './somebody.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

type Running = {
  readonly output: () => string
  /** Waits until the output holds this text. */
  readonly says: (text: string) => Promise<void>
  readonly ended: Promise<number | null>
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

const cleanUps: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-cli-'))
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function run(folder: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: folder })
  const chunks: string[] = []
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      chunks.push(String(chunk))
      for (const watch of watchers) watch()
    })
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code)
      for (const watch of watchers) watch()
    })
  })
  const output = () => chunks.join('')
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  cleanUps.push(() => stop('SIGKILL'))
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const watch = () => {
        if (output().includes(text)) resolve()
        else if (child.exitCode !== null) reject(new Error(`it ended without saying "${text}":\n${output()}`))
      }
      watchers.add(watch)
      watch()
    })
  return { output, says, ended, stop }
}

async function settings() {
  const [open, admin] = [await freePort(), await freePort()]
  return {
    publicUrl: `http://127.0.0.1:${open}`,
    config: {
      ...minimalConfig,
      hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
      serve: {
        public: { host: '127.0.0.1', port: open, base_url: `http://127.0.0.1:${open}/` },
        admin: { host: '127.0.0.1', port: admin, base_url: `http://127.0.0.1:${admin}/` },
      },
    },
  }
}

function write(folder: string, config: unknown): string {
  const file = join(folder, 'kratos.json')
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}

describe('cardea serve', () => {
  test('serves, and ends cleanly when it is asked to', async () => {
    const folder = temporaryFolder()
    const { publicUrl, config } = await settings()
    const server = run(folder, ['serve', 'identity', '--dev', '--watch-courier', '-c', write(folder, config)])
    await server.says('Cardea is ready.')
    const health = await httpClient({ keepsCookies: false }).get(`${publicUrl}/health/ready`)
    expect(health.status).toBe(200)
    expect(await server.stop()).toBe(0)
  })

  test('a taken port: it says whose it is and how to choose another', async () => {
    const folder = temporaryFolder()
    const { config } = await settings()
    const file = write(folder, config)
    const first = run(folder, ['serve', 'identity', '--dev', '-c', file])
    await first.says('Cardea is ready.')
    const second = run(folder, ['serve', 'identity', '--dev', '-c', file])
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`Port ${config.serve.public.port} is taken by `)
    expect(second.output()).toContain('serve.public.port')
    expect(second.output()).not.toMatch(/\bat .+:\d+:\d+/)
  })

  test('a configuration that cannot be used: every mistake with its place, exit code 1', async () => {
    const folder = temporaryFolder()
    const { config } = await settings()
    const hooks = [{ hook: 'session' }]
    const flows = { login: { after: { hooks } }, registration: { enabld: true } }
    const file = write(folder, { ...config, selfservice: { ...config.selfservice, flows } })
    const server = run(folder, ['serve', 'identity', '-c', file])
    expect(await server.ended).toBe(1)
    expect(server.output()).toMatch(/kratos\.json:\d+:\d+ {2}selfservice\.flows\.login\.after\.hooks\[0\]/)
    expect(server.output()).toContain('"session" may not run after login')
    expect(server.output()).toContain('enabled')
    expect(server.output()).not.toMatch(/\bat .+:\d+:\d+\)/)
  })

  test.each([
    [['serve'], 'Which configuration?'],
    [['serve', 'everything', '-c', 'x'], 'There is no "cardea serve everything"'],
    [['serve', '-c', 'missing.yml'], 'missing.yml'],
    [['frobnicate'], 'unknown command'],
    [['dev', '--port', 'http'], '--port must be a port number'],
    [['migrate', 'up'], 'Which database?'],
  ])('cardea %j: it says what is missing', async (args, text) => {
    const command = run(temporaryFolder(), args)
    expect(await command.ended).toBe(1)
    expect(command.output()).toContain(text)
    expect(command.output()).not.toMatch(/\bat .+:\d+:\d+/)
  })
})

describe('cardea migrate', () => {
  test('a server does not touch a PostgreSQL schema that is not up to date, and says what to do', async () => {
    const folder = temporaryFolder()
    const { config } = await settings()
    const postgres = await freshPostgres()
    cleanUps.push(() => postgres.drop())
    const file = write(folder, { ...config, dsn: postgres.url })
    const early = run(folder, ['serve', 'identity', '--dev', '-c', file])
    expect(await early.ended).toBe(1)
    expect(early.output()).toContain('cardea migrate up')

    const before = run(folder, ['migrate', 'status', '-c', file])
    expect(await before.ended).toBe(1)
    expect(before.output()).toContain('pending  0001')
    const up = run(folder, ['migrate', 'up', '-c', file])
    expect(await up.ended).toBe(0)
    const after = run(folder, ['migrate', 'status', '-c', file, '--format', 'json'])
    expect(await after.ended).toBe(0)
    expect(JSON.parse(after.output())).toContainEqual(expect.objectContaining({ state: 'applied' }))

    const server = run(folder, ['serve', 'identity', '--dev', '-c', file])
    await server.says('Cardea is ready.')
    expect(await server.stop()).toBe(0)
  })
})

describe('cardea cleanup sql', () => {
  test('deletes what has expired; not beside a server, which does so itself', async () => {
    const folder = temporaryFolder()
    const { config, publicUrl } = await settings()
    const flow = { ui_url: 'http://ui.example.test/login', lifespan: '1ms' }
    const file = write(folder, {
      ...config,
      dsn: `sqlite://${join(folder, 'c.db')}`,
      database: { cleanup: { sleep: { tables: '1ms' } } },
      selfservice: { ...config.selfservice, flows: { login: flow } },
    })
    const server = run(folder, ['serve', 'identity', '--dev', '-c', file])
    await server.says('Cardea is ready.')
    const http = httpClient({ keepsCookies: false })
    for (let i = 0; i < 3; i++) await http.get(`${publicUrl}/self-service/login/api`)
    const beside = run(folder, ['cleanup', 'sql', '-c', file])
    expect(await beside.ended).toBe(1)
    expect(beside.output()).toMatch(/which process \d+ has open/)
    expect(await server.stop()).toBe(0)

    const kept = run(folder, ['cleanup', 'sql', '-c', file, '--keep-last', '1h', '--format', 'json'])
    expect(await kept.ended).toBe(0)
    expect(JSON.parse(kept.output())).toMatchObject({ flows: 0 })
    const cleaned = run(folder, ['cleanup', 'sql', '-c', file, '--batch-size', '2'])
    expect(await cleaned.ended).toBe(0)
    expect(cleaned.output()).toContain('flows            3 deleted')
    const lost = run(folder, ['cleanup', 'sql', '-c', file, '--keep-last', 'a while'])
    expect([await lost.ended, lost.output()]).toEqual([1, expect.stringContaining('--keep-last is a duration')])
  })
})

describe('cardea dev', () => {
  const dev = async (folder: string) => {
    const [open, admin] = [await freePort(), await freePort()]
    const server = run(folder, ['dev', '--port', String(open), '--admin-port', String(admin)])
    return { server, publicUrl: `http://localhost:${open}`, adminUrl: `http://localhost:${admin}` }
  }
  const http = httpClient({ keepsCookies: false })
  const callsTo = async (adminUrl: string, path: string) => {
    const { json } = await http.get(`${adminUrl}/dev/echo.json`)
    const calls = Array.isArray(json.calls) ? json.calls : []
    return calls.filter((call) => textAt(call, 'path') === path)
  }

  test('from nothing: a person registers, the echo page shows what the sample actions sent', async () => {
    const folder = temporaryFolder()
    const { server, publicUrl, adminUrl } = await dev(folder)
    await server.says('Cardea is ready.')
    expect(statSync(join(folder, '.cardea/secrets.yml')).mode & 0o777).toBe(0o600)
    const registered = await register(publicUrl, 'ann@example.test')
    expect(registered.status).toBe(200)

    const [asked] = await callsTo(adminUrl, '/echo/registration/after/password')
    expect(at(asked, 'json')).toMatchObject({
      id: at(registered.json, 'identity.id'),
      email: 'ann@example.test',
      trigger: { flow: 'registration', phase: 'after', method: 'password' },
    })
    await expect.poll(() => callsTo(adminUrl, '/echo/registration/before'), { timeout: 10_000 }).toHaveLength(1)
    expect(await server.stop('SIGINT')).toBe(0)
  })

  test('editing the sample changes the actions while it runs; a mistake changes nothing and is said', async () => {
    const folder = temporaryFolder()
    const { server, publicUrl, adminUrl } = await dev(folder)
    await server.says('Cardea is ready.')
    const file = join(folder, '.cardea/cardea.yml')
    const sample = readFileSync(file, 'utf8')

    writeFileSync(file, sample.replace('/echo/registration/after/password', '/echo/edited'))
    await server.says('configuration_reloaded')
    expect((await register(publicUrl, 'bob@example.test')).status).toBe(200)
    expect(await callsTo(adminUrl, '/echo/edited')).toHaveLength(1)

    writeFileSync(file, sample.replace('hook: session', 'hook: sesion'))
    await server.says('configuration_refused')
    expect(server.output()).toContain('sesion')
    expect((await register(publicUrl, 'cy@example.test')).status).toBe(200)
    expect(await callsTo(adminUrl, '/echo/edited')).toHaveLength(2)
    expect(await server.stop()).toBe(0)
  })

  test('people are still there after a restart; two servers on one database are refused', async () => {
    const folder = temporaryFolder()
    const first = await dev(folder)
    await first.server.says('Cardea is ready.')
    await register(first.publicUrl, 'ann@example.test')
    const rival = await dev(folder)
    expect(await rival.server.ended).toBe(1)
    expect(rival.server.output()).toMatch(/cardea\.db.*\n?.*pid|process \d+/i)
    await first.server.stop()

    const again = await dev(folder)
    await again.server.says('Cardea is ready.')
    const { text } = await http.get(`${again.adminUrl}/admin/identities`)
    expect(JSON.parse(text)).toMatchObject([{ traits: { email: 'ann@example.test' } }])
  })
})

describe('cardea serve --actions off', () => {
  test('every action is off, with a warning; people, administrators and mail go on, and what was queued waits', async () => {
    const receiver = await startReceiver()
    cleanUps.push(() => receiver.close())
    const folder = temporaryFolder()
    const { publicUrl, config } = await settings()
    const call = (path: string, more: JsonObject = {}): JsonObject => ({
      hook: 'web_hook',
      config: { url: receiver.url(path), method: 'POST', body: 'none', ...more },
    })
    // Every one of them fails, or holds people up: what safe mode is for.
    receiver.on('/broken', { status: 500 })
    const broken = [call('/broken', { response: { parse: true } })]
    const after = (hooks: readonly JsonObject[]) => ({ before: { hooks: broken }, after: { password: { hooks } } })
    const file = write(folder, {
      ...config,
      dsn: `sqlite://${join(folder, 'db.sqlite')}`,
      actions: { attempts: 1, on: { identity: { created: { hooks: [call('/queued')] } } } },
      selfservice: {
        ...config.selfservice,
        flows: { registration: { style: 'unified', ...after([{ hook: 'session' }]) }, login: after(broken) },
      },
    })
    const adminUrl = `http://127.0.0.1:${config.serve.admin.port}`
    const client = httpClient({ keepsCookies: false })
    const create = (email: string) =>
      client.send(`${adminUrl}/admin/identities`, {
        body: {
          schema_id: 'default',
          traits: { email },
          credentials: { password: { config: { password: 'correct-horse-7-batteries' } } },
        },
      })

    // With actions on nobody gets in, and administrators can still do everything.
    receiver.on('/queued', { status: 503 })
    const usual = run(folder, ['serve', 'identity', '--dev', '-c', file])
    await usual.says('Cardea is ready.')
    expect((await client.get(`${publicUrl}/self-service/login/api`)).status).toBe(400)
    expect((await create('ann@example.test')).status).toBe(201)
    await receiver.waitFor('/queued')
    expect(await usual.stop()).toBe(0)

    receiver.reset()
    const safe = run(folder, ['serve', 'identity', '--dev', '--actions', 'off', '-c', file])
    await safe.says('Cardea is ready.')
    expect(safe.output()).toContain('"kind":"actions_are_off"')
    expect(safe.output()).toContain('NO ACTION RUNS: 5 of the configuration are off')
    expect(safe.output()).toContain('nobody is refused by login.before.hooks[0], login.after.password.hooks[0]')
    const ann = somebody({ publicUrl }, 'api')
    expect((await ann.signIn('ann@example.test', 'correct-horse-7-batteries')).status).toBe(200)
    expect((await somebody({ publicUrl }, 'api').signUp('bob@example.test')).status).toBe(200)
    expect((await create('cem@example.test')).status).toBe(201)
    // More than the wait before the second try.
    await new Promise((resolve) => {
      setTimeout(resolve, 7_000)
    })
    expect(receiver.calls).toHaveLength(0)
    expect(await safe.stop()).toBe(0)

    const again = run(folder, ['serve', 'identity', '--dev', '-c', file])
    await receiver.waitFor('/queued', 1, 10_000)
    expect(receiver.callsTo('/queued')).toHaveLength(1)
    expect(await again.stop()).toBe(0)
  }, 120_000)

  test.each([['serve'], ['serve', 'oauth2'], ['dev']])(
    '%s %s takes on or off, and nothing else',
    async (...command) => {
      const refused = run(temporaryFolder(), [...command, '--actions', 'maybe', '-c', 'x.yml'])
      expect(await refused.ended).toBe(1)
      expect(refused.output()).toContain('--actions is either on or off, not "maybe".')
    },
  )
})

describe('deliveries, while servers stop and die', () => {
  const hook = (url: string, more: JsonObject = {}): JsonObject => ({
    hook: 'web_hook',
    config: { url, method: 'POST', body: 'none', timeout: '25s', response: { ignore: true }, ...more },
  })
  const told = (config: { readonly selfservice: JsonObject }, url: string) => ({
    ...config.selfservice,
    flows: { registration: { after: { password: { hooks: [hook(url)] } } } },
  })
  const idsOf = (calls: readonly { readonly headers: { readonly [name: string]: string } }[]) =>
    new Set(calls.map(({ headers }) => headers['webhook-id']))

  test('I12: a stop lets a call under way finish; a second signal of any kind ends it at once, and the call is made again', async () => {
    const receiver = await startReceiver()
    cleanUps.push(() => receiver.close())
    const folder = temporaryFolder()
    const { publicUrl, config } = await settings()
    const file = write(folder, {
      ...config,
      dsn: `sqlite://${join(folder, 'db.sqlite')}`,
      selfservice: told(config, receiver.url('/hook')),
    })
    const start = async () => {
      const server = run(folder, ['serve', 'identity', '--dev', '-c', file])
      await server.says('Cardea is ready.')
      return server
    }
    receiver.on('/hook', { delay: 1_500 })
    const patient = await start()
    await register(publicUrl, 'ann@example.test')
    await receiver.waitFor('/hook', 1)
    expect(await patient.stop()).toBe(0)

    receiver.on('/hook', { delay: 20_000 })
    const hurried = await start()
    await register(publicUrl, 'bob@example.test')
    await receiver.waitFor('/hook', 2)
    void hurried.stop('SIGTERM')
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    expect(await hurried.stop('SIGINT')).toBe(130)

    receiver.on('/hook', { status: 200 })
    const again = await start()
    await receiver.waitFor('/hook', 3, 25_000)
    // Ann's was finished and is not repeated; Bob's has the id it had.
    expect(idsOf(receiver.callsTo('/hook')).size).toBe(2)
    expect(await again.stop()).toBe(0)
  }, 90_000)

  test('I6, I13: of two nodes on one PostgreSQL one is killed; the other makes its calls within twenty seconds', async () => {
    const receiver = await startReceiver()
    cleanUps.push(() => receiver.close())
    const postgres = await freshPostgres()
    cleanUps.push(() => postgres.drop())
    const start = async () => {
      const folder = temporaryFolder()
      const { publicUrl, config } = await settings()
      const file = write(folder, { ...config, dsn: postgres.url, selfservice: told(config, receiver.url('/hook')) })
      const server = run(folder, ['serve', 'identity', '--migrate', '--dev', '-c', file])
      await server.says('Cardea is ready.')
      return { ...server, publicUrl }
    }
    // Whoever called and why: each node waits for its answers until it is killed.
    receiver.on('/hook', { delay: 24_000 })
    const doomed = await start()
    for (const name of ['a', 'b', 'c']) await register(doomed.publicUrl, `${name}@example.test`)
    await receiver.waitFor('/hook', 3)
    await doomed.stop('SIGKILL')
    const killed = performance.now()
    receiver.on('/hook', { status: 200 })
    const heir = await start()
    await receiver.waitFor('/hook', 6, 30_000)
    expect(performance.now() - killed).toBeLessThan(20_000)
    expect(idsOf(receiver.callsTo('/hook')).size).toBe(3)
    expect(await heir.stop()).toBe(0)
  }, 90_000)
})
