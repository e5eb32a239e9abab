import { parseCookie } from 'cookie'
import ipaddr from 'ipaddr.js'
import type { RequestFacts } from '../core/request.ts'
import { clientBehind, type IsTrusted } from './source.ts'

type Incoming = {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  readonly remotePort: number
  readonly isEncrypted: boolean
  /** Which proxies are believed; null: whoever asks, as by Ory (ory-identity-api.md §8.1). */
  readonly isTrusted: IsTrusted | null
}

/**
 * What a request tells about itself: canonical header names, cookies, the address it came from, the URL its client saw.
 * Most requests are answered without most of it, so each is worked out when it is first asked for.
 */
export function factsOf(incoming: Incoming): RequestFacts {
  const { method, url, rawHeaders, remoteAddress, isEncrypted, isTrusted } = incoming
  const first = (name: string) => firstHeader(rawHeaders, name)
  const told = (name: string) => (isTrusted === null || isTrusted(remoteAddress) ? first(name) : null)
  const headers = once(() => canonicalHeaders(rawHeaders))
  const cookies = once(() => cookiesOf(rawHeaders))
  const client = once(() => clientIp(incoming))
  return {
    method,
    peer: remoteAddress,
    get url() {
      const host = told('x-forwarded-host') ?? first('host') ?? 'localhost'
      const scheme = told('x-forwarded-proto') ?? (isEncrypted ? 'https' : 'http')
      return `${scheme === 'https' ? 'https' : 'http'}://${host}${url}`
    },
    get headers() {
      return headers()
    },
    get cookies() {
      return cookies()
    },
    get clientIp() {
      return client()
    },
    get userAgent() {
      return first('user-agent') ?? ''
    },
    get location() {
      return [told('cf-ipcity'), told('cf-ipcountry')].filter(Boolean).join(', ')
    },
  }
}

function once<T>(work: () => T): () => T {
  let kept: { readonly value: T } | null = null
  return () => (kept ??= { value: work() }).value
}

/** The first header of that name (in small letters), as node lists them: a name, its value, a name, its value. */
export function firstHeader(rawHeaders: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const given = rawHeaders[i]
    if (given?.length === name.length && given.toLowerCase() === name) return rawHeaders[i + 1] ?? null
  }
  return null
}

/** How often a header is there. */
export function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i]
    if (given?.length === name.length && given.toLowerCase() === name) count += 1
  }
  return count
}

const allHeaders = (rawHeaders: readonly string[], name: string): readonly string[] =>
  rawHeaders.flatMap((given, at) => (at % 2 === 0 && given.toLowerCase() === name ? [rawHeaders[at + 1] ?? ''] : []))

function canonicalHeaders(rawHeaders: readonly string[]): RequestFacts['headers'] {
  const headers = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = canonical(rawHeaders[i] ?? '')
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [rawHeaders[i + 1] ?? ''])
    else values.push(rawHeaders[i + 1] ?? '')
  }
  return Object.fromEntries(headers)
}

function cookiesOf(rawHeaders: readonly string[]): RequestFacts['cookies'] {
  const cookies = Object.entries(parseCookie(allHeaders(rawHeaders, 'cookie').join('; ')))
  return Object.fromEntries(cookies.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** By Ory, proxies' own headers first, then the last public address of `X-Forwarded-For` (ory-identity-api.md §8.1). */
function clientIp({ rawHeaders, remoteAddress, remotePort, isTrusted }: Incoming): string {
  const forwardedFor = allHeaders(rawHeaders, 'x-forwarded-for')
  const peer = peerOf(remoteAddress, remotePort)
  if (isTrusted !== null) {
    const client = clientBehind(isTrusted, { peer: remoteAddress, forwardedFor })
    return client === remoteAddress ? peer : client
  }
  for (const name of ['true-client-ip', 'cf-connecting-ip', 'x-real-ip']) {
    const named = firstHeader(rawHeaders, name)
    if (named !== null) return named
  }
  const hops = forwardedFor.flatMap((line) => line.split(',').map((hop) => hop.trim()))
  return hops.findLast((hop) => ipaddr.isValid(hop) && ipaddr.process(hop).range() === 'unicast') ?? peer
}

/** `Content-Type` of `content-type`. */
const canonical = (name: string) => name.toLowerCase().replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())

/** As Go writes a peer: an IPv6 address in brackets, so that its port can be told from it. */
const peerOf = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
