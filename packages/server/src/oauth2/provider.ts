import type { Effect } from '../core/effect.ts'
import type { OAuth2Client, OAuth2Write } from '../core/oauth2.ts'
import { createAdapter, NO_SCOPE } from './adapter.ts'
import { checkRequested, invalidAudience, invalidScope, publicClient } from './check-requested.ts'
import { AUTH_METHODS, audienceOf, authMethodOf, isPublicClient, RESPONSE_TYPES, scopesOf } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { guardedFetch } from './fetch-documents.ts'
import { halfHash, hashOf } from './hash.ts'
import { lifespanOf } from './lifespans.ts'
import { JWT_BEARER, jwtBearerGrant } from './jwt-bearer.ts'
import {
  BaseProvider,
  type GrantHandler,
  type IdTokenClass,
  type LibraryConfiguration,
  type LibraryContext,
  type LibraryProvider,
  type Model,
  type ModelClass,
  oauthError,
  type OidcContextClass,
  promptPolicy,
  type SessionClass,
} from './provider-types.ts'
import { type Scopes, scopeOf } from './request-scope.ts'
import { isAudienceAllowed, isScopeAllowed } from './scopes.ts'
import { ACCESS_TOKEN_KEYS, ID_TOKEN_KEYS, type SigningKey } from './signing-keys.ts'
import { accessTokenClaims, idTokenClaims, seconds, type TokenSession } from './token-session.ts'

