import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { explainPlan, type PlanStep, type TriggerPlan } from '../config/explain-plan.ts'
import { lintActions, lintTokenActions, type Remark } from '../config/lint.ts'
import { loadConfig } from '../config/load.ts'
import { explainTokenPlan } from '../config/oauth2/explain-token-plan.ts'
import { loadOAuth2Config } from '../config/oauth2/load.ts'
import { type PlanWarning, planWarnings } from '../config/plan-warnings.ts'
import { actionsDeliveriesCommands } from './actions-deliveries.ts'
import { actionsExplainCommand } from './actions-explain.ts'
import { actionsLogCommand } from './actions-log.ts'
import { actionsReplayCommand } from './actions-replay.ts'
import { actionsStateCommands } from './actions-state.ts'
import { actionsTailCommand } from './actions-tail.ts'
import { actionsTryCommands } from './actions-try.ts'
import { type PartOptions, readPart, withFiles } from './part.ts'
import { printJson } from './format.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = PartOptions & { readonly flow?: string; readonly strict?: true }

/** `cardea actions plan | lint | log`. */
export function actionsCommand(program: Command): void {
  const group = program.command('actions').description('see what the actions will do, and what they did')
  withFiles(group.command('plan').description('which actions run at each trigger, in which order, and why'), 'table')
    .option(
      '--flow <flow>',
      'only this flow: login, registration, recovery, verification, settings or tokens; `on` for events',
    )
    .action(plan)
  withFiles(group.command('lint').description('what is wrong, or perhaps not meant; exit code 1 on problems'), 'table')
    .option('--strict', 'notes count as problems')
    .action(lint)
  actionsStateCommands(group)
  actionsDeliveriesCommands(group)
  actionsReplayCommand(group)
  actionsTryCommands(group)
  actionsExplainCommand(group)
  actionsTailCommand(group)
  actionsLogCommand(group)
}

type Planned = { readonly triggers: readonly TriggerPlan[]; readonly warnings: readonly PlanWarning[] }

/** The plan of a configuration of either server, or of both. */
async function planOf(named: string | undefined, options: Options): Promise<Planned> {
  const { part, load } = readPart('cardea actions plan', named, options)
  if (part === 'oauth2') return { triggers: explainTokenPlan((await loadOAuth2Config(load)).settings), warnings: [] }
  const { settings } = await loadConfig({ ...load, placeholders: 'accepted' })
  const tokens = settings.oauth2Server === null ? [] : explainTokenPlan(settings.oauth2Server)
  return { triggers: [...explainPlan(settings), ...tokens], warnings: planWarnings(settings) }
}

async function plan(named: string | undefined, options: Options): Promise<void> {
  const { triggers: all, warnings: said } = await planOf(named, options)
  const { flow } = options
  const shown = flow === undefined ? all : all.filter(({ trigger }) => trigger.startsWith(`${flow}.`))
  if (shown.length === 0) throw new UsageError(`There is no flow "${flow}" with a method that is switched on.`)
  const warnings = said.filter(({ where }) => flow === undefined || where.startsWith(`${flow}.`))
  if (options.format === 'json') printJson({ triggers: shown, warnings })
  else {
    process.stdout.write(planText(shown))
    process.stdout.write(warnings.map(({ kind, where, text }) => `warning  ${where}  ${text} (${kind})\n`).join(''))
  }
}

function planText(triggers: readonly TriggerPlan[]): string {
  const busy = triggers.filter(({ steps }) => steps.length > 0)
  const idle = triggers.filter(({ steps }) => steps.length === 0).map(({ trigger }) => trigger)
  if (busy.length === 0) {
    return 'No actions are configured.\nPut some under selfservice.flows.<flow>.before.hooks or .after.hooks, actions.on.<event>.hooks, or tokens.before_issue.hooks of an OAuth2 server; docs/configuration.md lists them.\n'
  }
  const sections = busy.map(({ trigger, steps }) => `${trigger}\n${indented(stepTable(steps))}\n`)
  return sections.join('') + (idle.length === 0 ? '' : `Nothing runs at ${idle.join(', ')}.\n`)
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '  ')

const stepTable = (steps: readonly PlanStep[]) =>
  table(
    ['', 'when', 'action', 'call', 'why', 'where'],
    steps.map((step, at) => [String(at + 1), step.beat, step.kind, callText(step), step.why, step.where]),
  )

function callText({ call }: PlanStep): string {
  if (call === null) return ''
  const limits = `${call.timeout / 1000}s, ${call.on_failure}`
  return `${call.target} (${call.answer}; ${limits}${call.when === null ? '' : `; when ${call.when}`})`
}

const READING = {
  readFile: (path: string) => readFile(path, 'utf8'),
  // Templates of the web are looked at when they are used.
  fetchText: () => Promise.resolve('function(ctx) {}'),
}

async function remarksOf(named: string | undefined, options: Options) {
  const { part, load } = readPart('cardea actions lint', named, options)
  if (part === 'oauth2') {
    const { settings, warnings } = await loadOAuth2Config(load)
    return { remarks: await lintTokenActions(settings, READING), warnings }
  }
  const { settings, warnings } = await loadConfig({ ...load, placeholders: 'accepted' })
  return { remarks: await lintActions(settings, READING), warnings }
}

async function lint(named: string | undefined, options: Options): Promise<void> {
  const { remarks, warnings } = await remarksOf(named, options)
  const problems = remarks.filter(({ severity }) => severity === 'problem' || options.strict === true)
  if (options.format === 'json') printJson({ problems: problems.length, remarks, warnings })
  else process.stdout.write(lintText(remarks, problems.length))
  if (problems.length > 0) process.exitCode = 1
}

function lintText(remarks: readonly Remark[], problems: number): string {
  if (remarks.length === 0) return 'Nothing is wrong with the actions.\n'
  const rows = remarks.map(
    ({ severity, where, kind, text }) => `${severity.padEnd(7)}  ${where}  ${kind}\n         ${text}\n`,
  )
  return `${rows.join('')}${problems === 0 ? 'No problems' : `${problems} problem${problems === 1 ? '' : 's'}`}, ${remarks.length - problems} to know about.\n`
}
