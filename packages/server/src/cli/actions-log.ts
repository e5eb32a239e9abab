import type { Command } from 'commander'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { cell, moment, table } from './table.ts'
import { UsageError } from './usage-error.ts'

type Filters = {
  readonly action?: string
  readonly flow?: string
  readonly identity?: string
  readonly outcome?: string
  readonly trigger?: string
  readonly since?: string
}
type Options = AdminOptions & Filters & { readonly limit: string; readonly pageToken?: string; readonly format: string }

const FILTERS = ['action', 'flow', 'identity', 'outcome', 'trigger', 'since'] as const

/** `cardea actions log`: every call somebody waited for, newest first. */
export function actionsLogCommand(group: Command): void {
  withAdminOptions(
    group
      .command('log')
      .description('every blocking call and what came of it, newest first, from a running server')
      .option('--action <id>', 'only this action')
      .option('--flow <id>', 'only what happened in this flow')
      .option('--identity <id>', 'only calls about this person')
      .option(
        '--outcome <outcome>',
        'only denied, failed, let_through, queued, skipped, cancelled, amended or proceeded',
      )
      .option('--trigger <trigger>', 'only at this trigger, such as login.after.password')
      .option('--since <time>', 'only from this time on, such as 2026-01-31T10:00:00Z')
      .option('--limit <count>', 'at most this many', '50')
      .option('--page-token <token>', 'go on where the last page ended')
      .option('--format <format>', 'table or json', 'table'),
  ).action(log)
}

async function log(options: Options): Promise<void> {
  const { limit, pageToken, format } = options
  if (format !== 'table' && format !== 'json') throw new UsageError('--format is either table or json.')
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > 500) throw new UsageError('--limit is a number from 1 to 500.')
  const query = new URLSearchParams({ page_size: limit })
  if (pageToken !== undefined) query.set('page_token', pageToken)
  for (const name of FILTERS) if (options[name] !== undefined) query.set(name, options[name])
  const { json, headers } = await askAdmin(options, `/admin/actions/log?${query.toString()}`)
  const next = /page_token=([^&>]+)[^>]*>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? null
  const calls: readonly Json[] = Array.isArray(json) ? json : []
  if (format === 'json') process.stdout.write(`${JSON.stringify({ calls, next_page_token: next }, null, 2)}\n`)
  else
    process.stdout.write(
      text(
        calls.filter(isJsonObject),
        next,
        FILTERS.some((name) => options[name] !== undefined),
      ),
    )
}

function text(calls: readonly JsonObject[], next: string | null, isFiltered: boolean): string {
  if (calls.length === 0) {
    return isFiltered
      ? 'No call matches.\n'
      : 'Nobody has waited for an action yet. Calls with response.ignore are queued and not listed here.\n'
  }
  const rows = calls.map((call) => {
    const attempts = Array.isArray(call['attempts']) ? call['attempts'].filter(isJsonObject) : []
    const status = attempts.at(-1)?.['status'] ?? null
    return [
      moment(call['started_at']),
      cell(call['trigger']),
      cell(call['outcome']),
      `${cell(call['duration_ms'])} ms`,
      String(attempts.length),
      status === null ? '-' : cell(status),
      `${cell(call['method'])} ${cell(call['url'])}`,
      cell(call['flow_id']).slice(0, 8) || '-',
      cell(call['where']) || cell(call['action_id']),
      cell(call['detail']),
    ]
  })
  const head = ['time', 'trigger', 'outcome', 'took', 'tries', 'status', 'call', 'flow', 'action', 'detail']
  return table(head, rows) + (next === null ? '' : `There are more: --page-token ${next}\n`)
}
