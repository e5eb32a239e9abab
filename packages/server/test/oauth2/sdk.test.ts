import { Configuration, JwkApi, MetadataApi, OAuth2Api, OidcApi, WellknownApi } from '@ory/hydra-client'
import { expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import {
  authorizationUrl,
  Browser,
  CALLBACK,
  introspect,
  refresh,
  register,
  startOAuth2Server,
  tokensFor,
} from './server.ts'

/** Notes which methods of an API have been answered. */
const noted = <T extends object>(api: T, called: Set<string>): T =>
  new Proxy(api, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function' || typeof name !== 'string') return value
      return async (...given: readonly unknown[]) => {
        const answer: unknown = await Reflect.apply(value, target, given)
        called.add(`${target.constructor.name}.${name}`)
        return answer
      }
    },
  })

const methodsOf = (api: { readonly name: string; readonly prototype: object }) =>
  Object.getOwnPropertyNames(api.prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => `${api.name}.${name}`)

const JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'k',
  use: 'sig',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  alg: 'EdDSA',
}

/** A redirect is an answer, not something to follow. */
const AS_IT_IS = { maxRedirects: 0, validateStatus: () => true }

test.each(DIALECTS)(
  'A1: on %s, every method of the official SDK is answered, in the shape it promises',
  async (dialect) => {
    const server = await startOAuth2Server({
      dialect,
      config: { oidc: { dynamic_client_registration: { enabled: true } } },
    })
    const called = new Set<string>()
    const admin = new Configuration({ basePath: server.adminUrl })
    const open = new Configuration({ basePath: server.publicUrl })
    const oauth2 = noted(new OAuth2Api(admin), called)
    const visitor = noted(new OAuth2Api(open), called)
    const oidc = noted(new OidcApi(open), called)
    const jwk = noted(new JwkApi(admin), called)
    const wellknown = noted(new WellknownApi(open), called)
    const metadata = noted(new MetadataApi(admin), called)
    try {
      expect((await metadata.isAlive()).data.status).toBe('ok')
      expect((await metadata.isReady()).data.status).toBe('ok')
      expect((await metadata.getVersion()).data.version).toBeTruthy()
      expect((await wellknown.discoverJsonWebKeys()).data.keys?.length).toBeGreaterThan(0)
      expect((await oidc.discoverOidcConfiguration()).data.issuer).toBe(`${server.publicUrl}/`)

      const client = await register(server)
      const { client_id: id } = client
      expect((await oauth2.createOAuth2Client({ oAuth2Client: { client_id: 'other' } })).status).toBe(201)
      expect((await oauth2.getOAuth2Client({ id })).data.client_id).toBe(id)
      expect((await oauth2.listOAuth2Clients({ pageSize: 10 })).data).toHaveLength(2)
      expect((await oauth2.setOAuth2Client({ id: 'other', oAuth2Client: { owner: 'me' } })).data.owner).toBe('me')
      const jsonPatch = [{ op: 'replace', path: '/owner', value: 'you' }]
      expect((await oauth2.patchOAuth2Client({ id: 'other', jsonPatch })).data.owner).toBe('you')
      const lifespans = { refresh_token_grant_id_token_lifespan: '30m' }
      expect(
        (await oauth2.setOAuth2ClientLifespans({ id: 'other', oAuth2ClientTokenLifespans: lifespans })).data,
      ).toMatchObject({ refresh_token_grant_id_token_lifespan: '30m0s' })
      expect((await oauth2.deleteOAuth2Client({ id: 'other' })).status).toBe(204)

      const browser = new Browser()
      const url = authorizationUrl(server, { client_id: id, scope: 'openid offline' })
      const login = await browser.go(url)
      const loginChallenge = login.location?.searchParams.get('login_challenge') ?? ''
      expect((await oauth2.getOAuth2LoginRequest({ loginChallenge })).data).toMatchObject({ challenge: loginChallenge })
      const rejectOAuth2Request = { error: 'no' }
      expect(
        (await oauth2.rejectOAuth2LoginRequest({ loginChallenge, rejectOAuth2Request })).data.redirect_to,
      ).toContain('login_verifier=')
      const loggedIn = await oauth2.acceptOAuth2LoginRequest({
        loginChallenge,
        acceptOAuth2LoginRequest: { subject: 'alice', remember: true },
      })
      const consent = await browser.go(loggedIn.data.redirect_to)
      const consentChallenge = consent.location?.searchParams.get('consent_challenge') ?? ''
      expect((await oauth2.getOAuth2ConsentRequest({ consentChallenge })).data).toMatchObject({ subject: 'alice' })
      expect(
        (await oauth2.rejectOAuth2ConsentRequest({ consentChallenge, rejectOAuth2Request })).data.redirect_to,
      ).toContain('consent_verifier=')
      const agreed = await oauth2.acceptOAuth2ConsentRequest({
        consentChallenge,
        acceptOAuth2ConsentRequest: { grant_scope: ['openid', 'offline'] },
      })
      const code = (await browser.go(agreed.data.redirect_to)).location?.searchParams.get('code') ?? ''
      // A public client: the SDK has no field for a secret here.
      const app = await register(server, { token_endpoint_auth_method: 'none' })
      const own = await tokensFor(server, { client_id: app.client_id, client_secret: '' }, 'openid offline')
      expect(own.status).toBe(200)
      const exchanged = await visitor.oauth2TokenExchange({
        grantType: 'refresh_token',
        clientId: app.client_id,
        refreshToken: own.body.refresh_token,
      })
      const accessToken = exchanged.data.access_token ?? ''
      expect((await oauth2.introspectOAuth2Token({ token: accessToken })).data).toMatchObject({ active: true })
      const person = await noted(
        new OidcApi(new Configuration({ basePath: server.publicUrl, accessToken })),
        called,
      ).getOidcUserInfo()
      expect(person.data.sub).toBe('alice')
      expect(code).toBeTruthy()

      expect((await oauth2.listOAuth2ConsentSessions({ subject: 'alice' })).data).toHaveLength(2)
      expect((await oauth2.revokeOAuth2ConsentSessions({ subject: 'alice', client: id })).status).toBe(204)
      const asked = await browser.go(`${server.publicUrl}/oauth2/sessions/logout`)
      const logoutChallenge = asked.location?.searchParams.get('logout_challenge') ?? ''
      expect((await oauth2.getOAuth2LogoutRequest({ logoutChallenge })).data).toMatchObject({ subject: 'alice' })
      expect((await oauth2.rejectOAuth2LogoutRequest({ logoutChallenge })).status).toBe(204)
      expect((await oauth2.acceptOAuth2LogoutRequest({ logoutChallenge })).data.redirect_to).toContain(
        'logout_verifier=',
      )
      expect((await oauth2.revokeOAuth2LoginSessions({ subject: 'alice' })).status).toBe(204)

      const device = await noted(
        new OAuth2Api(new Configuration({ basePath: server.publicUrl })),
        called,
      ).oAuth2DeviceFlow({ data: new URLSearchParams({ ...client, scope: 'openid' }) })
      const page = await visitor.performOAuth2DeviceVerificationFlow(AS_IT_IS)
      expect(page.status).toBe(302)
      const deviceChallenge = new URL(String(page.headers['location'])).searchParams.get('device_challenge') ?? ''
      const accepted = await oauth2.acceptUserCodeRequest({
        deviceChallenge,
        acceptDeviceUserCodeRequest: { user_code: device.data.user_code ?? '' },
      })
      expect(accepted.data.redirect_to).toContain('device_verifier=')

      const secret = { clientId: client.client_id, clientSecret: client.client_secret }
      expect((await visitor.revokeOAuth2Token({ token: 'unknown', ...secret })).status).toBe(200)
      expect((await oauth2.deleteOAuth2Token({ clientId: app.client_id })).status).toBe(204)
      expect((await introspect(server, accessToken)).active).toBe(false)
      const left = exchanged.data.refresh_token ?? ''
      expect((await refresh(server, { client_id: app.client_id, client_secret: '' }, left)).status).toBe(200)

      const issuers = { issuer: 'https://issuer.example.test', subject: 'alice', jwk: JWK, scope: ['read'] }
      const trusted = await oauth2.trustOAuth2JwtGrantIssuer({
        trustOAuth2JwtGrantIssuer: { ...issuers, expires_at: '2099-01-01T00:00:00Z' },
      })
      const trust = trusted.data.id ?? ''
      expect((await oauth2.listTrustedOAuth2JwtGrantIssuers()).data).toHaveLength(1)
      expect((await oauth2.getTrustedOAuth2JwtGrantIssuer({ id: trust })).data.issuer).toBe(issuers.issuer)
      expect((await oauth2.deleteTrustedOAuth2JwtGrantIssuer({ id: trust })).status).toBe(204)

      const set = 'keys-of-tests'
      const made = await jwk.createJsonWebKeySet({ set, createJsonWebKeySet: { alg: 'ES256', use: 'sig', kid: 'a' } })
      expect(made.status).toBe(201)
      const [key] = made.data.keys ?? []
      if (key === undefined) throw new Error('no key was made')
      expect((await jwk.getJsonWebKeySet({ set })).data.keys).toHaveLength(1)
      expect((await jwk.getJsonWebKey({ set, kid: 'a' })).data.keys?.[0]?.kid).toBe('a')
      expect((await jwk.setJsonWebKey({ set, kid: 'a', jsonWebKey: key })).data.kid).toBe('a')
      expect((await jwk.setJsonWebKeySet({ set, jsonWebKeySet: { keys: [key] } })).data.keys).toHaveLength(1)
      expect((await jwk.deleteJsonWebKey({ set, kid: 'a' })).status).toBe(204)
      expect((await jwk.deleteJsonWebKeySet({ set })).status).toBe(204)

      const self = await oidc.createOidcDynamicClient({ oAuth2Client: { redirect_uris: [CALLBACK] } })
      const selfId = self.data.client_id ?? ''
      const bearer = (token: string | undefined) =>
        noted(new OidcApi(new Configuration({ basePath: server.publicUrl, accessToken: token ?? '' })), called)
      const mine = bearer(self.data.registration_access_token)
      expect((await mine.getOidcDynamicClient({ id: selfId })).data.client_id).toBe(selfId)
      const changed = await mine.setOidcDynamicClient({ id: selfId, oAuth2Client: { client_name: 'mine' } })
      expect(
        (await bearer(changed.data.registration_access_token).deleteOidcDynamicClient({ id: selfId })).status,
      ).toBe(204)

      expect((await visitor.oAuth2Authorize(AS_IT_IS)).status).toBe(302)
      expect((await oidc.revokeOidcSession(AS_IT_IS)).status).toBe(302)
      const credential = await oidc.createVerifiableCredential({}, AS_IT_IS)
      expect(credential).toMatchObject({ status: 400, data: { error: 'unsupported_credential_format' } })

      const all = [OAuth2Api, OidcApi, JwkApi, WellknownApi, MetadataApi].flatMap(methodsOf)
      expect(all.length).toBe(50)
      expect(all.filter((method) => !called.has(method))).toEqual([])
    } finally {
      await server.close()
    }
  },
)

