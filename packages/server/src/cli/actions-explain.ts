import type { Command } from 'commander'
import { isUuid } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { listIn } from './actions-state.ts'
import { type AdminOptions, tryAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, printJson, withFormat } from './format.ts'
import { cell, moment, table } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = AdminOptions & { readonly format: string }

/** `cardea actions explain`: which actions ran, which did not, and why. */
export function actionsExplainCommand(group: Command): void {
  withAdminOptions(
    withFormat(
      group
        .command('explain <id>')
        .description(
          'which actions ran for a flow, a person or a delivery, which did not, and why, as it was recorded then',
        ),
    ),
  ).action(explain)
}

const KINDS = ['delivery', 'flow', 'identity'] as const

async function explain(id: string, options: Options): Promise<void> {
  if (!isUuid(id)) throw new UsageError(`${id} is not the id of a flow, a person or a delivery: those are UUIDs.`)
  const found = await find(id, options)
  if (formatted(options) === 'json') printJson(found)
  else process.stdout.write(explanationText(found))
}

/** An id does not say what it is of, so each kind is asked for. */
async function find(id: string, options: Options): Promise<JsonObject> {
  for (const kind of KINDS) {
    const { json, problem } = await tryAdmin(options, `/admin/actions/explanations?${kind}=${id}`)
    if (problem === null) return isJsonObject(json) ? json : {}
    if (problem.status !== 404 || !isKnownRefusal(json)) throw new UsageError(problem.text)
  }
  throw new UsageError(
    `Nothing is known of ${id}: there is no flow, person or delivery of that id, or all that was recorded of it has been forgotten (actions.log.keep, actions.deliveries.keep).`,
  )
}

/** A 404 of the admin API, and not of whatever else answers there. */
const isKnownRefusal = (json: Json) => isJsonObject(json) && isJsonObject(json['error'])

function explanationText(found: JsonObject): string {
  const steps = listIn(found['steps'] ?? [])
  const never = listIn(found['never'] ?? [])
  const body = steps.map(stepText)
  const rest = never.map((each) => `${cell(each['trigger'])} never came: ${cell(each['why'])}\n${actionsIn(each)}`)
  const all = [headText(found), ...body, ...rest].filter((text) => text !== '').join('\n')
  return steps.length + never.length === 0 && found['delivery'] === undefined
    ? `${all}\nNo action was meant for anything it did.\n`
    : all
}

function headText(found: JsonObject): string {
  if (found['delivery'] !== undefined) {
    const repeats = cell(found['replay_of']) === '' ? '' : `It repeats ${cell(found['replay_of'])}.\n`
    return `delivery ${cell(found['delivery'])} of ${cell(found['action_id'])} at ${cell(found['trigger'])}\n${cell(found['outcome'])}: ${cell(found['why'])}\n${repeats}`
  }
  if (found['identity'] !== undefined) return `person ${cell(found['identity'])}, newest first\n`
  const { state } = found
  if (!isJsonObject(state)) return `flow ${cell(found['flow'])}, which has been removed\n`
  const method = cell(state['method']) === '' ? '' : ` by ${cell(state['method'])}`
  return `flow ${cell(found['flow'])}: ${cell(state['name'])} (${cell(state['type'])}), ${cell(state['stands'])}${cell(state['stands']) === 'completed' ? method : ''}, started ${moment(state['created_at'])}\n`
}

function stepText(step: JsonObject): string {
  const plan = isJsonObject(step['plan']) ? step['plan'] : {}
  const rows = listIn(step['actions'] ?? []).map((action) => [
    action['ran'] === true ? 'ran' : '-',
    cell(action['outcome']).replaceAll('_', ' '),
    nameOf(action),
    cell(action['where']),
    cell(action['why']),
  ])
  const since = moment(plan['in_force_since'])
  return `${moment(step['at'])}  ${cell(step['trigger'])}: ${cell(step['outcome'])}  (plan ${cell(plan['fingerprint']).slice(0, 8)}${since === '' ? '' : `, in force since ${since}`})\n${indented(table(['', 'outcome', 'action', 'where', 'why'], rows))}`
}

/** An action without a name of its own is known by its kind; where it stands is in the next column. */
const nameOf = (action: JsonObject) =>
  cell(action['action_id']).includes(':') ? cell(action['kind']) : cell(action['action_id'])

const actionsIn = (each: JsonObject) =>
  indented(
    listIn(each['actions'] ?? [])
      .map((action) => `- ${cell(action['where'])}\n`)
      .join(''),
  )

const indented = (text: string) => text.replace(/^(?=.)/gm, '  ')
