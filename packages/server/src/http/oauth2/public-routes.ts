import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { verifyDevice } from '../../oauth2/device.ts'
import { discoveryDocument } from '../../oauth2/discovery.ts'
import type { BrowserRequest } from '../../oauth2/engine.ts'
import { OAuthFault } from '../../oauth2/fault.ts'
import { logOut } from '../../oauth2/logout.ts'
import { publicPart } from '../../oauth2/signing-keys.ts'
import { userinfo } from '../../oauth2/userinfo.ts'
import { withQuery } from '../../oauth2/authorize.ts'
import { type Answer, type Exchange, html, json, type Route, withCookies, withHeaders } from '../exchange.ts'
import { faultAnswer, formOf, fromLibrary, headersOf, redirectTo, setCookies } from './answers.ts'
import type { OAuth2Doors } from './deps.ts'
import { fallbackPage, framesPage } from './pages.ts'
import { outsideApi } from '../route-table.ts'

const route = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
  method,
  path,
  csrf: 'ignored',
  handle,
})

/** Everything clients and browsers reach (ory-oauth2.md §2.1). */
export function oauth2PublicRoutes(doors: OAuth2Doors): readonly Route[] {
  const { flow, engine } = doors
  const { settings } = flow
  const post = (path: string, handle: (exchange: Exchange) => Promise<Answer>) => route('POST', path, handle)
  const endpoint = (exchange: Exchange, path: string) => ({
    path,
    form: formOf(exchange),
    headers: headersOf(exchange),
    isGone: exchange.isGone ?? (() => false),
  })
  const authorize = async (exchange: Exchange) => {
    const { answer, location, cookies } = await engine.authorize(browserRequest(doors, exchange))
    if (answer === null) return redirectTo(settings, location ?? settings.urls.error, cookies)
    return fromLibrary(answer)
  }
  const verify = async (exchange: Exchange) => {
    const { location, cookies, changes } = await verifyDevice(flow, browserRequest(doors, exchange))
    if (changes.length > 0) await flow.store.commit(changes.map((change) => ({ kind: 'oauth2', change })))
    return redirectTo(settings, location, cookies)
  }
  const logout = async (exchange: Exchange) => {
    try {
      const { location, cookies, frames } = await logOut(flow, browserRequest(doors, exchange))
      const set = cookies.flatMap((cookie) => setCookies(settings, cookie))
      if (frames.length === 0) return redirectTo(settings, location, cookies)
      return withCookies(html(200, framesPage(frames, location)), ...set)
    } catch (thrown) {
      if (!(thrown instanceof OAuthFault)) throw thrown
      const { error, description } = thrown
      return redirectTo(settings, withQuery(settings.urls.error, { error, error_description: description }), [])
    }
  }
  const discovery = async () => json(200, discoveryDocument(settings))
  return [
    route('GET', '/oauth2/auth', authorize),
    post('/oauth2/auth', authorize),
    post('/oauth2/token', async (exchange) => fromLibrary(await engine.token(endpoint(exchange, '/oauth2/token')))),
    post('/oauth2/revoke', async (exchange) => {
      const answer = fromLibrary(await engine.revoke(endpoint(exchange, '/oauth2/revoke')))
      return answer
    }),
    post('/oauth2/device/auth', async (exchange) => deviceAnswer(doors, exchange, endpoint)),
    route('GET', '/oauth2/device/verify', verify),
    route('GET', '/oauth2/sessions/logout', logout),
    post('/oauth2/sessions/logout', logout),
    route('GET', '/userinfo', (exchange) => userinfoAnswer(doors, exchange)),
    post('/userinfo', (exchange) => userinfoAnswer(doors, exchange)),
    route('GET', '/.well-known/openid-configuration', discovery),
    route('GET', '/.well-known/oauth-authorization-server', discovery),
    // Verifiable credentials, a draft, are the one part of Hydra's API that is not here; discovery names no endpoint for them.
    post('/credentials', async () => {
      throw new OAuthFault(
        400,
        'unsupported_credential_format',
        'This server issues no verifiable credentials. Use the ID token or the userinfo endpoint.',
      )
    }),
    route('GET', '/.well-known/jwks.json', async () => json(200, { keys: await broadcastKeys(doors) })),
    ...outsideApi(
      ['login', 'consent', 'logout', 'logout/callback', 'error', 'device', 'device/done'].map((page) =>
        route('GET', `/oauth2/fallbacks/${page}`, async (exchange) => fallbackPage(page, exchange)),
      ),
    ),
  ]
}

function browserRequest({ flow }: OAuth2Doors, exchange: Exchange): BrowserRequest {
  const { settings } = flow
  const isPost = exchange.facts.method === 'POST'
  const form = isPost ? formOf(exchange) : exchange.query
  const query = exchange.facts.url.includes('?') ? exchange.facts.url.slice(exchange.facts.url.indexOf('?')) : ''
  return {
    path: exchange.path,
    form,
    headers: headersOf(exchange),
    cookies: withLegacy(exchange.facts.cookies),
    requestUrl: `${settings.publicUrl}${exchange.path.slice(1)}${query}`,
    isGone: exchange.isGone ?? (() => false),
  }
}

/** Browsers that refuse SameSite=None send the second cookie. */
const withLegacy = (cookies: { readonly [name: string]: string }) => ({
  ...Object.fromEntries(
    Object.entries(cookies).flatMap(([name, value]) =>
      name.endsWith('_legacy') ? [[name.slice(0, -'_legacy'.length), value]] : [],
    ),
  ),
  ...cookies,
})

type Endpoint = (exchange: Exchange, path: string) => Parameters<OAuth2Doors['engine']['token']>[0]

async function deviceAnswer({ engine, flow }: OAuth2Doors, exchange: Exchange, endpoint: Endpoint): Promise<Answer> {
  const answer = await engine.authorizeDevice(endpoint(exchange, '/oauth2/device/auth'))
  const body: unknown = answer.status === 200 ? JSON.parse(answer.body ?? '{}') : null
  if (!isJsonObject(body)) return fromLibrary(answer)
  const interval = Math.floor(flow.settings.device.interval / 1000)
  return fromLibrary({ ...answer, body: JSON.stringify({ ...body, interval }) })
}

async function userinfoAnswer({ flow }: OAuth2Doors, exchange: Exchange): Promise<Answer> {
  const [, bearer = ''] = /^bearer +(.+)$/i.exec(exchange.header('authorization') ?? '') ?? []
  const token = bearer || formOf(exchange).get('access_token') || exchange.query.get('access_token') || ''
  try {
    const answer = await userinfo(flow, token)
    if (answer.kind === 'claims') return json(200, answer.claims)
    return { status: 200, headers: { 'content-type': 'application/jwt' }, cookies: [], body: answer.jwt }
  } catch (thrown) {
    if (!(thrown instanceof OAuthFault)) throw thrown
    return withHeaders(faultAnswer(flow.settings, thrown), {
      'www-authenticate': `Bearer error="${thrown.error}",error_description="${thrown.description}"`,
    })
  }
}

/** Newest first; each set that is to be seen has at least one key. */
async function broadcastKeys({ flow }: OAuth2Doors): Promise<readonly JsonObject[]> {
  const sets = await Promise.all(
    flow.settings.broadcastKeys.map(async (set) => {
      if (set.startsWith('hydra.')) await flow.keys.current(set)
      return flow.keys.all(set)
    }),
  )
  return sets.flat().map(publicPart)
}
