import type { LookupAddress } from 'node:dns'
import { Socket } from 'node:net'
import { buildConnector } from 'undici'
import { type AddressKind, classifyAddress, withoutBrackets } from './classify-address.ts'
import type { Laps } from './laps.ts'

/** How far a connection may go: anywhere public, also to private networks, or to whatever an exception names. */
export type Reach = 'public' | 'private' | 'any'
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

/** The target is one that actions may not reach. Says which host, never where it leads. */
export class RefusedAddressError extends Error {}
/** The name has no address, or far too many. */
export class UnresolvedNameError extends Error {}

const MAY_REACH: { readonly [R in Reach]: ReadonlySet<AddressKind> } = {
  public: new Set(['public']),
  private: new Set(['public', 'private']),
  // A cloud's metadata service is out of reach whatever is configured.
  any: new Set(['public', 'private', 'special']),
}

const MOST_ADDRESSES = 32
const MOST_TRIES = 4
const RESOLVING = 2_000

/**
 * Connects only where `reach` allows: a literal address is judged as it stands, a name is resolved once, refused if any
 * of its addresses is, and the connection goes to the address that was judged, so a second answer changes nothing.
 */
export function guardedConnector(
  reach: Reach,
  resolve: Resolve,
  lapsOfCaller: () => Laps | undefined = () => undefined,
  /** What is shown to whoever asks who we are. */
  shown: { readonly cert?: string; readonly key?: string } = {},
): buildConnector.connector {
  const patient = buildConnector({ ...shown, allowH2: false, timeout: 10_000 })
  const brief = buildConnector({ ...shown, allowH2: false, timeout: 1_000 })

  const connect = async (options: buildConnector.Options): Promise<Connected> => {
    const laps = lapsOfCaller()
    const host = withoutBrackets(options.hostname)
    const isLiteral = classifyAddress(host) !== null
    if (!isLiteral) laps?.enter('dns')
    const addresses = (await judged(reach, resolve, host)).slice(0, MOST_TRIES)
    // For a literal address TLS compares the certificate with the address itself.
    const servername = isLiteral ? {} : { servername: options.servername || host }
    const tryOne = (address: string, isLast: boolean) =>
      connected(isLast ? patient : brief, { ...options, ...servername, hostname: address }, laps)

    const [first = host, ...others] = addresses
    let socket = tryOne(first, others.length === 0)
    for (const [at, address] of others.entries()) {
      socket = socket.catch(() => tryOne(address, at === others.length - 1))
    }
    const open = await socket
    laps?.enter('wait')
    if (mayReach(reach, open.remoteAddress ?? '')) return open
    open.destroy()
    throw refused(host)
  }

  return (options, callback) => {
    void settle(connect(options), callback)
  }
}

async function settle(connecting: Promise<Connected>, callback: buildConnector.Callback): Promise<void> {
  try {
    callback(null, await connecting)
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null)
  }
}

type Connected = Exclude<Parameters<buildConnector.Callback>[1], null>

async function judged(reach: Reach, resolve: Resolve, host: string): Promise<readonly string[]> {
  const addresses = classifyAddress(host) === null ? await resolved(resolve, host) : [host]
  if (addresses.every((address) => mayReach(reach, address))) return addresses
  throw refused(host)
}

async function resolved(resolve: Resolve, name: string): Promise<readonly string[]> {
  const answers = await within(RESOLVING, resolve(name)).catch((cause: unknown) => {
    throw new UnresolvedNameError(`the name ${name} could not be resolved`, { cause })
  })
  if (answers.length === 0) throw new UnresolvedNameError(`the name ${name} has no address`)
  if (answers.length > MOST_ADDRESSES) throw new UnresolvedNameError(`the name ${name} has too many addresses`)
  return answers.map(({ address }) => address)
}

/** A lookup that never ends must not keep a connection waiting for ever. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const timer: { handle?: NodeJS.Timeout } = {}
  const late = new Promise<never>((_resolve, reject) => {
    timer.handle = setTimeout(() => reject(new Error('too slow')), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer.handle))
}

const mayReach = (reach: Reach, address: string) => {
  const kind = classifyAddress(address)
  return kind !== null && MAY_REACH[reach].has(kind)
}

const refused = (host: string) => new RefusedAddressError(`actions may not call ${host}`)

const connected = (
  connector: buildConnector.connector,
  options: buildConnector.Options,
  laps: Laps | undefined,
): Promise<Connected> =>
  new Promise((resolve, reject) => {
    laps?.enter('connect')
    // The library returns the socket; its types do not say so.
    const opening: unknown = connector(options, (error, socket) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
    if (laps === undefined || options.protocol !== 'https:' || !(opening instanceof Socket)) return
    opening.once('connect', () => laps.enter('tls'))
  })
