import { type App, startApp } from '../src/app.ts'
import { type LoadOptions, loadConfig } from '../src/config/load.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { Resolve } from '../src/net/guarded-connector.ts'
import { realWorld } from '../src/world.ts'
import { freePort } from './free-port.ts'
import { freshPostgres } from './postgres.ts'

/** The databases that every test of the whole app runs on. */
export const DIALECTS = ['sqlite', 'postgres'] as const
type Dialect = (typeof DIALECTS)[number]

/** The real app on a fresh database, on two free ports, with a clock that tests may turn. */
export type TestApp = {
  readonly publicUrl: string
  readonly adminUrl: string
  readonly logged: { readonly level: string; readonly event: string; readonly fields: JsonObject }[]
  /** Time passes for the server's own clock, not for the timers of the machine. */
  turn(milliseconds: number): void
  /** Puts changes over the configuration it was started with in force, as the file watcher would. */
  reload(config: JsonObject): Promise<void>
  close(): Promise<void>
}

type Options = {
  /** Where names lead. */
  readonly resolve?: Resolve
  readonly dialect?: Dialect
  readonly profile?: 'safe' | 'ory'
  /** As `--dev` says; true unless a test is about what it changes. */
  readonly isDev?: boolean
  /** What `env://NAME` refers to. */
  readonly env?: { readonly [name: string]: string }
  /** Merged deeply over the configuration below. */
  readonly config?: JsonObject
}

export async function startTestApp({
  dialect = 'sqlite',
  profile = 'ory',
  isDev = true,
  env = {},
  config = {},
  resolve,
}: Options = {}): Promise<TestApp> {
  const [open, admin] = [await freePort(), await freePort()]
  const postgres = dialect === 'postgres' ? await freshPostgres() : null
  const base = baseConfig({ dsn: postgres?.url ?? 'memory', open, admin })
  const shown: { effective: JsonObject } = { effective: {} }
  const load = async (changes: JsonObject) => {
    const { settings, effective } = await loadDocument(merge(base, changes), { profile, dev: isDev, env })
    shown.effective = effective
    return settings
  }

  const real = realWorld()
  const turned = { by: 0 }
  const clock = { now: () => real.clock.now() + turned.by }
  const logged: TestApp['logged'] = []
  const app: App = await startApp({
    settings: await load(config),
    world: { ...real, clock },
    log: (level, event, fields) => logged.push({ level, event, fields }),
    version: '0.0.0-test',
    migrate: true,
    ...(resolve === undefined ? {} : { resolve }),
    configuration: () => shown.effective,
  })
  return {
    publicUrl: `http://127.0.0.1:${open}`,
    adminUrl: `http://127.0.0.1:${admin}`,
    logged,
    turn: (milliseconds) => {
      turned.by += milliseconds
    },
    reload: async (changes) => app.reload(await load(merge(config, changes))),
    close: async () => {
      await app.stop()
      await postgres?.drop()
    },
  }
}

const loadDocument = (document: JsonObject, how: Pick<LoadOptions, 'profile' | 'dev' | 'env'>) =>
  loadConfig({
    files: ['cardea.json'],
    ...how,
    readFile: () => Promise.resolve(JSON.stringify(document)),
  })

type Ports = { readonly dsn: string; readonly open: number; readonly admin: number }

const base64 = (value: unknown) =>
  `base64://${Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')}`

/** A body template that sends everything. */
export const EVERYTHING = base64('function(ctx) ctx')

/** A web_hook that calls `url`; further keys of its configuration may be given. */
export const webHook = (url: string, config: JsonObject = {}): JsonObject => ({
  hook: 'web_hook',
  config: { url, method: 'POST', body: EVERYTHING, ...config },
})

export const PERSON: JsonObject = {
  $id: 'https://example.test/person.schema.json',
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Person',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          title: 'E-Mail',
          minLength: 3,
          'ory.sh/kratos': {
            credentials: { password: { identifier: true } },
            verification: { via: 'email' },
            recovery: { via: 'email' },
          },
        },
        name: { type: 'object', properties: { first: { type: 'string', title: 'First name' } } },
        newsletter: { type: 'boolean', title: 'Newsletter' },
      },
      required: ['email'],
      additionalProperties: false,
    },
  },
}

const baseConfig = ({ dsn, open, admin }: Ports): JsonObject => ({
  dsn,
  serve: {
    public: { host: '127.0.0.1', port: open, base_url: `http://127.0.0.1:${open}/` },
    admin: { host: '127.0.0.1', port: admin, base_url: `http://127.0.0.1:${admin}/` },
  },
  identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: base64(PERSON) }] },
  secrets: {
    cookie: ['a-cookie-secret-for-tests-only'],
    cipher: ['a-cipher-of-32-characters-tests!'],
    default: ['a-default-secret-for-tests-only'],
  },
  hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
  selfservice: {
    default_browser_return_url: 'http://ui.example.test/',
    allowed_return_urls: ['http://ui.example.test/', 'https://allowed.example.test/'],
    methods: { password: { enabled: true, config: { haveibeenpwned_enabled: false } } },
    flows: {
      error: { ui_url: 'http://ui.example.test/error' },
      login: { ui_url: 'http://ui.example.test/login', lifespan: '10m' },
      registration: {
        ui_url: 'http://ui.example.test/registration',
        style: 'unified',
        lifespan: '10m',
        after: { password: { hooks: [{ hook: 'session' }] } },
      },
    },
  },
})

/** Objects are merged key by key; anything else replaces what was there. */
export function merge(base: JsonObject, changes: JsonObject): JsonObject {
  const entries = Object.entries(changes).map(([key, value]) => {
    const before = base[key]
    const both = isObject(before) && isObject(value)
    return [key, both ? merge(before, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(entries) }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
