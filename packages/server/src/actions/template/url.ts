import type { JsonObject } from '../../core/json.ts'
import { ExpressionError } from './expression.ts'
import { encodeSegment } from './functions.ts'
import { fillIn, isTemplate, readTextTemplate, type TextTemplate } from './text-template.ts'

/** Where a hook calls: an address, or one that is filled in at each call. */
export type HookUrl =
  | { readonly kind: 'fixed'; readonly href: string }
  | { readonly kind: 'template'; readonly template: TextTemplate }

/** What is wrong with a configured URL; null if nothing is. */
export function urlProblem(text: string): string | null {
  if (!isTemplate(text)) return isWebUrl(text) ? null : 'must be an http or https URL'
  const [host = ''] = text.split('${', 1)
  if (!/^https?:\/\/[^/?#]+[/?]/i.test(host)) {
    return 'must name its host before the first ${…}: expressions may stand in the path and in the query only'
  }
  try {
    const template = readTextTemplate(text)
    const sample = template.map((part) => (part.kind === 'text' ? part.text : 'x')).join('')
    const url = URL.parse(sample)
    if (url === null) return 'must be an http or https URL'
    return url.username === '' && url.password === '' ? null : 'must not hold credentials beside ${…}: use auth'
  } catch (error) {
    if (error instanceof ExpressionError) return `must hold expressions that can be read (${error.message})`
    throw error
  }
}

const isWebUrl = (text: string) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '')

/** The user and password of an address become a header (`headers.ts`); the address itself goes without them. */
export function readUrl(text: string): HookUrl {
  if (isTemplate(text)) return { kind: 'template', template: readTextTemplate(text) }
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return { kind: 'fixed', href: url.href }
}

/** An address as logs may show it: no credentials, and nothing of the query. */
export function endpointOf(text: string): string {
  const [address = ''] = text.split(/[?#]/, 1)
  return address.replace(/^(https?:\/\/)[^/]*@/i, '$1')
}

/** The address of one call. No value can leave its own segment (reliability.md T39). */
export function fillUrl(url: HookUrl, context: JsonObject): string {
  if (url.kind === 'fixed') return url.href
  const filled = fillIn(url.template, context, (value, before) => {
    const isInPath = !before.includes('?') && !before.includes('#')
    if (isInPath && value === '') throw new ExpressionError('a segment of the path is empty')
    return encodeSegment(value)
  })
  const [path = ''] = filled.split(/[?#]/, 1)
  // Every parser of URLs takes these for steps through the tree, however they are spelt.
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    throw new ExpressionError('a segment of the path is "." or ".."')
  }
  return filled
}
