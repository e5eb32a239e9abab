/** A path in a provider's answer, such as `data.attributes.email`; one that begins with `token:` is in the answer with the token. */
type ClaimPath = string

/** How a provider tells who somebody is that speaks OAuth 2 and has an endpoint of its own for it. */
type Profile = {
  readonly url: string
  /** Where the access token goes if not into the Authorization header. */
  readonly tokenIn?: { readonly header: string } | { readonly query: string } | { readonly scheme: string }
  /** Proves that the call is ours: an HMAC of the access token under the client's secret (Facebook). */
  readonly proof?: string
  /** What of the answer says that it is a refusal, although its status says 200. */
  readonly refusedUnless?: ClaimPath
  readonly claims: { readonly [claim: string]: ClaimPath }
  /** Addresses have an endpoint beside the profile's, asked with one of these scopes: a list, or one at a path. */
  readonly addresses?: { readonly url: string; readonly scopes: readonly string[]; readonly at?: ClaimPath }
}

export type OidcRow = {
  readonly protocol: 'oidc'
  /** Where it describes itself (OpenID Connect Discovery 1.0); null: `issuer_url` says so. `{tenant}` is the configured one. */
  readonly issuer: string | null
  /** Claims come from here whatever is configured. */
  readonly claims?: 'userinfo'
  /** Parameters the authorization request always has. */
  readonly parameters?: { readonly [name: string]: string }
  /** Its secret is a token that is signed for every call (Apple). */
  readonly secret?: 'signed'
  /** Native apps may bring its ID tokens. */
  readonly nativeTokens?: true
  /** An algorithm that its discovery document keeps quiet about. */
  readonly algorithm?: string
  /** Other places its subject may be read at. */
  readonly subjects?: { readonly me: { readonly url: string; readonly path: ClaimPath } }
  /** Settings it can not do without. */
  readonly needs?: readonly ('issuer_url' | 'microsoft_tenant' | 'apple')[]
}

export type OAuth2Row = {
  readonly protocol: 'oauth2'
  /** What its claims say as `iss`, and what `{issuer}` stands for; `issuer_url` replaces it. */
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  /** What the token request calls its fields where it is JSON and not a form. */
  readonly tokenFields?: { readonly [name: string]: string }
  /** What the answer calls the access token. */
  readonly accessToken?: string
  /** How scopes are told apart, if not by a space. */
  readonly scopeSeparator?: ','
  readonly parameters?: { readonly [name: string]: string }
  readonly profile: Profile
  readonly needs?: readonly 'issuer_url'[]
}

type Refused = { readonly protocol: 'refused'; readonly reason: string }

export type ProviderRow = OidcRow | OAuth2Row | Refused

const github = (addresses: Profile['addresses']): OAuth2Row => ({
  protocol: 'oauth2',
  issuer: 'https://github.com/login/oauth/access_token',
  authorize: 'https://github.com/login/oauth/authorize',
  token: 'https://github.com/login/oauth/access_token',
  profile: {
    url: 'https://api.github.com/user',
    claims: {
      sub: 'id',
      name: 'name',
      nickname: 'login',
      preferred_username: 'login',
      profile: 'html_url',
      picture: 'avatar_url',
      website: 'blog',
      email: 'email',
      updated_at: 'updated_at',
    },
    ...(addresses === undefined ? {} : { addresses }),
  },
})

