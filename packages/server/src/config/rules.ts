import { isIP } from 'node:net'
import type { JsonObject } from '../core/json.ts'
import type { Finding } from './check.ts'
import { type Path, parsePath, valueAt } from './path.ts'
import type { Secret } from './resolve-secrets.ts'
import type { Config } from './schema/schema.ts'
import { characters } from './show.ts'

/** What the rules that span several keys look at. */
export type Subject = {
  readonly config: Config
  /** What somebody wrote, without defaults and presets. */
  readonly configured: JsonObject
  /** Secrets that stand in a file in clear. */
  readonly inClear: readonly Secret[]
}

/** Refused where safety is asked for, said where Ory's behaviour is, and of no concern in development. */
const unsafe = ({ config }: Subject, finding: Omit<Finding, 'severity'>): readonly Finding[] => {
  if (config.dev) return []
  return config.profile === 'safe' ? [finding] : [{ ...finding, severity: 'warning' }]
}
const value = (key: string): { readonly path: Path; readonly part: 'value' } => ({
  path: parsePath(key),
  part: 'value',
})

/** `openssl` is everywhere Node is not. */
const MAKE_ONE = 'make one: openssl rand -hex 16'

/** What is known from examples, so it is no secret. */
const SAMPLE = /change[-_ ]?me|insecure|not[-_ ]?secure|not[-_ ]for[-_ ]real|example|^0+$|^x+$|^secret/i

function secretsAreStrong(subject: Subject): readonly Finding[] {
  const { secrets } = subject.config
  const lists = {
    default: secrets.default,
    cookie: secrets.cookie,
    pagination: secrets.pagination,
    cipher: secrets.cipher,
  }
  return Object.entries(lists).flatMap(([name, list = []]) =>
    list.flatMap((secret, at) => {
      const path = ['secrets', name, at]
      if (SAMPLE.test(secret)) {
        return unsafe(subject, {
          path,
          part: 'value',
          got: 'a sample value (not shown)',
          need: 'a secret of your own: sample values are known to everybody',
          fix: MAKE_ONE,
        })
      }
      if (Buffer.byteLength(secret) >= 32) return []
      return unsafe(subject, {
        path,
        part: 'value',
        got: `a secret of ${characters(secret)} (not shown)`,
        need: 'at least 32 bytes',
        fix: MAKE_ONE,
      })
    }),
  )
}

/** Sessions end with the process that made the secret up, and no other process knows it. */
function secretsAreSet(subject: Subject): readonly Finding[] {
  const { secrets } = subject.config
  if (secrets.default !== undefined || secrets.cookie !== undefined) return []
  return unsafe(subject, {
    path: ['secrets'],
    part: 'key',
    got: 'no secrets',
    need: 'secrets.cookie or secrets.default: without them every session ends when the server restarts',
    fix: MAKE_ONE,
  })
}

function secretsAreReferences(subject: Subject): readonly Finding[] {
  const need = 'a reference (env://NAME or file://PATH): secrets in clear end up in backups and repositories'
  const { inClear } = subject
  if (subject.config.profile === 'safe') {
    return inClear.flatMap(({ path }) =>
      unsafe(subject, { path, part: 'value', got: 'a secret in clear (not shown)', need }),
    )
  }
  const [first] = inClear
  if (first === undefined) return []
  const more = inClear.length === 1 ? '' : `, as ${inClear.length - 1} more`
  return unsafe(subject, { path: first.path, part: 'value', need: `${need} (in clear here${more})` })
}

/** A socket keeps out whoever may not open its file. */
const isLoopback = (host: string) =>
  host.startsWith('unix:') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** reliability.md §10, B17. */
function adminIsClosed(subject: Subject): readonly Finding[] {
  const { host, auth } = subject.config.serve.admin
  const isPreset = valueAt(subject.configured, ['serve', 'admin', 'host']) === undefined
  // What a profile presets it says itself.
  if (isPreset || isLoopback(host) || auth.bearer_tokens.length > 0) return []
  return unsafe(subject, {
    ...value('serve.admin.host'),
    got: JSON.stringify(host),
    need: '127.0.0.1, or serve.admin.auth.bearer_tokens: without them it would be open to everybody who reaches it',
  })
}

/** reliability.md §10, B18, T24. */
function guardIsOn(subject: Subject): readonly Finding[] {
  return subject.config.clients.http.private_ip_exception_urls.flatMap((glob, at) =>
    /^(\w+:\/\/)?\*+(:\*+)?(\/\*+)?$/.test(glob)
      ? unsafe(subject, {
          path: ['clients', 'http', 'private_ip_exception_urls', at],
          part: 'value',
          got: JSON.stringify(glob),
          need: 'a host with its port: this would switch the guard off',
        })
      : [],
  )
}

/** With half of it the listener would speak plain http where the file asks for https. */
const certificatesAreWhole = ({ config: { serve } }: Subject): readonly Finding[] =>
  (['public', 'admin'] as const).flatMap((listener) => {
    const { tls } = serve[listener]
    const missing = (['key', 'cert'] as const).filter((part) => !tls?.[part]?.path && !tls?.[part]?.base64)
    if (tls === undefined || missing.length === 0 || Object.keys(tls).length === 0) return []
    return [
      {
        path: ['serve', listener, 'tls'],
        part: 'key',
        got: `no ${missing.join(' and no ')}`,
        need: 'key and cert, each with a path or with base64',
      },
    ]
  })

