import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { httpClient, textAt } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cardea-actions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command line to its end. */
function cardea(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: folder })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: chunks.join('') })))
}

describe.each(DIALECTS)('the log of actions on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  const http = httpClient({ keepsCookies: false })

  beforeAll(async () => {
    receiver = await startReceiver()
    const secret = { Authorization: 'Bearer hush-hush', 'X-Trace': '${ctx.flow.id}' }
    app = await startTestApp({
      dialect,
      config: {
        actions: { backoff: { base: '1ms' }, awaited_failure: 'retry' },
        selfservice: {
          flows: {
            login: {
              before: { hooks: [webHook(receiver.url('/before?token=hush-hush'), { id: 'gate', headers: secret })] },
              after: {
                hooks: [webHook(receiver.url('/after'), { response: { parse: true }, when: 'ctx.flow.refresh' })],
              },
            },
            registration: { after: { password: { hooks: [webHook(receiver.url('/told')), { hook: 'session' }] } } },
          },
        },
      },
    })
    receiver.on('/before', { status: 500 }, { status: 200 }, { status: 404 })
    const ann = somebody(app, 'api')
    await ann.signUp('ann@example.test')
    await somebody(app, 'api').signIn('ann@example.test')
    await somebody(app, 'api').start('login')
  })
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })

  const log = async (query = '') => {
    const answer = await http.get(`${app.adminUrl}/admin/actions/log${query}`)
    const calls = JSON.parse(answer.text)
    return { ...answer, calls: Array.isArray(calls) ? calls : [] }
  }

  test('every call somebody waited for is there, newest first, with its attempts', async () => {
    const { calls, text } = await log()
    expect(calls).toMatchObject([
      { trigger: 'login.before', outcome: 'failed', action_id: 'gate', detail: 'webhook failed with status code 404' },
      { trigger: 'login.after.password', outcome: 'skipped', where: 'login.after.hooks[0]', attempts: [] },
      {
        trigger: 'login.before',
        outcome: 'proceeded',
        attempts: [{ status: 500 }, { status: 200, timings_ms: expect.any(Object) }],
      },
      {
        trigger: 'registration.after.password',
        outcome: 'proceeded',
        where: 'registration.after.password.hooks[0]',
        identity_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        flow_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        attempts: [{ status: 200 }],
      },
    ])
    expect(calls[0]).toMatchObject({ method: 'POST', url: receiver.url('/before'), duration_ms: expect.any(Number) })
    expect(calls[0]?.attempts[0].timings_ms).toMatchObject({ dns: null, tls: null, wait: expect.any(Number) })
    expect(text).not.toContain('hush-hush')
  })

  test('pages lead on from one another, and filters find what they name', async () => {
    const first = await log('?page_size=3')
    expect(first.calls).toHaveLength(3)
    const next = /page_token=([^&>]+)[^>]*>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await log(`?page_size=3&page_token=${next}`)
    expect(second.calls).toHaveLength(1)
    expect(second.headers.get('link')).not.toContain('rel="next"')

    const all = (await log()).calls
    expect((await log('?action=gate')).calls).toHaveLength(2)
    expect((await log('?outcome=skipped')).calls).toHaveLength(1)
    expect((await log('?trigger=login.before&outcome=failed')).calls).toHaveLength(1)
    expect((await log(`?flow=${textAt(all, '1.flow_id')}`)).calls).toHaveLength(2)
    expect((await log(`?identity=${textAt(all, '1.identity_id')}`)).calls).toHaveLength(2)
    expect((await log('?since=2100-01-01')).calls).toEqual([])
  })

  test.each([
    ['?outcome=nope', 'outcome must be one of'],
    ['?flow=nope', 'Invalid UUID value `nope` for parameter `flow`.'],
    ['?since=yesterday', 'since must be a time'],
    ['?page_token=nope', 'The page token is invalid.'],
    ['?page_size=many', 'page_size must be a number'],
    ['?where=x', 'There is no filter `where`'],
  ])('%s is refused', async (query, reason) => {
    const { status, text } = await log(query)
    expect(status).toBe(400)
    expect(text).toContain(reason)
  })

  test('the command shows it as a table and as JSON', async () => {
    const shown = await cardea('actions', 'log', '-e', app.adminUrl, '--limit', '2')
    expect(shown.code).toBe(0)
    expect(shown.out.split('\n')[0]).toMatch(
      /^time +trigger +outcome +took +tries +status +call +flow +action +detail$/,
    )
    expect(shown.out).toMatch(
      /login\.before +failed .* 1 +404 +POST http.*\/before .*webhook failed with status code 404/,
    )
    expect(shown.out).toContain('There are more: --page-token ')
    const json = await cardea('actions', 'log', '-e', app.adminUrl, '--outcome', 'skipped', '--format', 'json')
    expect(JSON.parse(json.out)).toMatchObject({ calls: [{ outcome: 'skipped' }], next_page_token: null })
    const none = await cardea('actions', 'log', '-e', app.adminUrl, '--action', 'nobody')
    expect(none).toEqual({ code: 0, out: 'No call matches.\n' })
    const wrong = await cardea('actions', 'log', '-e', app.adminUrl, '--outcome', 'nope')
    expect(wrong.code).toBe(1)
    expect(wrong.out).toContain('outcome must be one of')
  })

  test('a log that is not kept is empty', async () => {
    await app.reload({ actions: { log: { keep: '0s' } } })
    const before = (await log()).calls.length
    await somebody(app, 'api').start('login')
    expect((await log()).calls).toHaveLength(before)
  })
})

