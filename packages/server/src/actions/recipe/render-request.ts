import type { RenderedCall } from '../../core/delivery.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { evaluate, ExpressionError } from '../template/expression.ts'
import { encodeSegment } from '../template/functions.ts'
import { headerValue } from '../template/header-value.ts'
import { renderForm } from '../template/render-form.ts'
import { fillIn, type TextTemplate } from '../template/text-template.ts'
import type { BodyKind, Recipe, RequestTemplate } from './recipe.ts'
import { placesOfSecrets } from './secret-marks.ts'

/** What a connection adds to its recipe once and for all. */
export type Target = {
  /** Scheme, host and port, or the secret that is the whole address. */
  readonly baseUrl: string
  /** Names of headers whose values are secrets. */
  readonly secretHeaders: readonly string[]
  readonly isSigned: boolean
}

const LARGEST_BODY = 256 * 1024

const TYPES: { readonly [K in BodyKind]: string } = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  ndjson: 'application/x-ndjson',
  text: 'text/plain; charset=utf-8',
}

/** Renders one call of a recipe; throws ExpressionError where it can't be. */
export function renderRequest(
  recipe: Pick<Recipe, 'headers' | 'limits' | 'nonce'>,
  request: RequestTemplate,
  target: Target,
  scope: JsonObject,
): RenderedCall {
  const { method, body } = request
  const written = body === null ? null : writeBody(body.kind, evaluate(body.expression, scope, LARGEST_BODY))
  const placed = body === null || written === null ? { body: null } : place(body.kind, written, recipe.nonce)
  const { body: most } = recipe.limits
  const size = Buffer.byteLength(placed.body ?? '')
  if (most !== null && size > most) {
    throw new ExpressionError(`the body has ${size} bytes, and the vendor takes at most ${most}`)
  }
  return {
    method,
    url: urlOf(request, target.baseUrl, scope),
    headers: {
      ...(body === null ? {} : { 'content-type': TYPES[body.kind] }),
      ...headersOf({ ...recipe.headers, ...request.headers }, scope),
    },
    ...placed,
    secretHeaders: target.secretHeaders,
    ...(target.isSigned ? { isSigned: true } : {}),
  }
}

function urlOf({ path, query }: RequestTemplate, baseUrl: string, scope: JsonObject): string {
  const filled = fillIn(path, scope, (value) => {
    if (value === '') throw new ExpressionError('a segment of the path is empty')
    return encodeSegment(value)
  })
  // Every parser of URLs takes these for steps through the tree, however they are spelt.
  if (filled.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    throw new ExpressionError('a segment of the path is "." or ".."')
  }
  const pairs = Object.entries(query).map(
    ([name, template]: readonly [string, TextTemplate]) =>
      `${encodeSegment(name)}=${fillIn(template, scope, encodeSegment)}`,
  )
  return `${baseUrl}${filled}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}

const headersOf = (templates: RequestTemplate['headers'], scope: JsonObject) =>
  Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [
      name.toLowerCase(),
      fillIn(template, scope, (value) => headerValue(name, value)),
    ]),
  )

function writeBody(kind: BodyKind, value: Json): string {
  switch (kind) {
    case 'json':
      return JSON.stringify(value)
    case 'ndjson':
      if (!isList(value)) throw new ExpressionError('a body of lines must be a list')
      return value.map((line) => `${JSON.stringify(line)}\n`).join('')
    case 'text':
      if (typeof value !== 'string') throw new ExpressionError('a body of text must be a text')
      return value
    case 'form': {
      const form = isJsonObject(value) ? renderForm(value) : null
      if (form === null) throw new ExpressionError('a form must be an object of texts, nested or not')
      return form
    }
    default:
      return kind satisfies never
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

const place = (kind: BodyKind, written: string, nonce: string) =>
  placesOfSecrets(written, kind === 'form' || kind === 'text' ? kind : 'json', nonce)