/** The library with the seven places overridden in which Hydra's tokens differ from its own (ory-oauth2.md §3.3). */
export function createProvider(deps: OAuth2Deps, scopes: Scopes, key: SigningKey): LibraryProvider {
  const { settings } = deps
  const models: {
    code?: ModelClass
    device?: ModelClass
    refresh?: ModelClass
    access?: ModelClass
    credentials?: ModelClass
    idToken?: IdTokenClass
    session?: SessionClass
    context?: OidcContextClass
  } = {}

  // The library asks for its models while it is being constructed, before there could be fields.
  class CardeaProvider extends BaseProvider {
    override get AuthorizationCode(): ModelClass {
      return (models.code ??= askedBefore(deps, scopes, carrying(deps, scopes, super.AuthorizationCode, 'ac')))
    }
    override get DeviceCode(): ModelClass {
      return (models.device ??= askedBefore(deps, scopes, carrying(deps, scopes, super.DeviceCode, 'dc')))
    }
    override get RefreshToken(): ModelClass {
      return (models.refresh ??= graceful(
        deps,
        askedBefore(deps, scopes, carrying(deps, scopes, super.RefreshToken, 'rt')),
      ))
    }
    override get AccessToken(): ModelClass {
      return (models.access ??= structured(deps, scopes, carrying(deps, scopes, super.AccessToken, 'at')))
    }
    override get ClientCredentials(): ModelClass {
      return (models.credentials ??= ownSession(
        deps,
        scopes,
        structured(deps, scopes, carrying(deps, scopes, super.ClientCredentials, 'at')),
      ))
    }
    override get IdToken(): IdTokenClass {
      return (models.idToken ??= ownIdToken(deps, scopes, super.IdToken))
    }
    override get Session(): SessionClass {
      return (models.session ??= ownLogin(scopes, super.Session))
    }
    override get OIDCContext(): OidcContextClass {
      return (models.context ??= ownScopes(scopes, super.OIDCContext))
    }
    override registerGrantType(name: string, handler: GrantHandler, parameters: Iterable<string>): void {
      const own = name === 'refresh_token' ? ['refresh_token'] : [...parameters, 'audience']
      // Hydra refreshes with the scope that was granted, whatever the request says (ory-oauth2.md §1.7).
      super.registerGrantType(name, handler, new Set(own))
    }
  }

  const provider = new CardeaProvider(settings.issuer, configurationOf(deps, scopes, key))
  provider.proxy = true
  provider.silent = true
  provider.on('server_error', (_ctx, error) =>
    deps.log('error', 'oauth2_failed', {
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  )
  provider.registerGrantType(JWT_BEARER, jwtBearerGrant(deps, scopes), ['assertion', 'scope'])
  provider.Client.prototype.compareClientSecret = async (secret) => {
    const { client, form } = scopeOf(scopes)
    if (client === null) return false
    checkMethod(client, form.has('client_secret') ? 'client_secret_post' : 'client_secret_basic')
    return deps.secrets.matches(client.secrets, secret)
  }
  // Clients are validated when they are registered, by Hydra's rules (clients.ts), which are laxer.
  provider.Client.Schema.prototype.invalidate = () => {}
  return provider
}

/** A secret counts only where the client is registered to send it; the library takes it from either place (ory-oauth2.md §2.1). */
function checkMethod(client: OAuth2Client, used: string): void {
  const own = authMethodOf(client)
  if (own === used) return
  throw oauthError(
    401,
    'invalid_client',
    `Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method). The OAuth 2.0 Client supports client authentication method "${own}", but method "${used}" was requested. You must configure the OAuth 2.0 client's "token_endpoint_auth_method" value to accept "${used}".`,
  )
}

function configurationOf(deps: OAuth2Deps, scopes: Scopes, key: SigningKey): LibraryConfiguration {
  const { settings } = deps
  const lifespan = (token: 'access_token' | 'id_token' | 'refresh_token') => () => {
    const scope = scopeOf(scopes)
    const own = lifespanOf(settings, scope.client, scope.grantType, token)
    const shortened = {
      access_token: scope.session?.lifetimes?.accessToken,
      id_token: scope.session?.lifetimes?.idToken,
      refresh_token: scope.session?.lifetimes?.refreshToken,
    }[token]
    const full = own === null ? FOREVER : Math.max(1, seconds(own))
    return shortened === undefined ? full : Math.min(full, shortened)
  }
  const jwk = Object.fromEntries(Object.entries(key.jwk).filter(([, value]) => typeof value === 'string'))
  return {
    adapter: createAdapter(deps, scopes),
    jwks: { keys: [{ kty: 'RSA', ...jwk }] },
    cookies: { keys: [...settings.secrets.cookie] },
    responseTypes: [...RESPONSE_TYPES],
    scopes: ['openid', 'offline', 'offline_access'],
    claims: { openid: ['sub'] },
    clientAuthMethods: [...AUTH_METHODS],
    conformIdTokenClaims: false,
    clientDefaults: { grant_types: ['authorization_code'], response_types: ['code'] },
    enabledJWA: {
      clientAuthSigningAlgValues: [
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'EdDSA',
      ],
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      introspection: { enabled: false },
      resourceIndicators: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      requestObjects: { enabled: true },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '********' },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => client.clientId === token.clientId },
    },
    routes: {
      authorization: '/oauth2/auth',
      token: '/oauth2/token',
      revocation: '/oauth2/revoke',
      device_authorization: '/oauth2/device/auth',
      code_verification: '/oauth2/device/verify',
    },
    interactions: promptPolicy(async () => {
      const { authorization } = scopeOf(scopes)
      return authorization === null ? false : authorization.decide()
    }),
    extraParams: {
      audience: async () => {
        const { client, form } = scopeOf(scopes)
        if (client !== null) checkRequested(settings, client, form)
      },
    },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    loadExistingGrant: async (ctx) => {
      const { authorization } = scopeOf(scopes)
      const { granted } = authorization ?? { granted: null }
      if (granted === null) return undefined
      const grant = new ctx.oidc.provider.Grant({
        accountId: granted.consent.subject,
        clientId: granted.consent.clientId,
      })
      grant.jti = granted.consent.id
      grant.addOIDCScope([...granted.session.scope, NO_SCOPE].join(' '))
      return grant
    },
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => false,
    rotateRefreshToken: () => true,
    issueRefreshToken: async (_ctx, client) => {
      const scope = scopeOf(scopes).session?.scope ?? []
      return client.grantTypeAllowed('refresh_token') && (scope.includes('offline') || scope.includes('offline_access'))
    },
    pkce: {
      required: () => {
        const { client } = scopeOf(scopes)
        const isPublic = client !== null && isPublicClient(client)
        return settings.pkce.enforced || (settings.pkce.enforcedForPublicClients && isPublic)
      },
    },
    ttl: {
      AccessToken: lifespan('access_token'),
      ClientCredentials: lifespan('access_token'),
      IdToken: lifespan('id_token'),
      RefreshToken: lifespan('refresh_token'),
      AuthorizationCode: Math.max(1, seconds(settings.ttl.code)),
      DeviceCode: Math.max(1, seconds(settings.ttl.device)),
      Grant: FOREVER,
      Interaction: Math.max(1, seconds(settings.ttl.request)),
      Session: Math.max(1, seconds(settings.ttl.session)),
    },
    clockTolerance: 15,
    fetch: guardedFetch(deps),
    fetchResponseBodyLimits: { jwks_uri: LONGEST_KEY_SET },
    // Told to the browser by the error page that urls.error names (engine.ts).
    renderError: async (ctx, out) => {
      ctx.type = 'json'
      ctx.body = JSON.stringify(out)
    },
  }
}

