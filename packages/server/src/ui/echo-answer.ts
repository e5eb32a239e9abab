import { type Answer, json } from '../http/exchange.ts'

const LONGEST_DELAY = 60_000

/**
 * What the echo receiver answers: 200 `{}`, or what the query asks for, so that every answer of a receiver can be tried:
 * `?status=503`, `?delay=2000`, `?body={"identity":…}`, `?message=…&field=#/traits/email` (a refusal as
 * ory-actions.md §4.7 has it, with status 400 unless one is given).
 */
export function echoAnswer(query: URLSearchParams): { readonly answer: Answer; readonly delay: number } {
  const message = query.get('message')
  const status = number(query.get('status'), { least: 200, most: 599 }) ?? (message === null ? 200 : 400)
  const delay = number(query.get('delay'), { least: 0, most: LONGEST_DELAY }) ?? 0
  return { answer: { ...json(status, {}), body: bodyOf(query, message) }, delay }
}

function bodyOf(query: URLSearchParams, message: string | null): string {
  if (message === null) return query.get('body') ?? '{}'
  const id = number(query.get('id'), { least: 0, most: Number.MAX_SAFE_INTEGER }) ?? 1
  const messages = [{ id, text: message, type: 'error' }]
  return JSON.stringify({ messages: [{ instance_ptr: query.get('field') ?? '#/', messages }] })
}

function number(text: string | null, { least, most }: { readonly least: number; readonly most: number }) {
  if (text === null || !/^\d{1,16}$/.test(text)) return null
  return Math.min(most, Math.max(least, Number(text)))
}
