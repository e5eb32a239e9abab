import { parseArgs } from 'node:util'

export type Options = {
  readonly databases: readonly ('sqlite' | 'postgres')[]
  /** People and, for each, five sessions and one delivery, that are in the database before anything is measured. */
  readonly size: number
  /** Deliveries that are over before claims are measured. */
  readonly finished: number
  readonly seconds: number
  readonly connections: number
  /** Rows whose name contains one of these. Empty: all. */
  readonly only: readonly string[]
  readonly against: URL | null
  readonly againstOAuth2: { readonly publicUrl: string; readonly adminUrl: string } | null
  readonly json: boolean
}

export const USAGE = `npm run bench -- [options]

  --only TEXT[,TEXT]     only rows whose name contains one of these
  --database NAME[,NAME] sqlite, postgres (both)
  --size N               N people with five sessions and one delivery each are there before (0)
  --finished N           deliveries that are over while claims are measured (1000000)
  --seconds N            how long each row is measured (5)
  --connections N        kept connections, each with one request at a time (16)
  --against URL          measures a server that is running there too: its public URL; sign-up must answer a session
  --against-oauth2 PUBLIC,ADMIN
                         the same for an OAuth2 server with Hydra's API: its public and its administrators' URL
  --json                 prints JSON

BENCH_POSTGRES_URL names a PostgreSQL to use instead of one that is started for this.
`

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      database: { type: 'string', default: 'sqlite,postgres' },
      size: { type: 'string', default: '0' },
      finished: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '16' },
      against: { type: 'string' },
      'against-oauth2': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const named = listOf(values.database)
  const databases = (['sqlite', 'postgres'] as const).filter((name) => named.includes(name))
  if (databases.length !== named.length)
    throw new Error(`--database must be sqlite, postgres or both, not ${values.database}`)
  return {
    databases,
    size: whole('--size', values.size, 0),
    finished: whole('--finished', values.finished, 1),
    seconds: whole('--seconds', values.seconds, 1),
    connections: whole('--connections', values.connections, 1),
    only: listOf(values.only),
    against: values.against === undefined ? null : plainUrl('--against', values.against),
    againstOAuth2: values['against-oauth2'] === undefined ? null : bothUrls(values['against-oauth2']),
    json: values.json,
  }
}

/** The load generator speaks HTTP on a bare connection. */
function plainUrl(name: string, text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:') throw new Error(`${name} must be a URL that begins with http://, not "${text}"`)
  return url
}

function bothUrls(text: string) {
  const [publicUrl, adminUrl, ...more] = listOf(text).map((each) => plainUrl('--against-oauth2', each).origin)
  if (publicUrl === undefined || adminUrl === undefined || more.length > 0)
    throw new Error(`--against-oauth2 must be two URLs with a comma between them: PUBLIC,ADMIN, not "${text}"`)
  return { publicUrl, adminUrl }
}

const listOf = (text: string) => text.split(',').filter(Boolean)

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be a whole number from ${least}, not "${text}"`)
  return value
}