/** A client's keys, and then some. */
const LONGEST_KEY_SET = 256 * 1024

/** Ten years, for what the configuration lets live for ever. */
const FOREVER = 10 * 365 * 24 * 60 * 60

/** The name of a model's class is what the library stores as its kind. */
function named<C extends object>(Model: C, name: string): C {
  Object.defineProperty(Model, 'name', { value: name })
  return Model
}

/** Every code and token carries its session, and has a value that says what it is. */
function carrying(deps: OAuth2Deps, scopes: Scopes, Model: ModelClass, prefix: string): ModelClass {
  const Carrying = class extends Model {
    static override get IN_PAYLOAD() {
      return [...super.IN_PAYLOAD, 'cardea', 'structured', 'uses', 'pair']
    }
    override generateTokenId() {
      const second = Buffer.from(deps.random.bytes(32)).toString('base64url')
      return `ory_${prefix}_${super.generateTokenId()}.${second}`
    }
    override async save() {
      const { session } = scopeOf(scopes)
      if (session !== null) {
        this.cardea = session
        this.scope = session.scope.length === 0 ? undefined : session.scope.join(' ')
      }
      return super.save()
    }
  }
  return named(Carrying, Model.name)
}

/** Asks the actions once everything is validated and before anything is consumed. */
function askedBefore(deps: OAuth2Deps, scopes: Scopes, Model: ModelClass): ModelClass {
  const Asked = class extends Model {
    override async consume() {
      const scope = scopeOf(scopes)
      const { client } = scope
      if (this.cardea === undefined || client === null) throw new Error(`a ${this.kind} without a session`)
      if (this.kind === 'RefreshToken') stillAllowed(deps, client, this.cardea)
      const asked = await deps.ask({
        grant: scope.grantType,
        session: withExpiry(deps, client, scope.grantType, this.cardea),
        client,
        form: scope.form,
        isGone: scope.isGone,
      })
      scope.session = asked.session
      scope.isConsumed = true
      scope.ifAnswered.push(...asked.effects, ...consumption(deps, this))
      this.emit('consumed')
    }
  }
  return named(Asked, Model.name)
}

/** What is written when a code or refresh token is used: itself, once, and what it replaces (ory-oauth2.md §2.3). */
function consumption({ settings }: OAuth2Deps, token: Model): readonly Effect[] {
  const kind = token.kind === 'RefreshToken' || token.kind === 'DeviceCode' ? token.kind : 'AuthorizationCode'
  const grace = kind === 'RefreshToken' ? settings.grace : null
  const changes: OAuth2Write[] = [{ write: 'consumeToken', kind, hash: hashOf(token.jti), grace }]
  if (kind === 'RefreshToken' && grace === null && token.grantId !== undefined)
    changes.push({ write: 'deleteAccessTokens', chain: token.grantId })
  if (kind === 'RefreshToken' && grace !== null && token.pair !== undefined)
    changes.push({ write: 'deleteAccessTokenOfPair', pair: token.pair })
  return changes.map((change): Effect => ({ kind: 'oauth2', change }))
}

