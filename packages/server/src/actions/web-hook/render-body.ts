import { JsonnetError, type Program } from '@cardea/jsonnet'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Milliseconds } from '../../core/time.ts'
import { type Encoding, encodingOf } from './content-type.ts'
import { FUNCTIONS } from '../template/functions.ts'
import { renderForm } from '../template/render-form.ts'
import { TemplateError, type Templates } from './templates.ts'

/** What a template makes of the moment: a body, the wish not to be called, or a failure for the log. */
export type RenderedBody =
  | { readonly kind: 'body'; readonly body: string | null }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly detail: string }

type Body = {
  readonly method: string
  readonly contentType: string
  /** Null: the call has no body. */
  readonly template: string | null
}

const LARGEST_INPUT = 1024 * 1024
const LONGEST_EVALUATION: Milliseconds = 1_000

/** Renders the body of a call from its template (ory-actions.md §4.2, §4.5). */
export async function renderBody(
  templates: Templates,
  { method, contentType, template }: Body,
  context: JsonObject,
  budget: Milliseconds,
): Promise<RenderedBody> {
  // TRACE has no body, and Ory does not even look at its template.
  if (template === null || method === 'TRACE') return { kind: 'body', body: null }
  const encoding = encodingOf(contentType)
  try {
    const program = await templates.load(template, budget)
    return encoding === null
      ? failed(
          'incorrect Content-Type for request with body: it must be application/json without parameters, another type ending in +json, a form, text or XML',
        )
      : write(program, encoding, context)
  } catch (error) {
    if (error instanceof TemplateError) return failed(error.message)
    if (!(error instanceof JsonnetError)) throw error
    // A form cannot be cancelled in Ory either.
    const isCancel = encoding !== 'form' && error.message.includes('RUNTIME ERROR: cancel')
    return isCancel ? { kind: 'cancelled' } : failed(`the template failed: ${error.message.trim().slice(0, 500)}`)
  }
}

function write(program: Program, encoding: Encoding, context: JsonObject): RenderedBody {
  if (Buffer.byteLength(JSON.stringify(context)) > LARGEST_INPUT) throw new TemplateError('ctx is larger than 1 MiB')
  const options = {
    tla: { ctx: { value: context } },
    natives: FUNCTIONS,
    limits: { milliseconds: LONGEST_EVALUATION },
  }
  switch (encoding) {
    case 'json':
      return { kind: 'body', body: program.evaluate(options) }
    case 'text':
      return { kind: 'body', body: program.evaluateString(options) }
    case 'form': {
      const value = program.evaluateValue(options)
      const body = isJsonObject(value) ? renderForm(value) : null
      return body === null ? failed(NO_FORM) : { kind: 'body', body }
    }
    default:
      return encoding satisfies never
  }
}

const NO_FORM = 'a form body must be an object of strings, nested or not; numbers and the like need std.toString'

const failed = (detail: string): RenderedBody => ({ kind: 'failed', detail })
