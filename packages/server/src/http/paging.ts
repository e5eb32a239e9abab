import { WireError } from '../core/errors.ts'
import { isUuid } from '../core/ids.ts'

/** A page by key: what follows `after`, `size` of it. */
export type KeyPage = { readonly after: string | null; readonly size: number }

const USUAL = 250
const MOST = 500
const FIRST = '00000000-0000-0000-0000-000000000000'

/** Reads `page_size` and `page_token`; `per_page` alone means `page_size` (ory-identity-api.md §9.4). */
export function keyPage(query: URLSearchParams): KeyPage {
  const text = query.get('page_size') ?? query.get('per_page') ?? ''
  if (!/^\d*$/.test(text)) throw new WireError(400, null, { reason: `page_size must be a number, not "${text}".` })
  const token = query.get('page_token') ?? ''
  if (token !== '' && !isUuid(token)) throw new WireError(400, null, { reason: 'The page token is invalid.' })
  return {
    after: token === '' || token === FIRST ? null : token.toLowerCase(),
    size: Math.min(Number(text) || USUAL, MOST),
  }
}

/** Where the first and the next page are: relative, with the other parameters, in the order of their names. */
export function linkHeader(path: string, query: URLSearchParams, { size }: KeyPage, next: string | null): string {
  const link = (token: string, rel: string) => {
    const target = new URLSearchParams([...query].filter(([name]) => name !== 'per_page'))
    target.set('page_size', String(size))
    target.set('page_token', token)
    target.sort()
    return `<${path}?${target.toString()}>; rel="${rel}"`
  }
  return [link(FIRST, 'first'), ...(next === null ? [] : [link(next, 'next')])].join(',')
}

/** A page by number, as clients of long ago ask for it: `page` from 0 and `per_page`. */
export type NumberedPage = { readonly page: number; readonly size: number }

/** Numbers make the database walk past everything before them, so they end early (§9.4). */
const FARTHEST = 1000

/** Null where the request names no `page`. */
export function numberedPage(query: URLSearchParams): NumberedPage | null {
  const text = query.get('page')
  if (text === null || query.has('page_token')) return null
  const { size } = keyPage(query)
  if (!/^\d+$/.test(text) || Number(text) * size > FARTHEST) {
    throw new WireError(400, null, { reason: `page must be a number, and page times per_page at most ${FARTHEST}.` })
  }
  return { page: Number(text), size }
}

/** Where the pages around a numbered one are; where there is but one, it is named as the first, with all that is on it. */
export function numberedLinks(path: string, { page, size }: NumberedPage, total: number): string {
  const link = (to: number, rel: string, shown = size) => `<${path}?page=${to}&per_page=${shown}>; rel="${rel}"`
  if (total <= size && page === 0) return link(0, 'first', total)
  const last = Math.max(Math.ceil(total / size) - 1, 0)
  return [
    ...(page > 0 ? [link(0, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next')] : []),
    ...(page > 0 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(last, 'last')] : []),
  ].join(',')
}
