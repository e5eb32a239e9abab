import type { Command } from 'commander'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, printJson, withFormat } from './format.ts'
import { cell, moment, table } from './table.ts'

type Options = AdminOptions & { readonly format: string }
type StateOptions = Options & { readonly for?: string; readonly until?: string; readonly reason?: string }

type Verb = {
  readonly name: string
  readonly state: string
  readonly said: string
  readonly done: string
  readonly ends: boolean
}

/** What may be said to an action, and where it stands then. */
const VERBS: readonly Verb[] = [
  {
    name: 'pause',
    state: 'paused',
    said: 'keep what an action has to tell until it is resumed; nothing is lost',
    done: 'is paused: what it has to tell waits',
    ends: true,
  },
  { name: 'resume', state: 'active', said: 'let an action go on that was paused', done: 'goes on', ends: false },
  {
    name: 'quarantine',
    state: 'quarantined',
    said: 'set an action aside that fails; what it has to tell waits',
    done: 'is in quarantine: what it has to tell waits',
    ends: true,
  },
  { name: 'release', state: 'active', said: 'let an action go on that was quarantined', done: 'goes on', ends: false },
  {
    name: 'enable',
    state: 'active',
    said: 'let an action go on that its receiver had disabled (410)',
    done: 'goes on',
    ends: false,
  },
]

/** `cardea actions list | pause | resume | quarantine | release | enable`. */
export function actionsStateCommands(group: Command): void {
  withAdminOptions(
    withFormat(
      group.command('list').description('every action of the running server: where it runs, and how it stands'),
    ),
  ).action(list)
  for (const verb of VERBS) {
    const command = group.command(`${verb.name} <action>`).description(verb.said)
    if (verb.ends) {
      command
        .option('--for <duration>', 'it goes on by itself after this, such as 30m or 2h')
        .option('--until <time>', 'it goes on by itself then, such as 2026-01-31T10:00:00Z')
        .option('--reason <text>', 'why, for whoever looks at it later')
    }
    withAdminOptions(withFormat(command)).action((action: string, options: StateOptions) =>
      change(verb, action, options),
    )
  }
}

async function list(options: Options): Promise<void> {
  const { json } = await askAdmin(options, '/admin/actions')
  const actions = listIn(json)
  if (formatted(options) === 'json') return printJson({ actions })
  process.stdout.write(
    actions.length === 0
      ? 'No actions are configured.\nPut some under selfservice.flows.<flow>.before.hooks or .after.hooks; docs/actions.md shows what they see.\n'
      : table(
          ['action', 'state', 'runs at', 'when', 'call', 'waiting', 'receiver', 'note'],
          actions.map((action) => [
            cell(action['id']),
            cell(action['state']),
            triggersOf(action),
            cell(action['when_it_acts']) || '-',
            cell(action['call']) || cell(action['kind']),
            cell(action['pending']),
            cell(action['breaker']) === 'closed' ? 'ok' : cell(action['breaker']).replace('_', ' '),
            noteOf(action),
          ]),
        ),
  )
}

export const listIn = (json: Json): readonly JsonObject[] => (Array.isArray(json) ? json.filter(isJsonObject) : [])

function triggersOf({ triggers }: JsonObject): string {
  const all: readonly Json[] = Array.isArray(triggers) ? triggers : []
  const [first, ...others] = all.map(cell)
  return first === undefined ? 'nowhere' : others.length === 0 ? first : `${first} and ${others.length} more`
}

function noteOf(action: JsonObject): string {
  if (cell(action['state']) !== 'active') {
    const until = cell(action['until']) === '' ? '' : ` until ${moment(action['until'])}`
    return `since ${moment(action['since'])}${until}${said(action['reason'])}`
  }
  if (action['configured'] === false) return 'not in the configuration any more'
  if (cell(action['idle']) !== '') return cell(action['idle'])
  return Number(action['failures']) > 0
    ? `failed ${cell(action['failures']) === '1' ? 'the last time' : `${cell(action['failures'])} times in a row`}${said(action['last_failure'])}`
    : ''
}

const said = (text: Json | undefined) => (cell(text) === '' ? '' : `: ${cell(text)}`)

async function change({ state, done, ends }: Verb, action: string, options: StateOptions): Promise<void> {
  const { for: lasts, until, reason } = options
  const body = {
    state,
    ...(lasts === undefined ? {} : { for: lasts }),
    ...(until === undefined ? {} : { until }),
    ...(reason === undefined ? {} : { reason }),
  }
  const { json } = await askAdmin(options, `/admin/actions/${encodeURIComponent(action)}/state`, {
    method: 'PUT',
    body,
  })
  if (formatted(options) === 'json') return printJson(json)
  const stands = isJsonObject(json) ? json : {}
  const end = cell(stands['until'])
  const waiting = Number(stands['pending'])
  process.stdout.write(
    `${action} ${done}${end === '' ? '' : ` until ${moment(end)}`}.${ends && waiting > 0 ? ` ${waiting} waiting.` : ''}\n`,
  )
}
