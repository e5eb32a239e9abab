import ipaddr from 'ipaddr.js'
import type { RequestFacts } from '../core/request.ts'

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** Whether an address is that of a proxy of ours. A unix socket has none; who may open it is known. */
export type IsTrusted = (address: string) => boolean

export function trustIn(proxies: readonly string[]): IsTrusted {
  const trusted = proxies.map(rangeOf)
  return (address) => {
    if (address === '') return true
    const parsed = ipaddr.process(address)
    return trusted.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits]))
  }
}

type Way = Pick<RequestFacts, 'peer'> & { readonly forwardedFor: readonly string[] }

/**
 * Who asks: the last hop that is no proxy of ours, as far as ours have written down the way (reliability.md T60). Empty
 * where nobody can tell.
 */
export function clientBehind(isTrusted: IsTrusted, { peer, forwardedFor }: Way): string {
  const own = ipaddr.isValid(peer) ? [peer] : []
  const hops = forwardedFor.flatMap((line) => line.split(',').map((hop) => hop.trim()))
  const way = [...hops, ...own]
  const firstUnknown = way.findLastIndex((hop) => !ipaddr.isValid(hop) || !isTrusted(hop))
  const client = way[Math.max(0, firstUnknown)]
  // What nobody can read was written by whoever stands before it.
  return client === undefined || !ipaddr.isValid(client) ? (way[firstUnknown + 1] ?? peer) : client
}

/** Where a request comes from, as limits count it. One household, one source: an IPv6 address stands for its /64. */
export function createSourceOf(trustedProxies: readonly string[]): (request: RequestFacts) => string {
  const isTrusted = trustIn(trustedProxies)
  return ({ peer, headers }) =>
    canonical(clientBehind(isTrusted, { peer, forwardedFor: headers['X-Forwarded-For'] ?? [] }))
}

/** A single address is a range of one. */
function rangeOf(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv6' ? 128 : 32]
}

function canonical(text: string): string {
  if (!ipaddr.isValid(text)) return 'local'
  const address = ipaddr.process(text)
  return address instanceof ipaddr.IPv6 ? `${address.parts.slice(0, 4).join(':')}::/64` : address.toString()
}
