import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { EVERYTHING, startTestApp, type TestApp, webHook } from './app.ts'
import { codeOf, nodeIn, writeCodes } from './factors/world.ts'
import { fiveFlows } from './flows/base.ts'
import { textAt } from './http-client.ts'
import { codeTo, linkTo } from './mails.ts'
import { freshPostgres } from './postgres.ts'
import { startReceiver } from './receiver.ts'
import { somebody, textIn } from './somebody.ts'

/** What a configuration keeps to itself. Each is told by its name where it is found. */
const CONFIGURED = {
  cookie: 'canary-cookie-cookie-cookie-1',
  cipher: 'canary-cipher-of-32-characters-2',
  default: 'canary-default-default-default-3',
  smtp: 'canary-smtp-password-4',
  basic: 'canary-basic-password-5',
  apiKey: 'canary-api-key-6',
  named: 'canary-named-secret-7',
  header: 'canary-header-8',
  oidc: 'canary-oidc-client-secret-10',
}
const SIGNING = `whsec_${Buffer.from('canary-signing-secret-11').toString('base64')}`
const PASSWORDS = { first: 'canary horse battery 12', wrong: 'canary wrong guess 13', second: 'canary other horse 14' }

const folder = mkdtempSync(join(tmpdir(), 'cardea-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const configured = (receiver: string, dsn: string): JsonObject => {
  const to = (name: string, config: JsonObject = {}) =>
    webHook(`${receiver}/${name}`, { body: EVERYTHING, timeout: '500ms', attempts: 1, ...config })
  const hooks = [
    to('basic', { auth: { type: 'basic_auth', config: { user: 'ann', password: CONFIGURED.basic } } }),
    to('key', { auth: { type: 'api_key', config: { name: 'X-Key', value: CONFIGURED.apiKey, in: 'header' } } }),
    to('named', {
      url: `${receiver}/\${secrets.NAMED}`,
      secrets: { NAMED: CONFIGURED.named },
      response: { ignore: true },
      headers: { 'X-Own': CONFIGURED.header },
      signing: { secrets: [SIGNING] },
    }),
    // Nobody listens there: why it failed is logged, and what was to be sent is not.
    to('nobody', { url: `http://hush:${CONFIGURED.basic}@127.0.0.1:1/`, response: { ignore: true } }),
    to('awaited-nobody', { url: `http://hush:${CONFIGURED.basic}@127.0.0.1:1/`, on_failure: 'continue' }),
  ]
  const around = { before: { hooks: [to('before')] }, after: { hooks } }
  const five = fiveFlows(
    {
      login: around,
      recovery: around,
      verification: around,
      settings: around,
      registration: { before: around.before, after: { password: { hooks: [...hooks, { hook: 'session' }] } } },
    },
    {
      totp: { enabled: true, config: { issuer: 'Example' } },
      lookup_secret: { enabled: true },
      oidc: {
        enabled: true,
        config: {
          providers: [
            {
              id: 'up',
              provider: 'generic',
              client_id: 'c',
              client_secret: CONFIGURED.oidc,
              issuer_url: 'http://127.0.0.1:1/',
              mapper_url: 'base64://e30=',
            },
          ],
        },
      },
    },
  )
  return {
    ...five,
    dsn,
    log: { level: 'trace' },
    secrets: { cookie: [CONFIGURED.cookie], cipher: [CONFIGURED.cipher], default: [CONFIGURED.default] },
    courier: { smtp: { connection_uri: `smtp://user:${CONFIGURED.smtp}@127.0.0.1:1/?disable_starttls=true` } },
  }
}

/** Everything that leaves the server or stays behind, by where it was found. */
type Traces = { readonly [where: string]: string }

const admin = async (app: TestApp, path: string) => {
  const answer = await fetch(`${app.adminUrl}${path}`)
  return `${answer.status} ${await answer.text()}`
}

/** Signs up, errs, signs in, recovers, verifies, connects an app; returns what must be found nowhere. */
async function live(app: TestApp): Promise<{ readonly [name: string]: string }> {
  const email = 'ann@example.test'
  const ann = somebody(app, 'api')
  const start = await ann.start('registration')
  const signedUp = await ann.submit(start.flow, {
    method: 'password',
    password: PASSWORDS.first,
    traits: { email },
  })
  const eve = somebody(app, 'form')
  await eve.signIn(email, PASSWORDS.wrong)
  const browser = somebody(app, 'form')
  await browser.signIn(email, PASSWORDS.first)
  await browser.submit((await browser.start('settings')).flow, { method: 'password', password: PASSWORDS.second })
  const { flow: enrolling } = await browser.start('settings')
  const seed = textIn(nodeIn(enrolling, 'totp_secret_key'), 'attributes.text.text')
  const code = codeOf(seed, Date.now())
  await browser.submit(enrolling, { method: 'totp', totp_code: code })
  const [firstCode = '', lastCode = ''] = await writeCodes(browser)

  const verifier = somebody(app, 'api')
  await verifier.submit((await verifier.start('verification')).flow, { method: 'link', email })
  const link = await linkTo(app, email)
  const lost = somebody(app, 'ajax')
  const sent = await lost.submit((await lost.start('recovery')).flow, { method: 'code', email })
  const recovery = await codeTo(app, email)
  await lost.submit(sent.flow, { method: 'code', code: '000000' })
  await somebody(app, 'form').open(link)
  const cookies = [...browser.http.cookies].map(([name, value]): [string, string] => [`cookie ${name}`, value])
  return {
    ...PASSWORDS,
    seed,
    'first code of the paper': firstCode,
    'last code of the paper': lastCode,
    'session token': textAt(signedUp.json, 'session_token'),
    'recovery code': recovery,
    'link token': URL.parse(link)?.searchParams.get('token') ?? '',
    ...Object.fromEntries(cookies),
  }
}

const sqliteBytes = (file: string) =>
  readdirSync(folder)
    .filter((name) => join(folder, name).startsWith(file))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n')

async function postgresRows(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
    )
    const texts: string[] = []
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`)
      texts.push(...rows.map(({ row }) => `${name} ${row}`))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}

/** What an administrator can look at. Mail is left out: development shows it. */
const LOOKS = [
  '/admin/identities?include_credential=password&include_credential=totp',
  '/admin/sessions?expand=identity&expand=devices',
  '/admin/actions/calls',
  '/admin/actions/plan',
  '/admin/health/config',
  '/metrics/prometheus',
]

test.each(['sqlite', 'postgres'] as const)(
  'I33: no secret of the configuration or of a person is in a log, an administrator’s view, a call or the database, on %s',
  async (dialect) => {
    const receiver = await startReceiver()
    const postgres = dialect === 'postgres' ? await freshPostgres() : null
    const file = join(folder, `${dialect}.db`)
    const app = await startTestApp({
      config: configured(receiver.url('').replace(/\/$/, ''), postgres?.url ?? `sqlite://${file}`),
    })
    const secrets = { ...CONFIGURED, signing: SIGNING, ...(await live(app)) }
    await receiver.waitFor(`/${CONFIGURED.named}`, 3, 10_000)
    const traces: Traces = {
      logs: JSON.stringify(app.logged),
      'bodies of calls': receiver.calls.map(({ body }) => body).join('\n'),
      ...Object.fromEntries(await Promise.all(LOOKS.map(async (path) => [path, await admin(app, path)] as const))),
      database: postgres === null ? sqliteBytes(file) : await postgresRows(postgres.url),
    }
    await app.close()
    await receiver.close()
    await postgres?.drop()

    for (const [name, secret] of Object.entries(secrets)) expect([name, secret.length > 5]).toEqual([name, true])
    const found = Object.entries(traces).flatMap(([where, text]) =>
      Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [`${name} in ${where}`] : [])),
    )
    expect(found).toEqual([])
    // The search itself works: what is no secret is found in each place.
    expect(traces['database']).toContain('ann@example.test')
    expect(traces['bodies of calls']).toContain('ann@example.test')
    expect(traces['logs']).toContain('delivery')
  },
)