/** Every provider Ory knows by name (ory-identity-api.md §10.2). What differs between them is said here and nowhere else. */
export const PROVIDERS = {
  generic: { protocol: 'oidc', issuer: null, needs: ['issuer_url'] },
  google: { protocol: 'oidc', issuer: 'https://accounts.google.com', nativeTokens: true },
  microsoft: {
    protocol: 'oidc',
    issuer: 'https://login.microsoftonline.com/{tenant}/v2.0',
    subjects: { me: { url: 'https://graph.microsoft.com/v1.0/me', path: 'id' } },
    nativeTokens: true,
    needs: ['microsoft_tenant'],
  },
  apple: {
    protocol: 'oidc',
    issuer: 'https://appleid.apple.com',
    // Apple refuses scopes in a query; it posts its answer, and we turn that into a GET.
    parameters: { response_mode: 'form_post' },
    secret: 'signed',
    nativeTokens: true,
    needs: ['apple'],
  },
  auth0: { protocol: 'oidc', issuer: null, claims: 'userinfo', needs: ['issuer_url'] },
  netid: { protocol: 'oidc', issuer: 'https://broker.netid.de', nativeTokens: true },
  line: { protocol: 'oidc', issuer: 'https://access.line.me', algorithm: 'HS256' },
  linkedin_v2: { protocol: 'oidc', issuer: 'https://www.linkedin.com/oauth' },

  github: github({ url: 'https://api.github.com/user/emails', scopes: ['user:email', 'user'] }),
  'github-app': github(undefined),
  gitlab: {
    protocol: 'oauth2',
    issuer: 'https://gitlab.com',
    authorize: '{issuer}/oauth/authorize',
    token: '{issuer}/oauth/token',
    profile: { url: '{issuer}/oauth/userinfo', claims: {} },
  },
  salesforce: {
    protocol: 'oauth2',
    issuer: 'https://login.salesforce.com',
    authorize: '{issuer}/services/oauth2/authorize',
    token: '{issuer}/services/oauth2/token',
    profile: { url: '{issuer}/services/oauth2/userinfo', claims: {} },
  },
  discord: {
    protocol: 'oauth2',
    issuer: 'https://discord.com/api/oauth2/token',
    authorize: 'https://discord.com/api/oauth2/authorize',
    token: 'https://discord.com/api/oauth2/token',
    parameters: { prompt: 'none' },
    profile: {
      url: 'https://discord.com/api/users/@me',
      claims: {
        sub: 'id',
        name: 'global_name',
        nickname: 'username',
        preferred_username: 'username',
        email: 'email',
        email_verified: 'verified',
        locale: 'locale',
      },
    },
  },
  slack: {
    protocol: 'oauth2',
    issuer: 'https://slack.com/oauth/',
    authorize: 'https://slack.com/oauth/authorize',
    token: 'https://slack.com/api/oauth.access',
    scopeSeparator: ',',
    profile: {
      url: 'https://slack.com/api/users.identity',
      refusedUnless: 'ok',
      claims: {
        sub: 'user.id',
        name: 'user.name',
        nickname: 'user.name',
        email: 'user.email',
        picture: 'user.image_512',
        team: 'team.id',
      },
    },
  },
  facebook: {
    protocol: 'oauth2',
    issuer: 'https://graph.facebook.com',
    authorize: 'https://www.facebook.com/dialog/oauth',
    token: 'https://graph.facebook.com/oauth/access_token',
    profile: {
      url: 'https://graph.facebook.com/me?fields=id,name,first_name,last_name,middle_name,email,picture,birthday,gender',
      proof: 'appsecret_proof',
      claims: {
        sub: 'id',
        name: 'name',
        given_name: 'first_name',
        family_name: 'last_name',
        middle_name: 'middle_name',
        nickname: 'name',
        email: 'email',
        picture: 'picture.data.url',
        birthdate: 'birthday',
        gender: 'gender',
      },
    },
  },
  vk: {
    protocol: 'oauth2',
    issuer: 'https://api.vk.com/method/users.get',
    authorize: 'https://oauth.vk.com/authorize',
    token: 'https://oauth.vk.com/access_token',
    profile: {
      url: 'https://api.vk.com/method/users.get?fields=photo_200,nickname,bdate,sex&v=5.131',
      tokenIn: { query: 'access_token' },
      claims: {
        sub: 'response.0.id',
        given_name: 'response.0.first_name',
        family_name: 'response.0.last_name',
        nickname: 'response.0.nickname',
        picture: 'response.0.photo_200',
        birthdate: 'response.0.bdate',
        email: 'token:email',
      },
    },
  },
  yandex: {
    protocol: 'oauth2',
    issuer: 'https://login.yandex.ru/info',
    authorize: 'https://oauth.yandex.com/authorize',
    token: 'https://oauth.yandex.com/token',
    profile: {
      url: 'https://login.yandex.ru/info?format=json',
      tokenIn: { scheme: 'OAuth' },
      claims: {
        sub: 'id',
        name: 'real_name',
        given_name: 'first_name',
        family_name: 'last_name',
        nickname: 'display_name',
        preferred_username: 'login',
        email: 'default_email',
        phone_number: 'default_phone.number',
        gender: 'sex',
        birthdate: 'birthday',
      },
    },
  },
  spotify: {
    protocol: 'oauth2',
    issuer: 'https://accounts.spotify.com/api/token',
    authorize: 'https://accounts.spotify.com/authorize',
    token: 'https://accounts.spotify.com/api/token',
    profile: {
      url: 'https://api.spotify.com/v1/me',
      claims: {
        sub: 'id',
        name: 'display_name',
        nickname: 'display_name',
        profile: 'external_urls.spotify',
        picture: 'images.0.url',
        email: 'email',
        birthdate: 'birthdate',
      },
    },
  },
  patreon: {
    protocol: 'oauth2',
    issuer: 'https://www.patreon.com/',
    authorize: 'https://www.patreon.com/oauth2/authorize',
    token: 'https://www.patreon.com/api/oauth2/token',
    profile: {
      url: 'https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=first_name,last_name,url,full_name,email,is_email_verified,image_url',
      claims: {
        sub: 'data.id',
        name: 'data.attributes.full_name',
        given_name: 'data.attributes.first_name',
        family_name: 'data.attributes.last_name',
        profile: 'data.attributes.url',
        picture: 'data.attributes.image_url',
        email: 'data.attributes.email',
        email_verified: 'data.attributes.is_email_verified',
      },
    },
  },
  dingtalk: {
    protocol: 'oauth2',
    issuer: 'https://api.dingtalk.com/v1.0/oauth2/userAccessToken',
    authorize: 'https://login.dingtalk.com/oauth2/auth',
    token: 'https://api.dingtalk.com/v1.0/oauth2/userAccessToken',
    tokenFields: { client_id: 'clientId', client_secret: 'clientSecret', code: 'code', grant_type: 'grantType' },
    accessToken: 'accessToken',
    parameters: { prompt: 'consent' },
    profile: {
      url: 'https://api.dingtalk.com/v1.0/contact/users/me',
      tokenIn: { header: 'x-acs-dingtalk-access-token' },
      claims: { sub: 'openId', name: 'nick', nickname: 'nick', picture: 'avatarUrl', email: 'email' },
    },
  },
  lark: {
    protocol: 'oauth2',
    issuer: 'https://passport.feishu.cn/suite/passport/oauth/token',
    authorize: 'https://passport.feishu.cn/suite/passport/oauth/authorize',
    token: 'https://passport.feishu.cn/suite/passport/oauth/token',
    profile: {
      url: 'https://passport.feishu.cn/suite/passport/oauth/userinfo',
      claims: {
        sub: 'sub',
        name: 'name',
        nickname: 'name',
        picture: 'avatar_url',
        email: 'email',
        phone_number: 'mobile',
      },
    },
  },
  linkedin: {
    protocol: 'oauth2',
    issuer: 'https://www.linkedin.com/oauth/v2/accessToken',
    authorize: 'https://www.linkedin.com/oauth/v2/authorization',
    token: 'https://www.linkedin.com/oauth/v2/accessToken',
    profile: {
      url: 'https://api.linkedin.com/v2/me',
      claims: { sub: 'id', given_name: 'localizedFirstName', family_name: 'localizedLastName' },
      addresses: {
        url: 'https://api.linkedin.com/v2/emailAddress?q=members&projection=(elements*(handle~))',
        scopes: ['r_emailaddress'],
        at: 'elements.0.handle~.emailAddress',
      },
    },
  },
  amazon: {
    protocol: 'oauth2',
    issuer: 'https://api.amazon.com/auth/o2/token',
    authorize: 'https://www.amazon.com/ap/oa',
    token: 'https://api.amazon.com/auth/o2/token',
    profile: {
      url: 'https://api.amazon.com/user/profile',
      claims: { sub: 'user_id', name: 'name', email: 'email' },
    },
  },
  uaepass: {
    protocol: 'oauth2',
    issuer: 'https://id.uaepass.ae/idshub',
    authorize: '{issuer}/authorize',
    token: '{issuer}/token',
    parameters: { acr_values: 'urn:safelayer:tws:policies:authentication:level:low' },
    profile: {
      url: '{issuer}/userinfo',
      claims: {
        sub: 'sub',
        name: 'fullnameEN',
        given_name: 'firstnameEN',
        family_name: 'lastnameEN',
        email: 'email',
        phone_number: 'mobile',
        gender: 'gender',
      },
    },
  },

  x: {
    protocol: 'refused',
    reason:
      'it signs people in with OAuth 1.0a, which is not spoken here; its OAuth 2 is no sign-in with an e-mail address',
  },
  'fedcm-test': {
    protocol: 'refused',
    reason: 'it only exists to try out a browser interface (FedCM) that is not built',
  },
} as const satisfies { readonly [kind: string]: ProviderRow }

/** The row of a kind; the configuration's schema lets no other through. */
export function rowOf(kind: string): ProviderRow {
  const rows: { readonly [kind: string]: ProviderRow } = PROVIDERS
  return rows[kind] ?? { protocol: 'refused', reason: 'nothing is known of it' }
}