test('a server that does not answer is told in a sentence', async () => {
  const { code, out } = await cardea('actions', 'log', '-e', 'http://127.0.0.1:9')
  expect(code).toBe(1)
  expect(out).toMatch(/^The server does not answer at http:\/\/127\.0\.0\.1:9 \(\w.*\)\.\nStart it, or say where/)
})

const code = (source: string) => `base64://${Buffer.from(source).toString('base64')}`
const write = (name: string, flows: object, more: object = {}) => {
  const file = join(folder, name)
  const schema = {
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: { email: { type: 'string', 'ory.sh/kratos': { credentials: { password: { identifier: true } } } } },
      },
    },
  }
  const config = {
    dsn: 'memory',
    secrets: { cookie: ['dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe'] },
    identity: { schemas: [{ id: 'default', url: code(JSON.stringify(schema)) }] },
    selfservice: { default_browser_return_url: 'https://app.example.test/', flows },
    ...more,
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}
const call = (url: string, config: object = {}) => ({
  hook: 'web_hook',
  config: { url, method: 'POST', body: code('function(ctx) ctx'), ...config },
})

describe('cardea actions plan', () => {
  const flows = {
    verification: { enabled: true },
    login: {
      before: { hooks: [call('https://u:p@risk.example.test/start?key=1', { when: 'ctx.client_ip != ""' })] },
      after: {
        hooks: [call('https://crm.example.test/login', { response: { ignore: true } })],
        password: {
          merge: 'append',
          hooks: [{ hook: 'revoke_active_sessions' }, call('https://risk.example.test/ok')],
        },
      },
    },
    registration: {
      after: { password: { hooks: [{ hook: 'session' }, call('https://crm.example.test/new')] } },
    },
  }
  const file = () => write('plan.json', flows)

  test('says what runs, in which order and why', async () => {
    const { code, out } = await cardea('actions', 'plan', '-c', file(), '--profile', 'ory', '--format', 'json')
    expect(code).toBe(0)
    const { triggers } = JSON.parse(out)
    const steps = (trigger: string) =>
      triggers
        .find((each: { trigger: string }) => each.trigger === trigger)
        .steps.map(({ beat, kind, why }: { beat: string; kind: string; why: string }) => `${beat}: ${kind} (${why})`)
    expect(steps('login.before')).toEqual(['asked: web_hook (the flow starts)'])
    expect(steps('login.after.password')).toEqual([
      'asked: web_hook (the list of password, merge: append)',
      'with the change: revoke_active_sessions (the list of password, merge: append)',
      'queued: web_hook (the default list, as password has merge: append)',
    ])
    expect(steps('login.after.code')).toEqual(['queued: web_hook (the default list: code has none of its own)'])
    expect(steps('registration.after.password')).toEqual([
      'with the change: session (the list of password)',
      'with the change: verification (addresses are verified)',
      'told and awaited: web_hook (the list of password)',
    ])
    expect(out).not.toMatch(/u:p@|key=1/)
  })

  test('is a table for people, of one flow if they like', async () => {
    const { code, out } = await cardea('actions', 'plan', '-c', file(), '--profile', 'ory', '--flow', 'registration')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^registration\.after\.password\n {5}when +action +call +why +where\n {2}1 {2}with the change +session/,
    )
    expect(out).toMatch(
      /told and awaited +web_hook +POST https:\/\/crm\.example\.test\/new \(has to be a success; 30s, deny\)/,
    )
    expect(out).not.toContain('login.')
  })

  test('names what may not be meant', async () => {
    const other = write('beside.json', {
      ...flows,
      settings: {
        after: { hooks: [call('https://x.example.test/')], profile: { hooks: [{ hook: 'verify_new_address' }] } },
      },
    })
    const { out } = await cardea('actions', 'plan', '-c', other, '--profile', 'ory')
    expect(out).toMatch(/warning {2}settings\.after\.hooks\[0\] {2}runs beside .*\(default_list_runs_beside\)/)
    expect(out).toContain('the default list: nothing in that of profile acts here (actions.precedence: ory)')
  })

  test('says so where there is nothing', async () => {
    const { code, out } = await cardea('actions', 'plan', '-c', write('none.json', {}), '--profile', 'ory')
    expect(code).toBe(0)
    expect(out).toMatch(/^No actions are configured\.\n/)
    expect((await cardea('actions', 'plan', '-c', file(), '--profile', 'ory', '--flow', 'logout')).out).toContain(
      'There is no flow "logout"',
    )
    expect((await cardea('actions', 'plan')).out).toContain('Which configuration?')
  })
})

