import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** One mail as it arrived, read by a program that is not ours. */
export type ArrivedMail = {
  readonly from: string
  readonly to: readonly string[]
  readonly parsed: ParsedMail
  /** The bytes between DATA and the dot. */
  readonly raw: string
  readonly secure: boolean
  readonly user: string | null
  readonly hello: string
  readonly clientName: string | null
}

type Answer = { readonly code: number; readonly text: string }

/** A real mail server on loopback. */
export type MailServer = {
  readonly port: number
  readonly mails: readonly ArrivedMail[]
  readonly connections: () => number
  /** What recipients and mails are answered, once each; then all are taken. */
  readonly refuse: (at: 'recipient' | 'data', ...answers: readonly Answer[]) => void
  readonly waitFor: (count: number) => Promise<readonly ArrivedMail[]>
  readonly close: () => Promise<void>
}

export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ArrivedMail[] = []
  const answers: { [at in 'recipient' | 'data']: Answer[] } = { recipient: [], data: [] }
  const count = { connections: 0 }
  const refusal = (at: 'recipient' | 'data') => {
    const answer = answers[at].shift()
    return answer === undefined ? null : Object.assign(new Error(answer.text), { responseCode: answer.code })
  }
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onConnect: (_session, done) => {
      count.connections += 1
      done()
    },
    onSecure: (socket, session, done) => {
      const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined
      if (typeof name === 'string') clients.set(session.remotePort, name)
      done()
    },
    onAuth: ({ username, password }, _session, done) =>
      password === 'pässword/1'
        ? done(null, { user: username })
        : done(new Error(`Invalid login with ${password ?? ''}`)),
    onRcptTo: (_address, _session, done) => done(refusal('recipient')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        const problem = refusal('data')
        if (problem !== null) return done(problem)
        const keep = (parsed: ParsedMail) => {
          const { mailFrom, rcptTo } = session.envelope
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            parsed,
            raw: raw.toString(),
            secure: session.secure,
            user: session.user === undefined ? null : String(session.user),
            hello: session.hostNameAppearsAs,
            clientName: clients.get(session.remotePort) ?? null,
          })
        }
        simpleParser(raw, (error, parsed) => {
          if (!error) keep(parsed)
          done(error)
        })
      })
    },
    ...options,
  })
  const clients = new Map<number, string>()
  server.on('error', () => {})
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server.server.address()),
    mails,
    connections: () => count.connections,
    refuse: (at, ...given) => void answers[at].push(...given),
    waitFor: async (wanted) => {
      const deadline = Date.now() + 8_000
      while (mails.length < wanted) {
        if (Date.now() > deadline) throw new Error(`${mails.length} mails arrived, not ${wanted}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return mails
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

const portOf = (address: AddressInfo | string | null) =>
  typeof address === 'object' && address !== null ? address.port : 0

/** A server that takes connections and never says a word. */
export async function startSilentServer(): Promise<Pick<MailServer, 'port' | 'connections' | 'close'>> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server.address()),
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
