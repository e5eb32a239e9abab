// A web application that signs people in through Cardea: `CLIENT_ID=… CLIENT_SECRET=… node app.mjs`, then http://localhost:3000.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const { ISSUER = 'http://localhost:4444/', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '3000' } = process.env
const home = `http://localhost:${PORT}/`
const auth = oidc.ClientSecretPost(CLIENT_SECRET)
const cardea = await oidc.discovery(new URL(ISSUER), CLIENT_ID, undefined, auth, {
  execute: [oidc.allowInsecureRequests],
})
/** What is known of each visitor, by the value of their cookie. @type {Map<string, { verifier?: string, state?: string, tokens?: any }>} */
const visitors = new Map()

/** @type {Record<string, (visitor: any, url: URL) => Promise<string>>} each answers with where to go, or with what to show */
const pages = {
  '/': async ({ tokens }) => {
    if (!tokens) return 'You are not signed in. <a href="/login">Sign in</a>'
    const { sub, email, plan } = tokens.claims()
    return `Hello <b>${email ?? sub}</b>, your plan is <b id="plan">${plan}</b>. <a href="/refresh">Refresh</a> <a href="/logout">Sign out</a>`
  },
  '/login': async (visitor) => {
    visitor.verifier = oidc.randomPKCECodeVerifier()
    visitor.state = oidc.randomState()
    const code_challenge = await oidc.calculatePKCECodeChallenge(visitor.verifier)
    const request = { redirect_uri: `${home}callback`, scope: 'openid email offline', state: visitor.state }
    return oidc.buildAuthorizationUrl(cardea, { ...request, code_challenge, code_challenge_method: 'S256' }).href
  },
  '/callback': async (visitor, url) => {
    const checks = { pkceCodeVerifier: visitor.verifier, expectedState: visitor.state, idTokenExpected: true }
    visitor.tokens = await oidc.authorizationCodeGrant(cardea, url, checks)
    return home
  },
  '/refresh': async (visitor) => {
    visitor.tokens = await oidc.refreshTokenGrant(cardea, visitor.tokens.refresh_token)
    return home
  },
  '/logout': async (visitor) => {
    const hint = { id_token_hint: visitor.tokens?.id_token, post_logout_redirect_uri: home }
    visitor.tokens = undefined
    return oidc.buildEndSessionUrl(cardea, hint).href
  },
}

createServer(async (request, response) => {
  const id = /visitor=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomUUID()
  const visitor = visitors.get(id) ?? {}
  visitors.set(id, visitor)
  const url = new URL(request.url ?? '/', home)
  response.setHeader('set-cookie', `visitor=${id}; HttpOnly; SameSite=Lax; Path=/`)
  try {
    const answer = await pages[url.pathname]?.(visitor, url)
    if (answer?.startsWith('http')) response.writeHead(303, { location: answer }).end()
    else response.writeHead(answer ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' }).end(answer)
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error))
  }
}).listen(Number(PORT), 'localhost', () => console.log(`The application is at ${home}`))