// Ory's CLI asks for its first page with an empty token, and tries both ways of authenticating a client.
test('the calls of Ory’s CLI that no SDK makes', async () => {
  const server = await startOAuth2Server()
  try {
    const client = await register(server)
    const listed = await fetch(`${server.adminUrl}/admin/clients?page_size=100&page_token=`)
    expect([listed.status, JSON.parse(await listed.text()).length]).toEqual([200, 1])
    const post = (path: string, form: { readonly [name: string]: string }, headers = {}) =>
      fetch(`${server.publicUrl}/oauth2/${path}`, { method: 'POST', body: new URLSearchParams(form), headers })
    const basic = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`
    const form = { grant_type: 'client_credentials' }
    // The client is registered for the form, so its header is refused, and the CLI sends the form.
    expect((await post('token', form, { authorization: basic })).status).toBe(401)
    const { access_token: token }: { readonly access_token: string } = JSON.parse(
      await (await post('token', { ...form, ...client })).text(),
    )
    expect((await post('revoke', { token, ...client })).status).toBe(200)
    expect(await introspect(server, token)).toEqual({ active: false })
    const gone = await fetch(`${server.adminUrl}/admin/clients/nobody`)
    expect([gone.status, JSON.parse(await gone.text())]).toEqual([
      404,
      { error: 'Unable to locate the resource', error_description: '' },
    ])
  } finally {
    await server.close()
  }
})
