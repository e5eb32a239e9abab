import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { explainPlan, type PlanStep, type TriggerPlan } from '../config/explain-plan.ts'
import { lintActions, type Remark } from '../config/lint.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { explainTokenPlan } from '../config/oauth2/explain-token-plan.ts'
import { planWarnings } from '../config/plan-warnings.ts'
import { actionsLogCommand } from './actions-log.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = {
  readonly config: readonly string[]
  readonly profile: string
  readonly dev?: true
  readonly format: string
  readonly flow?: string
  readonly strict?: true
}

/** `cardea actions plan | lint | log`. */
export function actionsCommand(program: Command): void {
  const group = program.command('actions').description('see what the actions will do, and what they did')
  withFiles(group.command('plan').description('which actions run at each trigger, in which order, and why'))
    .option(
      '--flow <flow>',
      'only this flow: login, registration, recovery, verification, settings or tokens; `on` for events',
    )
    .action(plan)
  withFiles(group.command('lint').description('what is wrong, or perhaps not meant; exit code 1 on problems'))
    .option('--strict', 'notes count as problems')
    .action(lint)
  actionsLogCommand(group)
}

const withFiles = (command: Command) =>
  command
    .option('-c, --config <file...>', 'configuration files, YAML or JSON; later ones win', [])
    .option('--profile <profile>', 'safe (cardea serve) or ory (cardea serve identity)', 'safe')
    .option('--dev', 'as the server would read it with --dev')
    .option('--format <format>', 'table or json', 'table')

async function load(command: string, { config, profile, dev, format }: Options): Promise<Loaded> {
  if (config.length === 0) {
    throw new UsageError(`Which configuration? Name its file: cardea actions ${command} -c cardea.yml`)
  }
  if (profile !== 'safe' && profile !== 'ory') throw new UsageError('--profile is either safe or ory.')
  if (format !== 'table' && format !== 'json') throw new UsageError('--format is either table or json.')
  return loadConfig({ files: config, profile, dev: dev === true, placeholders: 'accepted' })
}

const printJson = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)

async function plan(options: Options): Promise<void> {
  const { settings } = await load('plan', options)
  const tokens = settings.oauth2Server === null ? [] : explainTokenPlan(settings.oauth2Server)
  const all = [...explainPlan(settings), ...tokens]
  const { flow } = options
  const shown = flow === undefined ? all : all.filter(({ trigger }) => trigger.startsWith(`${flow}.`))
  if (shown.length === 0) throw new UsageError(`There is no flow "${flow}" with a method that is switched on.`)
  const warnings = planWarnings(settings).filter(({ where }) => flow === undefined || where.startsWith(`${flow}.`))
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
    return 'No actions are configured.\nPut some under selfservice.flows.<flow>.before.hooks or .after.hooks, or actions.on.<event>.hooks; docs/configuration.md lists them.\n'
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

async function lint(options: Options): Promise<void> {
  const { settings, warnings } = await load('lint', options)
  const remarks = await lintActions(settings, {
    readFile: (path) => readFile(path, 'utf8'),
    // Templates of the web are looked at when they are used.
    fetchText: () => Promise.resolve('function(ctx) {}'),
  })
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