/** A client that has lost a scope or audience since does not get it again by refreshing. */
function stillAllowed({ settings }: OAuth2Deps, client: OAuth2Client, { scope, audience }: TokenSession): void {
  const lost = scope.find((each) => !isScopeAllowed(settings.scopeStrategy, scopesOf(client), each))
  if (lost !== undefined) throw invalidScope(lost)
  const target = audience.find((each) => !isAudienceAllowed(audienceOf(client), each))
  if (target !== undefined) throw invalidAudience(target)
}

/** When the tokens of this answer will end, as the actions are told. */
export function withExpiry(
  { settings, clock }: Pick<OAuth2Deps, 'settings' | 'clock'>,
  client: OAuth2Client,
  grant: string,
  session: TokenSession,
): TokenSession {
  const at = clock.now()
  const access = lifespanOf(settings, client, grant, 'access_token')
  const refresh = lifespanOf(settings, client, grant, 'refresh_token')
  const hasRefresh = session.scope.some((each) => each === 'offline' || each === 'offline_access')
  return {
    ...session,
    expiresAt: {
      ...session.expiresAt,
      ...(access === null ? {} : { access_token: at + access }),
      ...(refresh === null || !hasRefresh || session.consentId === '' ? {} : { refresh_token: at + refresh }),
    },
  }
}

/** Within its grace a used refresh token counts as unused. */
function graceful({ settings, clock }: OAuth2Deps, Model: ModelClass): ModelClass {
  const Graceful = class extends Model {
    static override async find(value: string, options?: object) {
      const found = await super.find(value, options)
      const { grace } = settings
      if (found === undefined || grace === null || typeof found.consumed !== 'number') return found
      const isWithin = found.consumed * 1000 + grace.period > clock.now()
      if (isWithin && (grace.count === 0 || (found.uses ?? 0) < grace.count)) found.consumed = undefined
      return found
    }
  }
  return named(Graceful, Model.name)
}

/** Access tokens are opaque, or a JWT that is stored all the same, so that it can be revoked (ory-oauth2.md §2.3). */
function structured(deps: OAuth2Deps, scopes: Scopes, Model: ModelClass): ModelClass {
  const { settings, keys, random } = deps
  const isJwt = () => {
    const own = scopeOf(scopes).client?.fields['access_token_strategy']
    return (own === 'jwt' || own === 'opaque' ? own : settings.accessToken) === 'jwt'
  }
  const Structured = class extends Model {
    override generateTokenId() {
      const opaque = super.generateTokenId()
      if (!isJwt()) return opaque
      this.structured = true
      return random.uuid()
    }
    override async getValueAndPayload() {
      const made = await super.getValueAndPayload()
      const scope = scopeOf(scopes)
      const { exp, iat } = made.payload ?? {}
      const { session } = scope
      const moment = { issuer: settings.issuer, jti: this.jti, issuedAt: timeOf(iat), expiresAt: timeOf(exp) }
      const value =
        this.structured === true && session !== null
          ? await keys.sign(
              ACCESS_TOKEN_KEYS,
              accessTokenClaims(session, moment, { ...settings.claims, scopeClaim: settings.scopeClaim }),
              { typ: 'JWT' },
            )
          : made.value
      scope.accessToken = value
      return { ...made, value }
    }
  }
  return named(Structured, Model.name)
}

const timeOf = (value: unknown) => (typeof value === 'number' ? value * 1000 : 0)

