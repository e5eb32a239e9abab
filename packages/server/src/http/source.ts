import ipaddr from 'ipaddr.js'
import type { RequestFacts } from '../core/request.ts'

type Range = ReturnType<typeof ipaddr.parseCIDR>

/**
 * Where a request comes from, as limits count it. Headers are believed only as far as trusted proxies have written them:
 * the last hop that is none of ours (reliability.md T60). One household, one source: an IPv6 address stands for its /64.
 */
export function createSourceOf(trustedProxies: readonly string[]): (request: RequestFacts) => string {
  const trusted = trustedProxies.map(rangeOf)
  const isTrusted = (address: string) => {
    const parsed = ipaddr.process(address)
    return trusted.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits]))
  }
  return ({ peer, headers }) => {
    // A unix socket has no address; who may open it is known.
    const own = ipaddr.isValid(peer) ? [peer] : []
    const hops = (headers['X-Forwarded-For'] ?? []).flatMap((line) => line.split(',').map((hop) => hop.trim()))
    const way = [...hops, ...own]
    const firstUnknown = way.findLastIndex((hop) => !ipaddr.isValid(hop) || !isTrusted(hop))
    const source = way[Math.max(0, firstUnknown)]
    // What nobody can read was written by whoever stands before it.
    if (source === undefined || !ipaddr.isValid(source)) return canonical(way[firstUnknown + 1] ?? peer)
    return canonical(source)
  }
}

/** A single address is a range of one. */
export function rangeOf(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv6' ? 128 : 32]
}

function canonical(text: string): string {
  if (!ipaddr.isValid(text)) return 'local'
  const address = ipaddr.process(text)
  return address instanceof ipaddr.IPv6 ? `${address.parts.slice(0, 4).join(':')}::/64` : address.toString()
}
