import { createHash } from 'node:crypto'
import { WireError } from '../core/errors.ts'
import type { AdminListener } from '../core/settings.ts'
import { isSame } from '../crypto/keys.ts'
import type { Exchange } from './exchange.ts'

/**
 * Who may use the admin API (design.md §3, row 14): whoever presents a configured bearer token; without tokens
 * either anyone who reaches the port, as Ory, or only callers whose Host and Origin are the listener's own, which keeps
 * a web page from reaching it through somebody's browser (DNS rebinding).
 */
export function checkAdmin(admin: AdminListener, exchange: Exchange): void {
  if (exchange.path.startsWith('/health/') || exchange.path.startsWith('/admin/health/')) return
  if (admin.bearerTokenHashes.length > 0) return checkToken(admin.bearerTokenHashes, exchange)
  if (admin.open === 'same_host') checkHost(admin, exchange)
}

function checkToken(hashes: readonly string[], exchange: Exchange): void {
  const token = /^bearer (.+)$/i.exec(exchange.header('authorization') ?? '')?.[1]
  const hash = createHash('sha256')
    .update(token ?? '')
    .digest('hex')
  // Every hash is compared, so that the time says nothing about which one matched.
  const matching = hashes.filter((known) => isSame(known, hash))
  if (token === undefined || matching.length === 0) {
    throw new WireError(401, null, {
      reason:
        'The admin API needs an access token: send "Authorization: Bearer …" with one of serve.admin.auth.bearer_tokens.',
    })
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

function checkHost({ baseUrl, port }: AdminListener, exchange: Exchange): void {
  const own = new URL(baseUrl)
  const hosts = new Set([own.host, ...LOOPBACK.flatMap((name) => [`${name}:${port}`, `${name}:${own.port || port}`])])
  const host = (exchange.header('host') ?? '').toLowerCase()
  const origin = exchange.header('origin')
  if (!hosts.has(host)) throw refused(`Host "${host}"`)
  if (origin !== null && !hosts.has(URL.parse(origin)?.host ?? '')) throw refused(`Origin "${origin}"`)
}

const refused = (what: string) =>
  new WireError(403, null, {
    reason: `The admin API does not answer requests with the ${what}. Use the address in serve.admin.base_url, or set serve.admin.auth.bearer_tokens.`,
  })