describe('cardea actions lint', () => {
  const lint = async (hook: object, ...args: readonly string[]) => {
    const file = write('lint.json', { login: { before: { hooks: [hook] } } })
    const { code, out } = await cardea('actions', 'lint', '-c', file, '--profile', 'ory', '--format', 'json', ...args)
    return { code, ...JSON.parse(out) }
  }
  test.each([
    ['B19: a metadata address', call('http://169.254.169.254/latest'), 'target_not_allowed', 'url'],
    ['B20: another spelling of one', call('http://0xa9fea9fe/'), 'target_not_allowed', 'url'],
    ['an address that nobody has', call('http://0.0.0.0/'), 'target_not_allowed', 'url'],
    ['B21: credentials in the URL', call('https://user:pw@x.example.test/'), 'credentials_in_url', 'url'],
    [
      'B23: a header of the connection',
      call('https://x.example.test/', { headers: { Host: 'y' } }),
      'header_not_allowed',
      'headers.Host',
    ],
    [
      'B23: a header of ours',
      call('https://x.example.test/', { headers: { 'webhook-id': 'y' } }),
      'header_not_allowed',
      'headers.webhook-id',
    ],
    [
      'B24: a template that cannot be read',
      call('https://x.example.test/', { body: code('function(ctx) {') }),
      'template_syntax',
      'body',
    ],
    ['B25: no ctx', call('https://x.example.test/', { body: code('function(x) x') }), 'template_no_ctx', 'body'],
    [
      'B25: an import',
      call('https://x.example.test/', { body: code('import "x"') }),
      'template_import_disabled',
      'body',
    ],
    [
      'B25: an external variable',
      call('https://x.example.test/', { body: code('std.extVar("x")') }),
      'template_extvar_disabled',
      'body',
    ],
    [
      'B26: a template without end',
      call('https://x.example.test/', { body: code('local f(x) = f(x + 1) tailstrict; f(0)') }),
      'template_too_expensive',
      'body',
    ],
    [
      'B27: too large a body',
      call('https://x.example.test/', { body: code('std.repeat("x", 3000000)') }),
      'template_too_expensive',
      'body',
    ],
    [
      'a template that is not there',
      call('https://x.example.test/', { body: 'file:///does/not/exist' }),
      'template_unreadable',
      'body',
    ],
    [
      'a content type nobody can write',
      call('https://x.example.test/', { headers: { 'Content-Type': 'image/png' } }),
      'content_type_not_known',
      'headers',
    ],
  ])('%s', async (_name, hook, kind, key) => {
    const { code, remarks } = await lint(hook)
    expect(remarks).toMatchObject([{ severity: 'problem', kind, where: `login.before.hooks[0].config.${key}` }])
    expect(code).toBe(1)
    expect(JSON.stringify(remarks)).not.toContain(':pw@')
  })

  test('a good call is no problem, and a note is one only if that is wanted', async () => {
    expect(await lint(call('https://x.example.test/'))).toMatchObject({ code: 0, problems: 0, remarks: [] })
    const file = write('note.json', {
      registration: { after: { hooks: [call('https://x.example.test/', { response: { parse: true } })] } },
    })
    const lax = await cardea('actions', 'lint', '-c', file, '--profile', 'ory')
    expect(lax).toEqual({
      code: 0,
      out: expect.stringMatching(/^note {5}.*never_ran_in_kratos\n.*\nNo problems, 1 to know about\.\n$/),
    })
    expect((await cardea('actions', 'lint', '-c', file, '--profile', 'ory', '--strict')).code).toBe(1)
  })

  test('what cannot be loaded is said as the server would say it', async () => {
    const file = write('bad.json', { login: { before: { hooks: [{ hook: 'web_hok' }] } } })
    const { code, out } = await cardea('actions', 'lint', '-c', file, '--profile', 'ory')
    expect(code).toBe(1)
    expect(out).toContain('did you mean web_hook?')
  })
})

