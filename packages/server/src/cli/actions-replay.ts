import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { isUuid } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type DeliveryFilters, filtersIn, withDeliveryFilters } from './actions-deliveries.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, printJson, withFormat } from './format.ts'
import { cell } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = AdminOptions &
  DeliveryFilters & {
    readonly format: string
    readonly asNew?: true
    readonly dryRun?: true
    readonly rate: string
    readonly limit?: string
  }

/** `cardea actions replay`: tells again what did not arrive, or what should arrive once more. */
export function actionsReplayCommand(group: Command): void {
  withAdminOptions(
    withFormat(
      withDeliveryFilters(
        group
          .command('replay [delivery...]')
          .description(
            'tell deliveries again: those named, or all that a filter finds; exit code 1 if one could not be',
          ),
      )
        .option('--as-new', 'render them again by today’s template, as deliveries of their own')
        .option('--dry-run', 'only say how many there are')
        .option('--rate <count>', 'at most so many a second', '50')
        .option('--limit <count>', 'stop after so many'),
    ),
  ).action(replay)
}

type Done = { readonly replayed: number; readonly passedOver: readonly string[] }

async function replay(named: readonly string[], options: Options): Promise<void> {
  const [rate, limit] = [
    numberIn('--rate', options.rate),
    options.limit === undefined ? Number.POSITIVE_INFINITY : numberIn('--limit', options.limit),
  ]
  const filter = filtersIn(options)
  const isFiltered = Object.keys(filter).length > 0
  if (named.length > 0 && isFiltered) throw new UsageError('Name deliveries, or say which by filters, not both.')
  if (named.length === 0 && !isFiltered) {
    throw new UsageError('Which? Name deliveries, or filter: cardea actions replay --status dead --action crm')
  }
  const wrong = named.find((id) => !isUuid(id))
  if (wrong !== undefined)
    throw new UsageError(`${wrong} is not the id of a delivery; cardea actions deliveries shows them.`)
  if (options.asNew && isFiltered)
    throw new UsageError('--as-new takes the ids of deliveries, as each is rendered by itself.')
  const done =
    named.length > 0
      ? await replayNamed(named, options)
      : await replayMany({ ...filter, status: filter['status'] ?? 'dead' }, { ...options, rate, limit })
  report(done, options)
}

function numberIn(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new UsageError(`${option} is a number from 1 on.`)
}

async function replayNamed(named: readonly string[], options: Options): Promise<Done> {
  if (options.dryRun) return { replayed: named.length, passedOver: [] }
  for (const id of named) {
    await askAdmin(options, `/admin/deliveries/${id}/redeliveries`, {
      method: 'POST',
      body: options.asNew ? { as_new: true } : {},
    })
  }
  return { replayed: named.length, passedOver: [] }
}

const LARGEST_PAGE = 500

async function replayMany(
  filter: JsonObject,
  options: Omit<Options, 'rate' | 'limit'> & { readonly rate: number; readonly limit: number },
): Promise<Done> {
  const { rate, limit, dryRun = false } = options
  const progress = progressLine(formatted(options) === 'table' && process.stderr.isTTY)
  const passedOver: string[] = []
  let [replayed, token, from] = [0, '', performance.now()]
  while (replayed + passedOver.length < limit) {
    const size = Math.min(LARGEST_PAGE, rate, limit - replayed - passedOver.length)
    const body = { filter, page_size: size, dry_run: dryRun, ...(token === '' ? {} : { page_token: token }) }
    const { json } = await askAdmin(options, '/admin/deliveries/redeliveries', { method: 'POST', body })
    const page = isJsonObject(json) ? json : {}
    replayed += dryRun ? Number(page['matched']) : textsIn(page['replayed']).length
    passedOver.push(...textsIn(page['passed_over']))
    progress.show(`${replayed} told again`)
    token = cell(page['next_page_token'])
    if (token === '') break
    // As many a second as were asked for, whatever a page takes.
    const due = (1000 * size) / rate - (performance.now() - from)
    if (!dryRun && due > 0) await sleep(due)
    from = performance.now()
  }
  progress.end()
  return { replayed, passedOver }
}

const textsIn = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(cell) : [])

/** On a terminal: one line that is written over. */
function progressLine(isShown: boolean) {
  const write = (text: string) => {
    if (isShown) process.stderr.write(text)
  }
  return { show: (text: string) => write(`\r${text}`), end: () => write('\r') }
}

function report({ replayed, passedOver }: Done, options: Options): void {
  if (passedOver.length > 0) process.exitCode = 1
  if (formatted(options) === 'json')
    return printJson({ [options.dryRun ? 'found' : 'replayed']: replayed, passed_over: passedOver })
  const what = `${replayed} ${replayed === 1 ? 'delivery' : 'deliveries'}`
  if (replayed === 0 && passedOver.length === 0) return void process.stdout.write('No delivery matches.\n')
  process.stdout.write(
    options.dryRun
      ? `${what} would be told again.\n`
      : `${what} told again; cardea actions tail shows how they fare.\n`,
  )
  if (passedOver.length === 0) return
  process.stdout.write(
    `${passedOver.length} passed over, as they are under way, were never rendered, or whom they were about is gone:\n${passedOver.map((id) => `  ${id}\n`).join('')}`,
  )
}
