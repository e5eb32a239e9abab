import type { Exchange } from './exchange.ts'

type Range = { readonly type: string; readonly q: number }

/** Whether the client wants JSON: by `Accept`, or because it sends exactly that (ory-identity-api.md §1.3, rule 1). */
export const isJson = (exchange: Pick<Exchange, 'header'>) =>
  exchange.header('content-type') === 'application/json' ||
  negotiate(exchange.header('accept'), ['text/html', 'text/*', '*/*', 'application/json']) === 'application/json'

/** Whether a success should be JSON rather than a redirect: only `Accept` counts (rule 2). */
export const acceptsJson = (exchange: Pick<Exchange, 'header'>) =>
  negotiate(exchange.header('accept'), ['text/html', 'application/json']) === 'application/json'

/** The best offer: highest q wins, an exact match beats a wildcard, then the first offer wins. The first offer is the default. */
function negotiate(accept: string | null, offers: readonly [string, ...string[]]): string {
  let best = { offer: offers[0], q: -1, exactness: -1 }
  for (const offer of offers) {
    for (const { type, q } of parseAccept(accept ?? '')) {
      const exactness = exactnessOf(type, offer)
      if (q === 0 || exactness < 0) continue
      if (q > best.q || (q === best.q && exactness > best.exactness)) best = { offer, q, exactness }
    }
  }
  return best.offer
}

function exactnessOf(range: string, offer: string): number {
  if (range === offer && range !== '*/*') return 2
  if (range === '*/*') return 0
  return range.endsWith('/*') && offer.startsWith(range.slice(0, -1)) ? 1 : -1
}

const parseAccept = (text: string): readonly Range[] =>
  text
    .split(',')
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
      const q = parameters.find((parameter) => parameter.startsWith('q='))
      return { type, q: q === undefined ? 1 : Number(q.slice(2)) || 0 }
    })
    .filter(({ type }) => type !== '')
