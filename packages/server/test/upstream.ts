import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { SignJWT } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'
import { isJsonObject, type JsonObject } from '../src/core/json.ts'

/** An account at the provider. */
export type Account = { readonly sub: string } & JsonObject

/** A real OpenID Provider, and whoever sits in front of it. */
export type UpstreamServer = {
  readonly issuer: string
  /** Who signs in there from now on; null: whoever is asked says no. */
  is(account: Account | null): void
  /** Goes through the provider's pages as a browser does; returns where it sends the browser back to. */
  visit(url: string): Promise<string>
  /** Every request for tokens, as it came. */
  readonly tokenRequests: { readonly headers: JsonObject; readonly body: string }[]
  /** Every request for authorization. */
  readonly departures: URL[]
  /** An ID token as the provider's own library gives it to a native app. */
  sign(claims: JsonObject): Promise<string>
  close(): Promise<void>
}

export const CLIENT = { client_id: 'cardea', client_secret: 'the-secret-of-this-client' } as const

type Options = {
  /** Where it listens, which its clients have to know before. */
  readonly port: number
  readonly redirectUris: readonly string[]
  readonly configuration?: Configuration
}

export async function startUpstream({ port, redirectUris, configuration = {} }: Options): Promise<UpstreamServer> {
  const issuer = `http://127.0.0.1:${port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = privateKey.export({ format: 'jwk' })
  const accounts = new Map<string, Account>()
  const present: { account: Account | null } = { account: null }
  const tokenRequests: UpstreamServer['tokenRequests'] = []
  const departures: URL[] = []

  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [...redirectUris], grant_types: ['authorization_code', 'refresh_token'] }],
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'upstream' }] },
    cookies: { keys: ['a-cookie-key-of-the-provider'] },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name'],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ ...accounts.get(id), sub: id }) }),
    // Everybody agrees to everything.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        accountId: ctx.oidc.session?.accountId ?? '',
        clientId: ctx.oidc.client?.clientId ?? '',
      })
      grant.addOIDCScope('openid email profile offline_access')
      await grant.save()
      return grant
    },
    ...configuration,
  })
  const callback = provider.callback()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    if (url.pathname.startsWith('/interaction/')) {
      const { account } = present
      const result =
        account === null
          ? { error: 'access_denied', error_description: 'Ann does not want to' }
          : { login: { accountId: account.sub, amr: ['pwd'] } }
      void provider.interactionFinished(request, response, result)
      return
    }
    if (url.pathname === '/auth') departures.push(url)
    if (url.pathname === '/token') {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const headers: JsonObject = JSON.parse(JSON.stringify(request.headers))
        tokenRequests.push({ headers, body: Buffer.concat(chunks).toString() })
      })
    }
    void callback(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  return {
    issuer,
    tokenRequests,
    departures,
    is: (account) => {
      present.account = account
      if (account !== null) accounts.set(account.sub, account)
    },
    visit: (url) => visit(issuer, url),
    sign: (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'upstream' }).setIssuedAt().sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** A browser of its own for each visit: nobody is signed in at the provider before. */
async function visit(issuer: string, start: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < 10 && url.startsWith(issuer); hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
    url = new URL(location, url).href
  }
  return url
}

/** What lies at the middle of a token. */
export function claimsIn(token: string): JsonObject {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return isJsonObject(claims) ? claims : {}
}

/** A provider that is named before it is there. */
export function laterUpstream(): UpstreamServer & { start(server: UpstreamServer): void } {
  const running: { server: UpstreamServer | null } = { server: null }
  const server = () => {
    if (running.server === null) throw new Error('the provider has not been started')
    return running.server
  }
  return {
    start: (started) => {
      running.server = started
    },
    get issuer() {
      return server().issuer
    },
    get tokenRequests() {
      return server().tokenRequests
    },
    get departures() {
      return server().departures
    },
    is: (account) => server().is(account),
    visit: (url) => server().visit(url),
    sign: (claims) => server().sign(claims),
    close: () => server().close(),
  }
}
