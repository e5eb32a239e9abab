import { AsyncLocalStorage } from 'node:async_hooks'
import { lookup } from 'node:dns/promises'
import { Agent } from 'undici'
import type { ClientCertificate } from '../core/credentials.ts'
import type { ClientSettings } from '../core/settings.ts'
import { type Agents, keepAgents } from './agents.ts'
import { describeFailure } from './describe-failure.ts'
import { guardedConnector, type Reach, type Resolve } from './guarded-connector.ts'
import { type Laps, startLaps } from './laps.ts'
import type { Answered, FailureReason, OutgoingCall, OutgoingClient, SendOptions, Sent } from './outgoing.ts'
import { readAnswer } from './read-answer.ts'
import { nextHop } from './redirect.ts'
import { keepTokens, NoTokenError, type Tokens } from './tokens.ts'
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
  const agents = keepAgents((reach, shown) => openAgent({ reach, resolve, calling, shown }))
  const now = () => performance.now()
  // A token is got through the same door, and for everybody who waits for it.
  const tokens = keepTokens({ now, send: (call) => send(call, { budget: TOKEN_BUDGET }) })
  const send = async (call: OutgoingCall, sending: SendOptions): Promise<Sent> => {
    const laps = startLaps(now)
    const deps = { agents, tokens, settings: settings(), userAgent: options.userAgent, laps }
    const sent = await calling.run(laps, () => sendWithin(deps, call, sending))
    return { ...sent, timings: laps.timings() }
  }
  return { send, close: () => agents.close() }
}

/** However little time the call has for which a token is got first: the next ones use it as well. */
const TOKEN_BUDGET = 10_000

type Opened = {
  readonly reach: Reach
  readonly resolve: Resolve
  readonly calling: AsyncLocalStorage<Laps>
  readonly shown: ClientCertificate | null
}

const openAgent = ({ reach, resolve, calling, shown }: Opened) =>
  new Agent({
    connect: guardedConnector(
      reach,
      resolve,
      () => calling.getStore(),
      shown === null ? {} : { cert: shown.certificate, key: shown.key },
    ),
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: 16 * 1024,
    // One deadline covers everything; these would be a second, coarser one.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

type Deps = {
  readonly agents: Agents
  readonly tokens: Tokens
  readonly settings: ClientSettings
  readonly userAgent: string
  readonly laps: Laps
}

async function sendWithin(deps: Deps, call: OutgoingCall, { budget, signal, staysHere }: SendOptions): Promise<Sent> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), Math.max(0, budget))
  const either = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
  const within = staysHere === true ? { ...deps, settings: { ...deps.settings, maxRedirects: 0 } } : deps
  try {
    // The library notices a signal only once it is connected; we don't wait for that.
    return await Promise.race([sendAuthorized(within, call, either), rejection(either)])
  } catch (error) {
    if (deadline.signal.aborted) return failed('timeout', `no answer within ${Math.round(budget)} ms`)
    if (signal?.aborted) return failed('aborted', 'the call was given up because the server is stopping')
    if (error instanceof NoTokenError) return failed('no_token', error.message)
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

/** With a token first where one is needed. One that is refused may have been withdrawn: another one is got, once. */
async function sendAuthorized(deps: Deps, call: OutgoingCall, signal: AbortSignal): Promise<Sent> {
  const { credentials } = call
  if (credentials?.kind !== 'client_credentials') return sendHops(deps, call, signal)
  const withToken = (token: string) => ({ ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } })
  const token = await deps.tokens.get(credentials)
  signal.throwIfAborted()
  const sent = await sendHops(deps, withToken(token), signal)
  if (sent.kind === 'failed' || sent.status !== 401) return sent
  deps.tokens.forget(credentials, token)
  const renewed = await deps.tokens.get(credentials)
  signal.throwIfAborted()
  return sendHops(deps, withToken(renewed), signal)
}

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
  const { credentials } = call
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
    dispatcher: agents.agentFor(reachOf(settings, url), credentials?.kind === 'certificate' ? credentials : null),
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
