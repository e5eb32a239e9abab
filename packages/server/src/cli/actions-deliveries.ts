import type { Command } from 'commander'
import { isUuid } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { listIn } from './actions-state.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, printJson, withFormat } from './format.ts'
import { cell, moment, table } from './table.ts'
import { UsageError } from './usage-error.ts'

export type DeliveryFilters = {
  readonly action?: string
  readonly trigger?: string
  readonly identity?: string
  readonly flow?: string
  readonly status?: string
  readonly since?: string
  readonly until?: string
}
export const DELIVERY_FILTERS = ['action', 'trigger', 'identity', 'flow', 'status', 'since', 'until'] as const

type Options = AdminOptions & { readonly format: string }
type ListOptions = Options & DeliveryFilters & { readonly limit: string; readonly pageToken?: string }

export const withDeliveryFilters = (command: Command): Command =>
  command
    .option('--action <id>', 'only those of this action')
    .option('--trigger <trigger>', 'only at this trigger, such as registration.after.password')
    .option('--identity <id>', 'only those about this person')
    .option('--flow <id>', 'only those of this flow')
    .option('--status <status>', 'only pending, delivered, dead or cancelled ones')
    .option('--since <time>', 'only those made from this time on, such as 2026-01-31T10:00:00Z')
    .option('--until <time>', 'only those made before this time')

/** `cardea actions deliveries | show | cancel`. */
export function actionsDeliveriesCommands(group: Command): void {
  withAdminOptions(
    withFormat(
      withDeliveryFilters(group.command('deliveries').description('what was queued and where it stands, newest first'))
        .option('--limit <count>', 'at most this many', '50')
        .option('--page-token <token>', 'go on where the last page ended'),
    ),
  ).action(deliveries)
  withAdminOptions(
    withFormat(
      group
        .command('show <id>')
        .description('one delivery in full (request, tries, answers, where the time went), or one action'),
    ),
  ).action(show)
  withAdminOptions(
    withFormat(group.command('cancel <delivery>').description('end a delivery that waits; its receiver is not told')),
  ).action(cancel)
}

async function deliveries(options: ListOptions): Promise<void> {
  const { limit, pageToken } = options
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > 500) throw new UsageError('--limit is a number from 1 to 500.')
  const query = new URLSearchParams({ page_size: limit, ...filtersIn(options) })
  if (pageToken !== undefined) query.set('page_token', pageToken)
  const { json, headers } = await askAdmin(options, `/admin/deliveries?${query.toString()}`)
  const next = /page_token=([^&>]+)[^>]*>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? null
  const found = listIn(json)
  if (formatted(options) === 'json') return printJson({ deliveries: found, next_page_token: next })
  if (found.length === 0) return void process.stdout.write(emptyText(options))
  process.stdout.write(deliveryTable(found) + (next === null ? '' : `There are more: --page-token ${next}\n`))
}

export const filtersIn = (options: DeliveryFilters): { readonly [name: string]: string } =>
  Object.fromEntries(DELIVERY_FILTERS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))

const emptyText = (options: DeliveryFilters) =>
  Object.keys(filtersIn(options)).length > 0
    ? 'No delivery matches.\n'
    : 'Nothing has been queued yet. Hooks with response.ignore are, and those that follow a registration or a change of settings.\n'

const deliveryTable = (found: readonly JsonObject[]) =>
  table(
    ['time', 'delivery', 'action', 'trigger', 'status', 'tries', 'next', 'reason'],
    found.map((delivery) => [
      moment(delivery['created_at']),
      cell(delivery['id']),
      cell(delivery['action_id']),
      cell(delivery['trigger']),
      delivery['under_way'] === true ? 'under way' : cell(delivery['status']),
      cell(delivery['attempts']),
      moment(delivery['next_attempt_at']) || '-',
      cell(delivery['reason']),
    ]),
  )

async function show(id: string, options: Options): Promise<void> {
  const path = isUuid(id) ? `/admin/deliveries/${id}` : `/admin/actions/${encodeURIComponent(id)}`
  const { json } = await askAdmin(options, path)
  if (formatted(options) === 'json') return printJson(json)
  if (isJsonObject(json)) process.stdout.write(isUuid(id) ? deliveryText(json) : actionText(json))
}

async function cancel(id: string, options: Options): Promise<void> {
  if (!isUuid(id)) throw new UsageError(`${id} is not the id of a delivery; cardea actions deliveries shows them.`)
  const { json } = await askAdmin(options, `/admin/deliveries/${id}`, { method: 'DELETE' })
  if (formatted(options) === 'json') return printJson(json)
  process.stdout.write(`${id} is cancelled.\n`)
}

