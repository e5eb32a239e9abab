import { randomUUID } from 'node:crypto'
import { type Connection, FORM_BODY, JSON_BODY, type Reply, requestText } from './connection.ts'

/** What one connection does again and again; `round` counts up over all of them, `lane` is the connection's own number. */
type Work = (connection: Connection, round: number, lane: number) => Promise<void>

/** What a job needs to know: names of people, tokens, a client. All of it crosses a process boundary. */
export type JobInput = {
  readonly tokens?: readonly string[]
  readonly identifiers?: readonly string[]
  readonly password?: string
  readonly client?: string
}

export type JobName = keyof typeof JOBS

/** Every kind of work that is measured. */
export const JOBS = {
  whoami: ({ tokens = [] }): Work => {
    const requests = tokens.map((token) =>
      requestText({ method: 'GET', path: '/sessions/whoami', headers: { 'x-session-token': token } }),
    )
    return async (connection, round) => {
      expect(await connection.ask(requests[round % requests.length] ?? ''), 200)
    }
  },
  login_start: (): Work => {
    const request = requestText({ method: 'GET', path: '/self-service/login/api' })
    return async (connection) => {
      expect(await connection.ask(request), 200)
    }
  },
  login: ({ identifiers = [], password = '' }): Work => {
    return async (connection, round) => {
      const flow = await startFlow(connection, 'login')
      const identifier = identifiers[round % identifiers.length]
      expect(await submit(connection, 'login', flow, { method: 'password', identifier, password }), 200)
    }
  },
  registration: ({ password = '' }): Work => {
    return async (connection) => {
      const flow = await startFlow(connection, 'registration')
      const traits = { email: `${randomUUID()}@example.test` }
      expect(await submit(connection, 'registration', flow, { method: 'password', password, traits }), 200)
    }
  },
  client_credentials: ({ client = '' }): Work => {
    const request = tokenRequest(client, { grant_type: 'client_credentials', scope: 'a' })
    return async (connection) => {
      expect(await connection.ask(request), 200)
    }
  },
  introspection: ({ tokens = [] }): Work => {
    const requests = tokens.map((token) => {
      const body = new URLSearchParams({ token }).toString()
      return requestText({ method: 'POST', path: '/admin/oauth2/introspect', headers: FORM_BODY, body })
    })
    return async (connection, round) => {
      expect(await connection.ask(requests[round % requests.length] ?? ''), 200)
    }
  },
  refresh: ({ client = '', tokens = [] }): Work => {
    // Each connection has a chain of its own: a refresh token is good once.
    const current = [...tokens]
    return async (connection, _round, lane) => {
      const refresh_token = current[lane] ?? ''
      const reply = await connection.ask(tokenRequest(client, { grant_type: 'refresh_token', refresh_token }))
      expect(reply, 200)
      current[lane] = textIn(reply, 'refresh_token')
    }
  },
} satisfies { readonly [name: string]: (input: JobInput) => Work }

function expect(reply: Reply, status: number): void {
  if (reply.status !== status) throw new Error(`answered ${reply.status}: ${reply.body.slice(0, 300)}`)
}

/** The first text of that name, without reading the rest. */
const textIn = ({ body }: Reply, name: string) => new RegExp(`"${name}":"([^"]+)"`).exec(body)?.[1] ?? ''

async function startFlow(connection: Connection, flow: string): Promise<string> {
  const reply = await connection.ask(requestText({ method: 'GET', path: `/self-service/${flow}/api` }))
  expect(reply, 200)
  // Where the form goes: the flow's id may not be the first one of the answer.
  return new RegExp(`/self-service/${flow}\\?flow=([-0-9a-f]{36})`).exec(reply.body)?.[1] ?? ''
}

const submit = (connection: Connection, flow: string, id: string, fields: object) =>
  connection.ask(
    requestText({
      method: 'POST',
      path: `/self-service/${flow}?flow=${id}`,
      headers: JSON_BODY,
      body: JSON.stringify(fields),
    }),
  )

/** `client` is the id and the secret, as HTTP basic authentication has them. */
function tokenRequest(client: string, fields: { readonly [name: string]: string }): string {
  const authorization = `Basic ${Buffer.from(client).toString('base64')}`
  const body = new URLSearchParams(fields).toString()
  return requestText({ method: 'POST', path: '/oauth2/token', headers: { ...FORM_BODY, authorization }, body })
}
