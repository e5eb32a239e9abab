// A web application that signs people in through Cardea: `CLIENT_ID=… CLIENT_SECRET=… node app.mjs`, then http://localhost:3000.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const { ISSUER = 'http://localhost:4444/', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '3000' } = process.env
const home = `http://localhost:${PORT}/`
const overHttp = { execute: [oidc.allowInsecureRequests] }
const cardea = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, oidc.ClientSecretPost(), overHttp)
/** Each visitor's tokens, by the value of their cookie. @type {Map<string, any>} */
const visitors = new Map()

/** @type {Record<string, (visitor: any, url: URL) => Promise<string>>} each answers with where to go, or with what to show */
const pages = {
  '/': async ({ tokens }) => {
    if (!tokens) return 'You are not signed in. <a href="/login">Sign in</a>'
    const { email, plan } = tokens.claims()
    return `Hello ${email}, your plan is <b id="plan">${plan}</b>. <a href="/refresh">Refresh</a> <a href="/logout">Sign out</a>`
  },
  '/login': async (visitor) => {
    visitor.checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState() }
    const code_challenge = await oidc.calculatePKCECodeChallenge(visitor.checks.pkceCodeVerifier)
    const ask = { redirect_uri: `${home}callback`, scope: 'openid email offline', state: visitor.checks.expectedState }
    return oidc.buildAuthorizationUrl(cardea, { ...ask, code_challenge, code_challenge_method: 'S256' }).href
  },
  '/callback': async (visitor, url) => {
    visitor.tokens = await oidc.authorizationCodeGrant(cardea, url, visitor.checks)
    return home
  },
  '/refresh': async (visitor) => {
    visitor.tokens = await oidc.refreshTokenGrant(cardea, visitor.tokens.refresh_token)
    return home
  },
  '/logout': async (visitor) => {
    const { id_token } = visitor.tokens
    visitor.tokens = undefined
    return oidc.buildEndSessionUrl(cardea, { id_token_hint: id_token, post_logout_redirect_uri: home }).href
  },
}

createServer(async (request, response) => {
  const id = /visitor=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomUUID()
  const visitor = visitors.get(id) ?? visitors.set(id, {}).get(id)
  const url = new URL(request.url ?? '/', home)
  const answer =
    (await pages[url.pathname]?.(visitor, url).catch(({ code }) => `That went wrong: ${code}.`)) ?? 'No page.'
  response.setHeader('set-cookie', `visitor=${id}; HttpOnly; SameSite=Lax; Path=/`)
  if (answer.startsWith('http')) response.writeHead(303, { location: answer }).end()
  else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(answer)
}).listen(Number(PORT), 'localhost', () => console.log(`The application is at ${home}`))
