import type { Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { SmtpSettings } from '../core/courier-settings.ts'
import type { Milliseconds } from '../core/time.ts'
import type { MailSent, SealedMessage } from '../outbox/deliver-mail.ts'
import { isMailAddress } from './addresses.ts'
import type { RenderedMessage } from './message.ts'
import { parseSmtpUri, type SmtpServer } from './smtp-uri.ts'

/** Sends over a few connections that are kept open between messages. */
export type SmtpSender = {
  send(message: RenderedMessage, about: Pick<SealedMessage, 'id' | 'createdAt'>): Promise<MailSent>
  close(): void
}

export type SmtpDeps = {
  readonly readFile: (path: string) => Promise<string>
  readonly connect: (target: SmtpTarget) => Promise<Socket>
  readonly connections: number
}

export type SmtpTarget = { readonly host: string; readonly port: number; readonly reach: 'public' | 'private' }

const GREETING: Milliseconds = 15_000
const SILENCE: Milliseconds = 30_000

export async function openSmtp(deps: SmtpDeps, settings: SmtpSettings): Promise<SmtpSender> {
  const server = parseSmtpUri(settings.connectionUri)
  if (server === null) return unusable('courier.smtp.connection_uri is not the URI of a mail server')
  if (!isMailAddress(settings.fromAddress)) return unusable('courier.smtp.from_address is not a mail address')
  const transport = createTransport({ pool: true, ...(await transportOptions(deps, settings, server)) })
  return {
    close: () => transport.close(),
    send: async (message, { id, createdAt }) => {
      if (!isMailAddress(message.recipient)) return final('the recipient is not a mail address')
      const { recipient } = message
      try {
        const info = await transport.sendMail({
          // Addresses are never parsed again: the envelope says where it goes.
          envelope: { from: settings.fromAddress, to: [recipient] },
          from: { name: settings.fromName ?? '', address: settings.fromAddress },
          to: { name: '', address: recipient },
          subject: message.subject,
          text: message.text,
          ...(message.html === null ? {} : { html: message.html }),
          // The same in every try, so that a mail server can tell that it is the same mail.
          messageId: `<${id}@${settings.fromAddress.slice(settings.fromAddress.lastIndexOf('@') + 1)}>`,
          date: new Date(createdAt),
          // Nobody's holiday note comes back (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated', ...settings.headers },
          disableFileAccess: true,
          disableUrlAccess: true,
        })
        return { kind: 'sent', status: statusIn(info.response) }
      } catch (error) {
        return judge(error, server)
      }
    },
  }
}

const final = (reason: string): MailSent => ({ kind: 'final', status: null, reason })

const unusable = (reason: string): SmtpSender => ({
  send: async () => ({ kind: 'retry', status: null, reason }),
  close: () => {},
})

async function transportOptions(deps: SmtpDeps, settings: SmtpSettings, server: SmtpServer) {
  const read = async (path: string | null) => (path === null ? null : deps.readFile(path))
  const [cert, key] = await Promise.all([read(settings.clientCertPath), read(settings.clientKeyPath)])
  const reach = settings.privateAddresses === 'allowed' ? 'private' : 'public'
  return {
    host: server.host,
    port: server.port,
    name: settings.localName,
    secure: server.tls === 'implicit',
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'none',
    ...(server.user === '' ? {} : { auth: { user: server.user, pass: server.password } }),
    tls: {
      minVersion: 'TLSv1.2' as const,
      rejectUnauthorized: server.verifies,
      ...(server.serverName === null ? {} : { servername: server.serverName }),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
    },
    maxConnections: deps.connections,
    maxMessages: 100,
    maxRequeues: 0,
    idleTimeout: 60_000,
    greetingTimeout: GREETING,
    socketTimeout: SILENCE,
    connectionTimeout: GREETING,
    getSocket: (_options: unknown, callback: SocketCallback) => {
      void giveSocket(deps.connect({ host: server.host, port: server.port, reach }), callback)
    },
  }
}

type SocketCallback = (error: Error | null, socket?: { connection: Socket }) => void

async function giveSocket(connecting: Promise<Socket>, callback: SocketCallback): Promise<void> {
  try {
    callback(null, { connection: await connecting })
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)))
  }
}

const statusIn = (response: unknown) =>
  typeof response === 'string' && /^\d{3}/.test(response) ? Number(response.slice(0, 3)) : null

/** What was refused for what it is, is not tried again: nobody of this name, or not this mail. All else may pass. */
function judge(error: unknown, server: SmtpServer): MailSent {
  const { code, responseCode } = codesOf(error)
  const reason = reasonOf(error, server)
  const isRefused = responseCode !== null && responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE')
  return { kind: isRefused ? 'final' : 'retry', status: responseCode, reason }
}

function codesOf(error: unknown) {
  if (typeof error !== 'object' || error === null) return { code: '', responseCode: null }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const responseCode = 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : null
  return { code, responseCode }
}

/** A server may repeat what it was told. */
function reasonOf(error: unknown, { password }: SmtpServer): string {
  const text = error instanceof Error ? error.message : String(error)
  const open = password === '' ? text : text.replaceAll(password, '•••')
  return open
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
}