/** Tokens nobody signed in for: of client credentials and of assertions. Their session begins here. */
function ownSession(deps: OAuth2Deps, scopes: Scopes, Model: ModelClass): ModelClass {
  const Own = class extends Model {
    override async save() {
      const scope = scopeOf(scopes)
      const { client } = scope
      if (client === null) throw new Error('a token without a client')
      const session = scope.session ?? clientSession(deps, client, scope.form)
      const asked = await deps.ask({
        grant: scope.grantType,
        session: withExpiry(deps, client, scope.grantType, session),
        client,
        form: scope.form,
        isGone: scope.isGone,
      })
      scope.session = asked.session
      scope.ifAnswered.push(...asked.effects)
      return super.save()
    }
  }
  return named(Own, Model.name)
}

/** The session of a client that speaks for itself (RFC 6749 §4.4). */
function clientSession({ settings, clock }: OAuth2Deps, client: OAuth2Client, form: URLSearchParams): TokenSession {
  const { scope, audience } = checkRequested(settings, client, form)
  if (isPublicClient(client)) throw publicClient()
  const isDefault = scope.length === 0 && settings.defaultGrantAllowedScope
  return {
    subject: client.id,
    clientId: client.id,
    consentId: '',
    requestedScope: form.has('scope') ? scope : null,
    scope: isDefault ? scopesOf(client) : scope,
    audience,
    accessToken: {},
    idToken: null,
    sid: null,
    claims: { sub: '', nonce: '', acr: '', amr: null, issuedAt: clock.now(), requestedAt: null, authenticatedAt: null },
    expiresAt: {},
  }
}

/** ID tokens are made of the session, and signed with the newest key of their set. */
function ownIdToken(deps: OAuth2Deps, scopes: Scopes, Model: IdTokenClass): IdTokenClass {
  const { settings, keys, clock, random } = deps
  const Own = class extends Model {
    override async issue(options: { use: string }) {
      if (options.use !== 'idtoken') return super.issue(options)
      const scope = scopeOf(scopes)
      const { session, client } = scope
      if (session === null || !session.scope.includes('openid')) return undefined
      const at = clock.now()
      const life = lifespanOf(settings, client, scope.grantType, 'id_token') ?? settings.ttl.idToken
      const shortened = session.lifetimes?.idToken
      const code = this.extra['c_hash']
      const claims = idTokenClaims(session, {
        issuer: settings.issuer,
        jti: random.uuid(),
        issuedAt: at,
        expiresAt: at + (shortened === undefined ? life : Math.min(life, shortened * 1000)),
        accessTokenHash: scope.accessToken === null ? null : halfHash(scope.accessToken),
        codeHash: typeof code === 'string' ? halfHash(code) : null,
      })
      return keys.sign(ID_TOKEN_KEYS, claims, { typ: 'JWT' })
    }
  }
  return named(Own, Model.name)
}

/** The library's session lasts for one request: who signed in is known from the verifier (requests.ts). */
function ownLogin(scopes: Scopes, Model: SessionClass): SessionClass {
  const Own = class extends Model {
    static override async get(ctx: LibraryContext) {
      const session = super.instantiate()
      ctx.oidc.entity('Session', session)
      const granted = scopeOf(scopes).authorization?.granted ?? null
      if (granted === null) return session
      const { subject, clientId, sid, consentId, claims } = granted.session
      session.loginAccount({ accountId: subject, loginTs: seconds(claims.authenticatedAt ?? claims.issuedAt) })
      if (sid !== null) session.sidFor(clientId, sid)
      session.grantIdFor(clientId, consentId)
      return session
    }
  }
  return named(Own, Model.name)
}

/** Any scope a client is registered for is one; which were granted is known from the consent. */
function ownScopes(scopes: Scopes, Context: OidcContextClass): OidcContextClass {
  return class OIDCContext extends Context {
    get #granted() {
      return scopes.getStore()?.authorization?.granted ?? null
    }
    override get requestParamScopes() {
      const granted = this.#granted
      return granted === null ? super.requestParamScopes : new Set([...granted.session.scope, NO_SCOPE])
    }
    override get requestParamOIDCScopes() {
      return this.requestParamScopes
    }
  }
}
