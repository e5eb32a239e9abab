import { AsyncLocalStorage } from 'node:async_hooks'
import { lookup } from 'node:dns/promises'
import { Agent, type Dispatcher } from 'undici'
import type { ClientSettings } from '../core/settings.ts'
import { describeFailure } from './describe-failure.ts'
import { guardedConnector, type Reach, type Resolve } from './guarded-connector.ts'
import { type Laps, startLaps } from './laps.ts'
import type { Answered, FailureReason, OutgoingCall, OutgoingClient, SendOptions, Sent } from './outgoing.ts'
import { readAnswer } from './read-answer.ts'
import { nextHop } from './redirect.ts'
import { matchesGlob } from './url-glob.ts'

type Options = {
  readonly userAgent: string
  readonly resolve?: Resolve
}

/** Opens the guarded client. The settings are asked for at every call, so a new configuration counts at once. */
export function openClient(settings: () => ClientSettings, options: Options): OutgoingClient {
  const resolve = options.resolve ?? ((name: string) => lookup(name, { all: true, verbatim: true }))
  // A connection is opened within the call that needs it; whose it is, is known by that alone.
  const calling = new AsyncLocalStorage<Laps>()
  // One pool per reach: a connection made under an exception is never used without one.
  const agents: { readonly [R in Reach]: Agent } = {
    public: openAgent('public', resolve, calling),
    private: openAgent('private', resolve, calling),
    any: openAgent('any', resolve, calling),
  }
  return {
    send: async (call, sending) => {
      const laps = startLaps(() => performance.now())
      const deps = { agents, settings: settings(), userAgent: options.userAgent, laps }
      const sent = await calling.run(laps, () => sendWithin(deps, call, sending))
      return { ...sent, timings: laps.timings() }
    },
    close: async () => {
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()))
    },
  }
}

const openAgent = (reach: Reach, resolve: Resolve, calling: AsyncLocalStorage<Laps>) =>
  new Agent({
    connect: guardedConnector(reach, resolve, () => calling.getStore()),
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: 16 * 1024,
    // One deadline covers everything; these would be a second, coarser one.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

type Deps = {
  readonly agents: { readonly [R in Reach]: Dispatcher }
  readonly settings: ClientSettings
  readonly userAgent: string
  readonly laps: Laps
}

async function sendWithin(deps: Deps, call: OutgoingCall, { budget, signal }: SendOptions): Promise<Sent> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), Math.max(0, budget))
  const either = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
  try {
    // The library notices a signal only once it is connected; we don't wait for that.
    return await Promise.race([sendHops(deps, call, either), rejection(either)])
  } catch (error) {
    if (deadline.signal.aborted) return failed('timeout', `no answer within ${Math.round(budget)} ms`)
    if (signal?.aborted) return failed('aborted', 'the call was given up because the server is stopping')
    return describeFailure(error)
  } finally {
    clearTimeout(timer)
  }
}

const rejection = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new Error('given up'))
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })

async function sendHops(deps: Deps, call: OutgoingCall, signal: AbortSignal): Promise<Sent> {
  let hop = call
  for (let followed = 0; ; followed++) {
    if (followed > 0) deps.laps.enter('wait')
    const answer = await sendOnce(deps, hop, signal)
    if (answer.kind === 'failed' || answer.status < 300 || answer.status > 399) return answer
    const next = followed < deps.settings.maxRedirects ? nextHop(hop, answer) : null
    if (next === null) return failed('redirect_not_followed', redirectDetail(hop, answer))
    hop = next
  }
}

async function sendOnce(deps: Deps, call: OutgoingCall, signal: AbortSignal): Promise<Sent> {
  const { agents, settings, userAgent, laps } = deps
  const url = URL.parse(call.url)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return failed('invalid_request', 'the URL is not an http or https address')
  }
  const headers = {
    'user-agent': userAgent,
    ...Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name.toLowerCase(), value])),
    // A compressed answer could unfold to any size (reliability.md T2).
    'accept-encoding': 'identity',
  }
  return readAnswer({
    dispatcher: agents[reachOf(settings, url)],
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: call.method,
    headers,
    body: call.body,
    signal,
    laps,
  })
}

function reachOf({ privateAddresses, privateAddressExceptions }: ClientSettings, url: URL): Reach {
  if (privateAddressExceptions.some((glob) => matchesGlob(url, glob))) return 'any'
  return privateAddresses === 'allowed' ? 'private' : 'public'
}

const failed = (reason: FailureReason, detail: string): Sent => ({ kind: 'failed', reason, detail })

const redirectDetail = (hop: OutgoingCall, { status, headers }: Answered) => {
  const target = headers.location === undefined ? null : URL.parse(headers.location, hop.url)
  return `answered ${status}${target === null ? '' : `, a redirect to ${target.host || 'elsewhere'}`}`
}
