import ipaddr from 'ipaddr.js'

/**
 * What lies behind an address. `private`: loopback, link-local and the operator's own networks. `special`: what no
 * receiver has (documentation, multicast, tunnels). `metadata`: where a cloud hands out credentials.
 */
export type AddressKind = 'public' | 'private' | 'special' | 'metadata'

type Bytes = readonly number[]

const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
])

/** Judges a literal address in whatever spelling; null for a name, which has to be resolved first. */
export function classifyAddress(host: string): AddressKind | null {
  const text = withoutBrackets(host).split('%', 1)[0] ?? ''
  if (!ipaddr.isValid(text)) return null
  const address = ipaddr.parse(text)
  return address.kind() === 'ipv4' ? classify4(address.toByteArray()) : classify6(address.toByteArray())
}

export const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1')

function classify4(bytes: Bytes): AddressKind {
  const address = ipaddr.fromByteArray([...bytes])
  if (METADATA.has(address.toString())) return 'metadata'
  const range = address.range()
  if (range === 'unicast') return 'public'
  return range === 'private' || range === 'loopback' || range === 'linkLocal' ? 'private' : 'special'
}

function classify6(bytes: Bytes): AddressKind {
  const address = ipaddr.fromByteArray([...bytes])
  if (METADATA.has(address.toString())) return 'metadata'
  const carried = carriedAddress(bytes)
  if (carried !== null) {
    const inside = classify4(carried.bytes)
    return inside === 'metadata' || carried.reaches ? inside : 'special'
  }
  const range = address.range()
  if (range === 'loopback' || range === 'uniqueLocal') return 'private'
  // Only 2000::/3 is given out to anybody.
  return range === 'unicast' && startsWith(bytes, [0x20], 3) ? isatap(bytes) : 'special'
}

type Carrier = { readonly prefix: Bytes; readonly bits: number; readonly at: number; readonly reaches: boolean }

/** IPv6 forms that carry an IPv4 address, and whether a connection really ends at that address. */
const CARRIERS: readonly Carrier[] = [
  // ::ffff:a.b.c.d, mapped (RFC 4291)
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], bits: 96, at: 12, reaches: true },
  // 64:ff9b::a.b.c.d, NAT64 (RFC 6052)
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], bits: 96, at: 12, reaches: true },
  // 64:ff9b:1::/48, NAT64 of a site (RFC 8215)
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], bits: 48, at: 12, reaches: false },
  // ::ffff:0:a.b.c.d, SIIT (RFC 6145)
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], bits: 96, at: 12, reaches: false },
  // 2002:abcd::/16, 6to4 (RFC 3056)
  { prefix: [0x20, 0x02], bits: 16, at: 2, reaches: false },
]

function carriedAddress(bytes: Bytes): { readonly bytes: Bytes; readonly reaches: boolean } | null {
  const carrier = CARRIERS.find(({ prefix, bits }) => startsWith(bytes, prefix, bits))
  return carrier === undefined ? null : { bytes: bytes.slice(carrier.at, carrier.at + 4), reaches: carrier.reaches }
}

/** ISATAP hides an IPv4 address behind any prefix (RFC 5214): public only where that one is. */
function isatap(bytes: Bytes): AddressKind {
  const marked = (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
  if (!marked) return 'public'
  const inside = classify4(bytes.slice(12))
  return inside === 'private' ? 'special' : inside
}

const startsWith = (bytes: Bytes, prefix: Bytes, bits: number) =>
  bytes.every((byte, at) => {
    const kept = Math.max(0, Math.min(8, bits - at * 8))
    const mask = (0xff << (8 - kept)) & 0xff
    return (byte & mask) === ((prefix[at] ?? 0) & mask)
  })
