import { parseCookie } from 'cookie'
import ipaddr from 'ipaddr.js'
import type { RequestFacts } from '../core/request.ts'

type Incoming = {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  readonly remotePort: number
}

/** What a request tells about itself: canonical header names, cookies, the address it came from, the URL its client saw. */
export function factsOf({ method, url, rawHeaders, remoteAddress, remotePort }: Incoming): RequestFacts {
  const headers = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = canonical(rawHeaders[i] ?? '')
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[i + 1] ?? ''])
  }
  const first = (name: string) => headers.get(name)?.[0]
  const host = first('X-Forwarded-Host') ?? first('Host') ?? 'localhost'
  const scheme = first('X-Forwarded-Proto') === 'https' ? 'https' : 'http'
  const cookies = Object.entries(parseCookie((headers.get('Cookie') ?? []).join('; ')))
  return {
    method,
    url: `${scheme}://${host}${url}`,
    headers: Object.fromEntries(headers),
    cookies: Object.fromEntries(cookies.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    clientIp: clientIp(first, headers.get('X-Forwarded-For'), peerOf(remoteAddress, remotePort)),
    userAgent: first('User-Agent') ?? '',
    location: [first('Cf-Ipcity'), first('Cf-Ipcountry')].filter(Boolean).join(', '),
  }
}

/** Proxies' own headers first, then the last public address of `X-Forwarded-For` (ory-identity-api.md §8.1). */
function clientIp(
  first: (name: string) => string | undefined,
  forwarded: readonly string[] | undefined,
  remote: string,
): string {
  const named = first('True-Client-Ip') ?? first('Cf-Connecting-Ip') ?? first('X-Real-Ip')
  if (named !== undefined) return named
  const hops = (forwarded ?? []).flatMap((line) => line.split(',')).map((hop) => hop.trim())
  return hops.findLast((hop) => ipaddr.isValid(hop) && ipaddr.process(hop).range() === 'unicast') ?? remote
}

/** `Content-Type` of `content-type`. */
export const canonical = (name: string) => name.toLowerCase().replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())

/** As Go writes a peer: an IPv6 address in brackets, so that its port can be told from it. */
const peerOf = (address: string | undefined, port: number | undefined) =>
  address?.includes(':') === true ? `[${address}]:${port}` : `${address}:${port}`
