import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { listIn } from './actions-state.ts'
import { type AdminOptions, askAdmin, tryAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, withFormat } from './format.ts'
import { cell, moment } from './table.ts'

type Options = AdminOptions & {
  readonly format: string
  readonly action?: string
  readonly trigger?: string
  readonly failures?: true
  readonly once?: true
}

/** `cardea actions tail`: what actions do, while they do it. */
export function actionsTailCommand(group: Command): void {
  withAdminOptions(
    withFormat(
      group
        .command('tail')
        .description('follow what actions do: every call somebody waits for, every try of a delivery; Ctrl-C ends it')
        .option('--action <id>', 'only this action')
        .option('--trigger <trigger>', 'only at this trigger, such as login.after.password')
        .option('--failures', 'only what went wrong')
        .option('--once', 'show the last twenty, and end'),
    ),
  ).action(tail)
}

/** One line of what happened. */
type Line = {
  readonly time: string
  readonly action: string
  readonly trigger: string
  readonly outcome: string
  readonly isBad: boolean
  readonly detail: string
  readonly id: string
}

const PAGE = 100
const EVERY = 1_000
/** Deliveries that are not done are looked at again, those that came last first. */
const MOST_WATCHED = 100

async function tail(options: Options): Promise<void> {
  const seen = { calls: new Set<string>(), deliveries: new Map<string, string>() }
  const first = await look(options, seen)
  const beginning = options.once ? first.slice(-20) : first.slice(-5)
  const head = formatted(options) === 'table'
  if (head) process.stderr.write(options.once ? '' : 'Following; Ctrl-C ends it.\n')
  print(beginning, options)
  if (options.once && first.length === 0 && head) process.stdout.write('No action has done anything yet.\n')
  while (!options.once) {
    await sleep(EVERY)
    print(await look(options, seen), options)
  }
}

type Seen = { readonly calls: Set<string>; readonly deliveries: Map<string, string> }

/** Everything that is new since the last look, oldest first. */
async function look(options: Options, seen: Seen): Promise<readonly Line[]> {
  const query = new URLSearchParams({ page_size: String(PAGE) })
  if (options.action !== undefined) query.set('action', options.action)
  if (options.trigger !== undefined) query.set('trigger', options.trigger)
  const [calls, newest] = await Promise.all([
    askAdmin(options, `/admin/actions/log?${query.toString()}`),
    askAdmin(options, `/admin/deliveries?${query.toString()}`),
  ])
  const deliveries = listIn(newest.json)
  const listed = new Set(deliveries.map((delivery) => cell(delivery['id'])))
  const older = await again(
    options,
    [...seen.deliveries].filter(([id, mark]) => !listed.has(id) && mark.startsWith('pending')).map(([id]) => id),
  )
  const lines = [
    ...listIn(calls.json).flatMap((call) => callLine(call, seen)),
    ...[...older, ...deliveries].flatMap((delivery) => deliveryLines(delivery, seen)),
  ]
  forgetOld(seen)
  return lines.filter(({ isBad }) => isBad || !options.failures).toSorted((a, b) => (a.time < b.time ? -1 : 1))
}

async function again(options: AdminOptions, ids: readonly string[]): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = []
  for (const id of ids.slice(-MOST_WATCHED)) {
    const { json, problem } = await tryAdmin(options, `/admin/deliveries/${id}`)
    if (problem === null && isJsonObject(json)) found.push(json)
  }
  return found
}

const BAD = new Set(['failed', 'let_through', 'queued', 'dead'])

function callLine(call: JsonObject, { calls }: Seen): readonly Line[] {
  const id = cell(call['id'])
  if (calls.has(id)) return []
  calls.add(id)
  const outcome = cell(call['outcome'])
  return [
    {
      time: cell(call['ended_at']),
      action: cell(call['action_id']),
      trigger: cell(call['trigger']),
      outcome,
      isBad: BAD.has(outcome),
      detail: [`${cell(call['duration_ms'])} ms`, cell(call['detail'])].filter(Boolean).join(', '),
      id,
    },
  ]
}

/** A delivery is worth a line when it is queued, and whenever it stands elsewhere or was tried once more. */
function deliveryLines(delivery: JsonObject, { deliveries }: Seen): readonly Line[] {
  const id = cell(delivery['id'])
  const [status, attempts] = [cell(delivery['status']), cell(delivery['attempts'])]
  const mark = `${status} ${attempts}`
  if (deliveries.get(id) === mark) return []
  deliveries.set(id, mark)
  const isRetry = status === 'pending' && attempts !== '0'
  const next = moment(delivery['next_attempt_at'])
  return [
    {
      time: cell(delivery['finished_at']) || cell(delivery['created_at']),
      action: cell(delivery['action_id']),
      trigger: cell(delivery['trigger']),
      outcome: isRetry ? 'failed' : status === 'pending' ? 'waiting' : status,
      isBad: isRetry || status === 'dead',
      detail: [
        attempts === '0' ? '' : attempts === '1' ? '1 try' : `${attempts} tries`,
        cell(delivery['reason']),
        isRetry ? `again at ${next}` : '',
      ]
        .filter(Boolean)
        .join(', '),
      id,
    },
  ]
}

/** Hours of it must not fill the memory. */
function forgetOld({ calls, deliveries }: Seen): void {
  for (const kept of [calls, deliveries]) {
    for (const id of [...kept.keys()].slice(0, Math.max(0, kept.size - 10 * PAGE))) kept.delete(id)
  }
}

function print(lines: readonly Line[], options: Options): void {
  for (const { isBad: _, ...line } of lines) {
    process.stdout.write(formatted(options) === 'json' ? `${JSON.stringify(line)}\n` : text(line))
  }
}

const text = ({ time, action, trigger, outcome, detail, id }: Omit<Line, 'isBad'>) =>
  `${time.slice(11, 19)}  ${outcome.padEnd(9)}  ${action.padEnd(16)}  ${trigger.padEnd(28)}  ${id}  ${detail}\n`