/** One `name  value` a line. */
const facts = (rows: readonly (readonly [string, string])[]) =>
  rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(12)}${value}\n`)
    .join('')

function deliveryText(delivery: JsonObject): string {
  const request = objectIn(delivery['request'])
  const action = objectIn(delivery['action'])
  const head = facts([
    ['delivery', cell(delivery['id'])],
    [
      'action',
      cell(delivery['action_id']) +
        (cell(action['state']) === 'active'
          ? ''
          : `, which is ${cell(action['state'])}${cell(action['reason']) === '' ? '' : ` (${cell(action['reason'])})`}`),
    ],
    ['trigger', cell(delivery['trigger'])],
    ['person', cell(delivery['identity_id'])],
    ['flow', cell(delivery['flow_id'])],
    ['status', cell(delivery['status']) + (cell(delivery['reason']) === '' ? '' : `: ${cell(delivery['reason'])}`)],
    ['created', moment(delivery['created_at'])],
    ['next try', moment(delivery['next_attempt_at'])],
    ['finished', moment(delivery['finished_at'])],
    ['repeats', cell(delivery['replay_of'])],
    ['repeated by', listOfText(delivery['replays'])],
    ['caused by', cell(delivery['cause'])],
  ])
  const tries = listIn(delivery['tries'] ?? [])
  return [
    head,
    delivery['request'] === null
      ? '\nThere is no request: it was never rendered, or what it said is gone.\n'
      : requestText(request),
    tries.length === 0 ? '\nNot tried yet.\n' : `\n${triesText(tries)}`,
  ].join('')
}

const objectIn = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {})
const listOfText = (value: Json | undefined) => (Array.isArray(value) ? value.map(cell).join(', ') : '')

/** As it goes out: the line, the headers, the body. */
export function requestText(request: JsonObject): string {
  const headers = Object.entries(objectIn(request['headers'])).map(
    ([name, value]) => `  ${cell(name)}: ${cell(value)}\n`,
  )
  const signed = request['signed'] === true ? '  webhook-signature: <made at every try>\n' : ''
  const body = request['body'] === null ? '' : `\n${indented(lines(request['body']))}`
  return `\n  ${cell(request['method'])} ${cell(request['url'])}\n${headers.join('')}${signed}${body}`
}

/** A body keeps its lines, and no other way to move the cursor. */
const lines = (value: Json | undefined) =>
  typeof value === 'string' ? value.split('\n').map(cell).join('\n').trimEnd() : ''
const indented = (text: string) => (text === '' ? '' : `${text.replace(/^(?=.)/gm, '  ')}\n`)

const PARTS = ['dns', 'connect', 'tls', 'wait', 'read'] as const

function triesText(tries: readonly JsonObject[]): string {
  const rows = tries.map((tried, at) => {
    const timings = objectIn(tried['timings_ms'])
    return [
      cell(tried['step']) === '' ? String(at + 1) : `${at + 1} ${cell(tried['step'])}`,
      moment(tried['started_at']),
      cell(tried['outcome']),
      cell(tried['status']) || '-',
      `${cell(tried['duration_ms'])} ms`,
      ...PARTS.map((part) => cell(timings[part]) || '-'),
      cell(tried['reason']),
    ]
  })
  const last = tries.findLast((tried) => isJsonObject(tried['answer']))
  const answer = objectIn(last?.['answer'])
  const shown = last === undefined ? '' : answerText(answer)
  return table(['', 'time', 'outcome', 'status', 'took', ...PARTS, 'reason'], rows) + shown
}

/** The last answer, as far as it is kept. */
export function answerText(answer: JsonObject): string {
  const headers = Object.entries(objectIn(answer['headers'])).map(
    ([name, value]) => `  ${cell(name)}: ${cell(value)}\n`,
  )
  const body = lines(answer['body'])
  return `\nanswered\n${headers.join('')}${body === '' ? '' : `\n${indented(body)}`}`
}

const actionText = (action: JsonObject) =>
  facts([
    ['action', cell(action['id'])],
    ['kind', cell(action['kind'])],
    ['where', cell(action['where'])],
    [
      'runs at',
      listOfText(action['triggers']) || `nowhere${cell(action['idle']) === '' ? '' : `: ${cell(action['idle'])}`}`,
    ],
    ['when', cell(action['when_it_acts'])],
    ['condition', cell(action['condition'])],
    ['call', cell(action['call'])],
    ['state', cell(action['state']) + (cell(action['reason']) === '' ? '' : `: ${cell(action['reason'])}`)],
    ['since', moment(action['since'])],
    ['until', moment(action['until'])],
    ['waiting', cell(action['pending'])],
    [
      'receiver',
      cell(action['breaker']) === 'closed'
        ? 'calls go through'
        : `breaker ${cell(action['breaker']).replace('_', ' ')}`,
    ],
    [
      'failures',
      cell(action['failures']) === '0'
        ? ''
        : `${cell(action['failures'])} in a row since ${moment(action['failing_since'])}: ${cell(action['last_failure'])}`,
    ],
    [
      'evidence',
      isJsonObject(action['evidence'])
        ? `${cell(action['evidence']['failures'])} failures, the last: ${cell(action['evidence']['last_failure'])} (${cell(action['evidence']['delivery_id'])})`
        : '',
    ],
  ])
