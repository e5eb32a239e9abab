import type { JobInput, JobName } from './jobs.ts'

/** Where an OAuth2 server listens, ours or another. */
export type Places = { readonly publicUrl: string; readonly adminUrl: string }

type Client = { readonly client_id: string; readonly client_secret: string }

const CALLBACK = 'http://127.0.0.1:5555/callback'

export const TOKEN_WORKS = ['client credentials', 'introspection', 'refresh'] as const
export type TokenWork = (typeof TOKEN_WORKS)[number]

export const tokenJob = (work: TokenWork): JobName => (work === 'client credentials' ? 'client_credentials' : work)

/** What the load needs for a kind of work: tokens that were issued by this server, a chain of refreshes for each connection. */
export async function tokenInput(work: TokenWork, places: Places, connections: number): Promise<JobInput> {
  const client = await registerClient(places)
  const at = { ...places, client }
  return {
    client: `${client.client_id}:${client.client_secret}`,
    ...(work === 'client credentials' ? {} : { tokens: await tokensFor(work, at, connections) }),
  }
}

const tokensFor = (work: Exclude<TokenWork, 'client credentials'>, at: At, connections: number) =>
  work === 'refresh' ? refreshTokens(at, connections) : accessTokens(at, 1_000)

type At = Places & { readonly client: Client }

/** A client that may do all that is measured, under whatever id the server gives it. */
async function registerClient({ adminUrl }: Places): Promise<Client> {
  const client_secret = 'a-secret-for-measuring'
  const { client_id = '' } = await api(`${adminUrl}/admin/clients`, 'POST', {
    client_secret,
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [CALLBACK],
    scope: 'a offline_access openid',
    token_endpoint_auth_method: 'client_secret_basic',
  })
  return { client_id, client_secret }
}

/** Access tokens of client credentials. */
const accessTokens = (server: At, count: number): Promise<readonly string[]> =>
  inTurn(count, async () => (await token(server, { grant_type: 'client_credentials', scope: 'a' })).access_token ?? '')

/** Somebody agrees, once for each connection. */
const refreshTokens = (server: At, count: number): Promise<readonly string[]> =>
  inTurn(count, async () => {
    const code = await authorize(server)
    return (await token(server, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })).refresh_token ?? ''
  })

async function inTurn(count: number, make: () => Promise<string>): Promise<readonly string[]> {
  const made: string[] = []
  while (made.length < count) made.push(await make())
  return made
}

type Tokens = { readonly access_token?: string; readonly refresh_token?: string }

async function token({ publicUrl, client }: At, fields: { readonly [name: string]: string }): Promise<Tokens> {
  const answer = await fetch(`${publicUrl}/oauth2/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams(fields),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`no token: ${text}`)
  return JSON.parse(text)
}

/** From the client to the login, to the consent, and back with a code, as a browser goes. */
async function authorize({ publicUrl, adminUrl, client }: At): Promise<string> {
  const jar = new Map<string, string>()
  const go = async (url: string): Promise<URL> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    return new URL(answer.headers.get('location') ?? '', publicUrl)
  }
  const accept = async (kind: 'login' | 'consent', from: URL, body: object) => {
    const challenge = from.searchParams.get(`${kind}_challenge`) ?? ''
    const url = `${adminUrl}/admin/oauth2/auth/requests/${kind}/accept?${kind}_challenge=${challenge}`
    const { redirect_to } = await api(url, 'PUT', body)
    return go(redirect_to ?? '')
  }
  const asked = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    scope: 'offline_access',
    redirect_uri: CALLBACK,
    state: 'a-state-of-enough-letters',
  })
  const login = await go(`${publicUrl}/oauth2/auth?${asked.toString()}`)
  const consent = await accept('login', login, { subject: 'ann' })
  const done = await accept('consent', consent, { grant_scope: ['offline_access'] })
  return done.searchParams.get('code') ?? ''
}

type Answer = { readonly redirect_to?: string; readonly client_id?: string }

async function api(url: string, method: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}
