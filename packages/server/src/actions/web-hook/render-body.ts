import { JsonnetError, type Program } from '@cardea/jsonnet'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { TemplateError, type Templates } from './templates.ts'
import type { Milliseconds } from '../../core/time.ts'

/** What a template makes of the moment: a body, the wish not to be called, or a failure for the log. */
export type Rendered =
  | { readonly kind: 'body'; readonly body: string | null }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly detail: string }

type Body = {
  readonly method: string
  readonly contentType: string
  readonly template: string
}

const LARGEST_INPUT = 1024 * 1024
const LONGEST_EVALUATION: Milliseconds = 1_000

/** Renders the body of a call from its template (ory-actions.md §4.2, §4.5). */
export async function renderBody(
  templates: Templates,
  { method, contentType, template }: Body,
  context: JsonObject,
  budget: Milliseconds,
): Promise<Rendered> {
  // TRACE has no body, and Ory does not even look at its template.
  if (method === 'TRACE') return { kind: 'body', body: null }
  try {
    const program = await templates.load(template, budget)
    if (contentType === 'application/json') return { kind: 'body', body: evaluate(program, 'text', context) }
    if (contentType === 'application/x-www-form-urlencoded') return formBody(evaluate(program, 'value', context))
    return failed('incorrect Content-Type for request with body: it must be application/json or a form')
  } catch (error) {
    if (error instanceof TemplateError) return failed(error.message)
    if (!(error instanceof JsonnetError)) throw error
    const isCancel = contentType === 'application/json' && error.message.includes('RUNTIME ERROR: cancel')
    return isCancel ? { kind: 'cancelled' } : failed(`the template failed: ${error.message.trim().slice(0, 500)}`)
  }
}

function evaluate(program: Program, as: 'text', context: JsonObject): string
function evaluate(program: Program, as: 'value', context: JsonObject): unknown
function evaluate(program: Program, as: 'text' | 'value', context: JsonObject): unknown {
  if (Buffer.byteLength(JSON.stringify(context)) > LARGEST_INPUT) throw new TemplateError('ctx is larger than 1 MiB')
  const options = { tla: { ctx: { value: context } }, limits: { milliseconds: LONGEST_EVALUATION } }
  return as === 'text' ? program.evaluate(options) : program.evaluateValue(options)
}

function formBody(value: unknown): Rendered {
  if (!isJsonObject(value)) return failed('a form body must be a flat object of strings')
  const fields = Object.entries(value).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' ? [[name, text]] : [],
  )
  if (fields.length < Object.keys(value).length) return failed('a form body must be a flat object of strings')
  const form = new URLSearchParams(fields)
  form.sort()
  return { kind: 'body', body: form.toString() }
}

const failed = (detail: string): Rendered => ({ kind: 'failed', detail })