function portsDiffer({ config: { serve } }: Subject): readonly Finding[] {
  const hasSocket = [serve.public, serve.admin].some(({ host }) => host.startsWith('unix:'))
  if (hasSocket || serve.public.port !== serve.admin.port) return []
  return [{ ...value('serve.admin.port'), got: String(serve.admin.port), need: 'another port than serve.public.port' }]
}

/** Browsers drop a `__Host-` cookie that is for more than this host (RFC 6265bis §4.1.3.2). */
function cookieNameHolds({ config: { session, cookies, dev } }: Subject): readonly Finding[] {
  if (!session.cookie.name.startsWith('__Host-')) return []
  const domain = session.cookie.domain ?? cookies.domain
  const path = session.cookie.path ?? cookies.path
  const isSecure = String(session.cookie.secure ?? cookies.secure ?? !dev) === 'true'
  if (domain === undefined && path === '/' && isSecure) return []
  return [
    {
      ...value('session.cookie.name'),
      got: JSON.stringify(session.cookie.name),
      need: 'a name without __Host-, or a secure cookie with path / and without domain',
    },
  ]
}

function sameSiteNoneIsSecure(subject: Subject): readonly Finding[] {
  const { cookies, session, dev } = subject.config
  return [
    { path: 'cookies.same_site', site: cookies.same_site, secure: cookies.secure },
    {
      path: 'session.cookie.same_site',
      site: session.cookie.same_site,
      secure: session.cookie.secure ?? cookies.secure,
    },
  ].flatMap(({ path, site, secure }): readonly Finding[] =>
    site === 'None' && String(secure ?? !dev) === 'false'
      ? [
          {
            ...value(path),
            need: 'secure cookies as well: browsers drop a cookie with same_site None that is not secure',
            severity: 'warning',
          },
        ]
      : [],
  )
}

function bcryptIsStrong({ config }: Subject): readonly Finding[] {
  const { algorithm, bcrypt } = config.hashers
  if (algorithm !== 'bcrypt' || bcrypt.cost >= 12 || config.dev) return []
  return [
    {
      ...value('hashers.bcrypt.cost'),
      need: `at least 12 outside of development: 12 is used instead of ${bcrypt.cost}`,
      severity: 'warning',
    },
  ]
}

function corsIsNarrow({ config: { serve } }: Subject): readonly Finding[] {
  const { enabled, allow_credentials, allowed_origins } = serve.public.cors
  if (!enabled || !allow_credentials || !allowed_origins.includes('*')) return []
  return [
    {
      ...value('serve.public.cors.allowed_origins'),
      need: 'the origins of your own pages: with * and allow_credentials every page of the web may act for a person',
      severity: 'warning',
    },
  ]
}

function tokensAreStrong(subject: Subject): readonly Finding[] {
  return subject.config.serve.admin.auth.bearer_tokens.flatMap((token, at) =>
    token.length >= 32
      ? []
      : unsafe(subject, {
          path: ['serve', 'admin', 'auth', 'bearer_tokens', at],
          part: 'value',
          got: `a token of ${characters(token)} (not shown)`,
          need: 'at least 32 characters',
          fix: MAKE_ONE,
        }),
  )
}

/** Development is told by its flag; in production it is almost always a mistake. */
function devIsMeant({ config, configured }: Subject): readonly Finding[] {
  const url = URL.parse(config.serve.public.base_url ?? 'http://localhost')
  if (!config.dev || url === null || isLoopback(url.hostname) || valueAt(configured, ['dev']) !== true) return []
  return [
    {
      ...value('dev'),
      need: `false where people reach the server at ${url.host}: cookies are not secure and private addresses can be called`,
      severity: 'warning',
    },
  ]
}

/** One mail has one sender, and one that nothing goes through is a mistake. */
function sendersAreApart({ config: { courier } }: Subject): readonly Finding[] {
  const named = courier.senders.flatMap(({ templates }, sender) =>
    templates.map((template, at) => ({ template, path: ['courier', 'senders', sender, 'templates', at] })),
  )
  const twice = named.filter(({ template }, at) => named.findIndex((other) => other.template === template) < at)
  const findings = twice.map(
    ({ template, path }): Finding => ({
      path,
      part: 'value',
      got: JSON.stringify(template),
      need: 'a template that no sender before it names',
    }),
  )
  if (courier.delivery_strategy !== 'http' || courier.senders.length === 0) return findings
  const need = 'delivery_strategy smtp: with http all mail goes by courier.http'
  return [...findings, { ...value('courier.senders'), need, severity: 'warning' }]
}

const RULES: readonly ((subject: Subject) => readonly Finding[])[] = [
  secretsAreSet,
  secretsAreStrong,
  secretsAreReferences,
  tokensAreStrong,
  adminIsClosed,
  guardIsOn,
  certificatesAreWhole,
  portsDiffer,
  cookieNameHolds,
  sameSiteNoneIsSecure,
  bcryptIsStrong,
  corsIsNarrow,
  sendersAreApart,
  devIsMeant,
]

/** What is wrong with keys together, each of which is right by itself. */
export const checkRules = (subject: Subject): readonly Finding[] => RULES.flatMap((rule) => rule(subject))