describe('cardea get identity-config (S42)', () => {
  const secret = 'Bearer hush-hush-hush'
  const flows = {
    login: { after: { hooks: [call('https://crm.example.test/', { headers: { Authorization: secret } })] } },
  }

  test.each(['yaml', 'json'])('%s of files loads again to the same plan and shows no secret', async (format) => {
    const file = write('shown.json', flows)
    const printed = await cardea('get', 'identity-config', '-c', file, '--profile', 'ory', '--format', format)
    expect(printed.code).toBe(0)
    expect(printed.out).not.toMatch(/hush|dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe/)
    const again = join(folder, `again.${format}`)
    writeFileSync(again, printed.out)
    const plans = await Promise.all(
      [file, again].map((each) => cardea('actions', 'plan', '-c', each, '--format', 'json', '--profile', 'ory')),
    )
    expect(plans[1]).toEqual(plans[0])
    expect(plans[0]?.out).toContain('https://crm.example.test/')
  })

  test('of a running server is what is in force there', async () => {
    const app = await startTestApp({ config: { selfservice: { flows } } })
    try {
      const before = await cardea('get', 'identity-config', '-e', app.adminUrl, '--format', 'json')
      expect(JSON.parse(before.out)).toMatchObject({
        profile: 'ory',
        selfservice: { flows: { login: { lifespan: '10m', after: { hooks: [{ hook: 'web_hook' }] } } } },
      })
      expect(before.out).not.toMatch(/hush|a-cookie-secret/)
      await app.reload({ selfservice: { flows: { login: { lifespan: '7m' } } } })
      const after = await cardea('get', 'identity-config', '-e', app.adminUrl)
      expect(after.out).toMatch(/lifespan: 7m/)
    } finally {
      await app.close()
    }
  })
})
