import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { readOutcome } from '../actions/recipe/read-outcome.ts'
import type { Connection } from '../actions/recipe/connection.ts'
import { renderRequest } from '../actions/recipe/render-request.ts'
import { sampleEvent } from '../actions/recipe/sample-event.ts'
import { type RecipeTrigger, TRIGGERS } from '../actions/recipe/schema.ts'
import { showCall } from '../actions/recipe/show-call.ts'
import { startDelivery } from '../actions/recipe/start-delivery.ts'
import { ExpressionError } from '../actions/template/expression.ts'
import { openConnection, triggersOfConnection } from '../config/connections.ts'
import { loadConfig } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import type { RenderedCall } from '../core/delivery.ts'
import { fillSecrets } from '../core/fill-secrets.ts'
import type { JsonObject } from '../core/json.ts'
import type { ConnectionSettings, Settings } from '../core/settings.ts'
import { openClient } from '../net/client.ts'
import type { Sent } from '../net/outgoing.ts'
import { type PartOptions, readPart, withFiles } from './part.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

type Options = PartOptions & { readonly on?: string; readonly dryRun?: true }

/** `cardea connections test NAME`. */
export function connectionsCommand(program: Command): void {
  const group = program.command('connections').description('connections to vendors')
  const test = group
    .command('test')
    .argument('<name>', 'the connection, as the configuration calls it')
    .description('show what would be sent about somebody made up, and ask the vendor whether the credentials are right')
  withFiles(test, 'text')
    .option(
      '--on <trigger>',
      'after what: registration, login, identity.deleted …; all of the connection’s if not given',
    )
    .option('--dry-run', 'ask nobody')
    .action(testConnection)
}

const TIMEOUT = 15_000

type Shown = { readonly trigger: RecipeTrigger; readonly text: string; readonly isFine: boolean }
type Checked = {
  readonly about: string
  readonly call: string
  readonly outcome: string
  readonly reason: string
  readonly isFine: boolean
}

async function testConnection(name: string, named: string | undefined, options: Options): Promise<void> {
  const { load } = readPart('cardea connections test NAME', named, options)
  const { settings } = await loadConfig(load)
  const chosen = find(name, settings)
  const connection = openConnection(chosen, randomUUID().replaceAll('-', ''))
  const triggers = wanted(options.on, chosen)
  const shown = triggers.map((trigger) => preview(connection, trigger))
  const checked = options.dryRun === true ? null : await check(settings, connection, triggers)
  if (options.format === 'json') {
    const calls = shown.map(({ trigger, text }) => ({ trigger, call: text }))
    process.stdout.write(`${JSON.stringify({ connection: name, calls, check: checked }, null, 2)}\n`)
  } else {
    for (const { trigger, text } of shown)
      process.stdout.write(`After ${trigger}, first:\n\n${text.replace(/^(?=.)/gm, '  ')}\n\n`)
    process.stdout.write(checkText(checked, options.dryRun === true, connection))
  }
  if (shown.some(({ isFine }) => !isFine) || checked?.isFine === false) process.exitCode = 1
}

function find(name: string, { connections }: Settings): ConnectionSettings {
  const found = connections.find((connection) => connection.name === name)
  if (found !== undefined) return found
  const names = connections.map((connection) => connection.name)
  const near = nearest(name, names)
  const hint =
    near === null ? `There are: ${names.join(', ') || 'none; see cardea recipes init'}.` : `Did you mean ${near}?`
  throw new UsageError(`The configuration has no connection "${name}" that is switched on. ${hint}`)
}

function wanted(on: string | undefined, connection: ConnectionSettings): readonly RecipeTrigger[] {
  const all = triggersOfConnection(connection)
  if (on === undefined) return all
  const one = TRIGGERS.find((trigger) => trigger === on)
  if (one === undefined || !all.includes(one)) throw new UsageError(`--on must be one of ${all.join(', ')}.`)
  return [one]
}

function preview(connection: Connection, trigger: RecipeTrigger): Shown {
  const started = startDelivery(connection, sampleEvent(trigger))
  if (started.kind === 'call') return { trigger, text: showCall(started.call), isFine: true }
  if (started.kind === 'skipped') return { trigger, text: `Nothing: ${started.why}.`, isFine: true }
  return { trigger, text: `It cannot be made: ${started.detail}.`, isFine: false }
}

/** Asks the vendor something that changes nothing. */
async function check(
  settings: Settings,
  connection: Connection,
  triggers: readonly RecipeTrigger[],
): Promise<Checked | null> {
  const { recipe } = connection
  if (recipe.check === null) return null
  const scope = scopeOf(connection, triggers)
  const about = recipe.file.check?.about ?? ''
  try {
    const call = renderRequest(recipe, recipe.check.request, connection.target, scope)
    const sent = await send(settings, connection, call)
    if (sent.kind === 'failed')
      return { about, call: showCall(call), outcome: 'no answer', reason: sent.detail, isFine: false }
    const answer = { status: sent.status, headers: sent.headers, text: sent.body.toString() }
    const verdict = readOutcome(recipe.check.outcomes, answer, scope)
    const outcome = verdict?.outcome ?? (sent.status < 300 ? 'success' : 'drop')
    const reason = verdict?.reason ?? `answered ${sent.status}`
    return { about, call: showCall(call), outcome, reason, isFine: outcome === 'success' }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { about, call: '', outcome: 'not asked', reason: error.message, isFine: false }
  }
}

function scopeOf(connection: Connection, triggers: readonly RecipeTrigger[]): JsonObject {
  for (const trigger of triggers) {
    const started = startDelivery(connection, sampleEvent(trigger))
    if (started.kind === 'call')
      return { ...started.chain.snapshot, steps: {}, step: { id: 'check', key: randomUUID() } }
  }
  return { facts: {}, params: connection.params, delivery: {}, steps: {}, step: { id: 'check', key: randomUUID() } }
}

async function send({ clients }: Settings, connection: Connection, call: RenderedCall): Promise<Sent> {
  const filled = fillSecrets(call, connection.secrets)
  if (filled === null) return { kind: 'failed', reason: 'invalid_request', detail: 'a secret is missing' }
  const client = openClient(() => clients, { userAgent: `cardea/${version}` })
  try {
    const headers = { ...filled.headers, ...connection.secretHeaders }
    return await client.send({ method: call.method, ...filled, headers }, { budget: TIMEOUT })
  } finally {
    await client.close()
  }
}

function checkText(checked: Checked | null, isDry: boolean, { recipe }: Connection): string {
  if (isDry) return 'Nobody was asked (--dry-run).\n'
  if (checked === null) return `${recipe.file.title} has nothing that could be asked without a consequence.\n`
  const [line = ''] = checked.call.split('\n', 1)
  return `The vendor was asked: ${checked.about}.\n  ${line}\n  ${checked.isFine ? 'Fine' : 'Not fine'}: ${checked.reason}.\n`
}
