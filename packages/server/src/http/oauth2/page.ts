import type { Seal } from '../../crypto/seal.ts'
import { malformed } from '../../oauth2/fault.ts'
import { type Answer, type Exchange, json, withHeaders } from '../exchange.ts'

const DEFAULT_SIZE = 250
const LARGEST = 500

/** A page by key: the token says where the last one ended (ory-oauth2.md §2.1). */
export type PageOf = { readonly after: string; readonly size: number }

export function pageOf(exchange: Exchange, seal: Seal): PageOf {
  const size = exchange.query.get('page_size') ?? ''
  const token = exchange.query.get('page_token') ?? ''
  if (size !== '' && !/^\d{1,6}$/.test(size)) throw malformed('page_size must be a number')
  const after = token === '' ? '' : seal.open(token)
  if (after === null) throw malformed('page_token is unknown')
  return { after, size: Number(size) === 0 ? DEFAULT_SIZE : Math.min(Number(size), LARGEST) }
}

/** A page with links to the first and, unless this is the last, to the next one (RFC 8288). `more` is asked for one row beyond the page. */
export function pageAnswer<T>(
  exchange: Exchange,
  seal: Seal,
  { size }: PageOf,
  {
    rows,
    key,
    show,
  }: { readonly rows: readonly T[]; readonly key: (row: T) => string; readonly show: (row: T) => unknown },
): Answer {
  const shown = rows.slice(0, size)
  const last = shown.at(-1)
  const link = (rel: string, after: string) => {
    const query = new URLSearchParams(exchange.query)
    query.set('page_size', String(size))
    query.set('page_token', seal.seal(after))
    query.sort()
    return `<${exchange.path}?${query.toString()}>; rel="${rel}"`
  }
  const links = [link('first', ''), ...(rows.length > size && last !== undefined ? [link('next', key(last))] : [])]
  return withHeaders(json(200, shown.map(show)), { link: links.join(',') })
}
