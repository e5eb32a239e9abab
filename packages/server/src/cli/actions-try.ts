import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { answerText, requestText } from './actions-deliveries.ts'
import { listIn } from './actions-state.ts'
import { type AdminOptions, askAdmin, withAdminOptions } from './admin-client.ts'
import { formatted, printJson, withFormat } from './format.ts'
import { cell } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = AdminOptions & {
  readonly format: string
  readonly ctx?: string
  readonly delivery?: string
  readonly trigger?: string
  readonly template?: string
  readonly send?: true
}

/** `cardea actions test | dry-run | trigger`: what an action would do, without anything having happened. */
export function actionsTryCommands(group: Command): void {
  withSource(
    group
      .command('test <action>')
      .description(
        'send a test event to the receiver of an action, with its secrets; exit code 1 unless it answers 2xx',
      ),
  ).action((action: string, options: Options) => tryOne(action, { ...options, send: true }))
  withSource(
    group
      .command('dry-run <action>')
      .description('show what an action would send; nothing is sent; exit code 1 if its template fails')
      .option('--template <file>', 'try this Jsonnet file as its body')
      .option('--send', 'send it as well'),
  ).action(tryOne)
  withSource(
    group
      .command('trigger <trigger>')
      .description('show what every action at a trigger would send, as if it had fired; nothing is stored')
      .option('--send', 'send it as well'),
  ).action(tryAll)
}

const withSource = (command: Command): Command =>
  withAdminOptions(
    withFormat(
      command
        .option(
          '--delivery <id>',
          'what this delivery’s template saw; else the latest of the action, else somebody made up',
        )
        .option('--ctx <file>', 'a JSON file with the ctx; - for standard input'),
    ),
  )

async function bodyFor({ ctx, delivery, template, send, trigger }: Options): Promise<JsonObject> {
  if (ctx !== undefined && delivery !== undefined) throw new UsageError('Either --ctx or --delivery, not both.')
  return {
    ...(ctx === undefined ? {} : { ctx: await ctxIn(ctx) }),
    ...(delivery === undefined ? {} : { delivery }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(template === undefined ? {} : { template: await textIn(template) }),
    ...(send ? { send: true } : {}),
  }
}

async function textIn(file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks).toString()
  }
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
}

async function ctxIn(file: string): Promise<JsonObject> {
  const text = await textIn(file)
  try {
    const value: Json = JSON.parse(text)
    if (isJsonObject(value)) return value
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  throw new UsageError(`${file} must hold a JSON object, as templates see it as ctx.`)
}

const tried = async (action: string, options: Options, body: JsonObject): Promise<JsonObject> => {
  const { json } = await askAdmin(options, `/admin/actions/${encodeURIComponent(action)}/dry-runs`, {
    method: 'POST',
    body,
  })
  return isJsonObject(json) ? json : {}
}

async function tryOne(action: string, options: Options): Promise<void> {
  const result = await tried(action, options, await bodyFor(options))
  judge([result])
  if (formatted(options) === 'json') printJson(result)
  else process.stdout.write(resultText(result))
}

async function tryAll(trigger: string, options: Options): Promise<void> {
  const { json } = await askAdmin(options, '/admin/actions')
  const actions = listIn(json)
  const at = (action: JsonObject) => (Array.isArray(action['triggers']) ? action['triggers'].map(cell) : [])
  const known = [...new Set(actions.flatMap(at))].toSorted()
  const here = actions.filter((action) => at(action).includes(trigger))
  if (here.length === 0) {
    throw new UsageError(
      known.length === 0
        ? 'No action runs at any trigger.'
        : `Nothing runs at ${trigger}. Actions run at ${known.join(', ')}.`,
    )
  }
  const body = await bodyFor(options)
  const calls = here.filter((action) => cell(action['call']) !== '')
  const results: JsonObject[] = []
  for (const action of calls) {
    const own = body['ctx'] === undefined && body['delivery'] === undefined ? { ...body, trigger } : body
    results.push(await tried(cell(action['id']), options, own))
  }
  judge(results)
  const silent = here.filter((action) => cell(action['call']) === '').map((action) => cell(action['kind']))
  if (formatted(options) === 'json') return printJson({ trigger, results, without_a_call: silent })
  process.stdout.write(results.map(resultText).join('\n'))
  if (silent.length > 0)
    process.stdout.write(`${results.length === 0 ? '' : '\n'}Without a call, so not tried: ${silent.join(', ')}.\n`)
}

/** A template that fails, and a receiver that does not answer 2xx, are failures of the trial. */
function judge(results: readonly JsonObject[]): void {
  const isBad = ({ outcome, sent }: JsonObject) => {
    if (outcome === 'failed') return true
    const status = isJsonObject(sent) ? Number(sent['status']) : 200
    return !(status >= 200 && status < 300)
  }
  if (results.some(isBad)) process.exitCode = 1
}

function resultText(result: JsonObject): string {
  const { outcome, sent, request, detail, from } = result
  const head = `${cell(result['action_id'])}, from ${cell(from)}\n`
  switch (cell(outcome)) {
    case 'skipped':
      return `${head}  its condition \`when\` is false: nobody would be called\n`
    case 'cancelled':
      return `${head}  its template cancels: nobody would be called\n`
    case 'failed':
      return `${head}  its template fails: ${cell(detail)}\n`
    default:
      return `${head}${isJsonObject(request) ? requestText(request) : ''}${isJsonObject(sent) ? sentText(sent) : '\nNothing was sent.\n'}`
  }
}

function sentText(sent: JsonObject): string {
  const timings = isJsonObject(sent['timings_ms'])
    ? Object.entries(sent['timings_ms']).flatMap(([part, time]) => (time === null ? [] : [`${part} ${cell(time)} ms`]))
    : []
  const status = cell(sent['status'])
  const said = status === '' ? `no answer: ${cell(sent['reason'])}` : `answered ${status}`
  const answer = isJsonObject(sent['answer']) ? answerText(sent['answer']).replace(/^\nanswered\n/, '') : ''
  return `\nSent, ${said}${timings.length === 0 ? '' : ` (${timings.join(', ')})`}\n${answer}`
}
