import { parseArgs } from 'node:util'

export type Options = {
  readonly databases: readonly ('sqlite' | 'postgres')[]
  readonly registrations: number
  readonly kills: number
  readonly connections: number
  readonly seed: number
  readonly json: boolean
}

export const USAGE = `npm run chaos -- [options]

Registers people while servers are killed, the receiver fails, hangs and comes back, and PostgreSQL crashes once.
Then it proves that nothing was lost and nothing was made up. Exit code 1 if anything was.

  --registrations N       people who try to sign up, on each database (10000)
  --kills N               how often a server is killed with SIGKILL, on each database (50)
  --database NAME[,NAME]  sqlite: one server; postgres: two servers on one database (both)
  --connections N         how many people sign up at once (16)
  --seed N                repeats the choices of a run that printed this seed
  --json                  prints JSON
`

export function readOptions(args: readonly string[], randomSeed: () => number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      registrations: { type: 'string', default: '10000' },
      kills: { type: 'string', default: '50' },
      database: { type: 'string', default: 'sqlite,postgres' },
      connections: { type: 'string', default: '16' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const named = values.database.split(',').filter(Boolean)
  const databases = (['sqlite', 'postgres'] as const).filter((name) => named.includes(name))
  if (named.length === 0 || databases.length !== named.length)
    throw new Error(`--database must be sqlite, postgres or both, not "${values.database}"`)
  return {
    databases,
    registrations: whole('--registrations', values.registrations, 1),
    kills: whole('--kills', values.kills, 0),
    connections: whole('--connections', values.connections, 1),
    seed: values.seed === undefined ? randomSeed() : whole('--seed', values.seed, 0),
    json: values.json,
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be a whole number from ${least}, not "${text}"`)
  return value
}
