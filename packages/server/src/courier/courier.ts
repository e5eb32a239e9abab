import type { CourierSettings, SmtpSettings } from '../core/courier-settings.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Seal } from '../crypto/seal.ts'
import type { MailSent, SealedMessage } from '../outbox/deliver-mail.ts'
import { type RenderedMessage, unpackMessage } from './message.ts'
import { type HttpDeps, sendHttp } from './send-http.ts'
import { openSmtp, type SmtpDeps, type SmtpSender } from './send-smtp.ts'

/** Takes sealed messages where they are to go, by the configuration in force. */
export type Courier = {
  send(message: SealedMessage, signal: AbortSignal): Promise<MailSent>
  close(): Promise<void>
}

export type CourierDeps = HttpDeps &
  Omit<SmtpDeps, 'connections'> & {
    readonly settings: () => CourierSettings
    readonly seal: () => Pick<Seal, 'open'>
    /** With `--dev`, what has no way out arrives in the mailbox of the dev tools. */
    readonly keepsUnsent: () => boolean
  }

/** One try of one message, name look-up and all. */
const BUDGET: Milliseconds = 90_000

export function openCourier(deps: CourierDeps): Courier {
  const smtp = keepSender(deps)
  return {
    send: async (sealed, signal) => {
      const message = openMessage(deps, sealed)
      if (message === null) return retry('the message cannot be opened with the secrets configured now')
      return withinBudget(sendBy(deps, smtp, message, sealed, signal), signal)
    },
    close: () => smtp.close(),
  }
}

function openMessage({ seal }: CourierDeps, { sealed }: SealedMessage): RenderedMessage | null {
  const text = seal().open(sealed)
  return text === null ? null : unpackMessage(text)
}

const retry = (reason: string): MailSent => ({ kind: 'retry', status: null, reason })

async function sendBy(
  deps: CourierDeps,
  smtp: KeptSender,
  message: RenderedMessage,
  sealed: SealedMessage,
  signal: AbortSignal,
): Promise<MailSent> {
  const { email, senders, sms } = deps.settings()
  const own = senders.find(({ templates }) => templates.includes(message.template))
  const mail = own === undefined ? email : { kind: 'smtp' as const, ...own.smtp }
  const channel = message.channel === 'email' ? mail : sms === null ? null : { kind: 'http' as const, ...sms }
  if (channel === null) {
    if (deps.keepsUnsent()) return { kind: 'sent', status: null }
    return retry(
      message.channel === 'email'
        ? 'courier.smtp.connection_uri is not configured'
        : 'no channel for sms is configured',
    )
  }
  if (channel.kind === 'http') return sendHttp(deps, channel, message, { id: sealed.id, signal })
  const sender = await smtp.for(channel)
  return sender.send(message, sealed)
}

/** The library cannot be interrupted, so its answer is no longer waited for. */
async function withinBudget(sending: Promise<MailSent>, signal: AbortSignal): Promise<MailSent> {
  const timer: { handle?: NodeJS.Timeout; giveUp?: () => void } = {}
  const late = new Promise<MailSent>((resolve) => {
    timer.handle = setTimeout(() => resolve(retry('the mail server did not take it in time')), BUDGET)
    timer.giveUp = () => resolve({ kind: 'given_up', status: null, reason: 'given up because the server is stopping' })
    signal.addEventListener('abort', timer.giveUp, { once: true })
    if (signal.aborted) timer.giveUp()
  })
  try {
    return await Promise.race([sending.catch((error: unknown) => retry(String(error))), late])
  } finally {
    clearTimeout(timer.handle)
    if (timer.giveUp !== undefined) signal.removeEventListener('abort', timer.giveUp)
  }
}

type KeptSender = { for(settings: SmtpSettings): Promise<SmtpSender>; close(): Promise<void> }

/** Connections are kept as long as their settings stay; new ones get new connections, and what is under way ends on the old. */
function keepSender(deps: CourierDeps): KeptSender {
  const kept = new Map<string, Promise<SmtpSender>>()
  const keyOf = (smtp: SmtpSettings) =>
    JSON.stringify([
      deps.settings().pullCount,
      [smtp.connectionUri, smtp.clientCertPath, smtp.clientKeyPath, smtp.localName, smtp.privateAddresses],
      [smtp.fromAddress, smtp.fromName, smtp.headers],
    ])
  const closeBut = async (wanted: readonly string[]) => {
    const old = [...kept].filter(([key]) => !wanted.includes(key))
    for (const [key] of old) kept.delete(key)
    const senders = await Promise.allSettled(old.map(([, sender]) => sender))
    for (const sender of senders) if (sender.status === 'fulfilled') sender.value.close()
  }
  return {
    for: async (settings) => {
      const key = keyOf(settings)
      const known = kept.get(key)
      const sender = known ?? openSmtp({ ...deps, connections: deps.settings().pullCount }, settings)
      if (known === undefined) {
        kept.set(key, sender)
        // A failure is told below, to whoever waits for it.
        sender.catch(() => {})
      }
      const { email, senders } = deps.settings()
      const inUse = [...(email?.kind === 'smtp' ? [email] : []), ...senders.map(({ smtp }) => smtp)]
      await closeBut([key, ...inUse.map(keyOf)])
      try {
        return await sender
      } catch (error) {
        // A certificate that could not be read may be there the next time.
        if (kept.get(key) === sender) kept.delete(key)
        throw error
      }
    },
    close: () => closeBut([]),
  }
}
