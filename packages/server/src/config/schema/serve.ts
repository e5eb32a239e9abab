import ipaddr from 'ipaddr.js'
import { Type } from 'typebox'
import {
  choice,
  flag,
  group,
  list,
  optionalGroup,
  optionalSecret,
  optionalText,
  optionalWebUrl,
  secret,
  text,
  whole,
} from './parts.ts'

const HTTP_METHODS = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'HEAD', 'OPTIONS', 'TRACE']

const origin = Type.Refine(
  Type.String({ need: 'an origin such as https://app.example.org, with at most one *' }),
  (value) => value === '*' || (value.split('*').length <= 2 && URL.canParse(value.replace('*', 'x'))),
)

const cors = group('Which pages of other origins may call.', {
  enabled: flag('Whether any may.', false),
  allowed_origins: list('The origins.', origin, ['*']),
  allowed_methods: list('The HTTP methods.', Type.Enum(HTTP_METHODS), ['POST', 'GET', 'PUT', 'PATCH', 'DELETE']),
  allowed_headers: list('The request headers.', Type.String(), [
    'Authorization',
    'Content-Type',
    'Max-Age',
    'X-Session-Token',
    'X-XSRF-TOKEN',
    'X-CSRF-TOKEN',
  ]),
  exposed_headers: list('The response headers pages may read.', Type.String(), ['Content-Type']),
  allow_credentials: flag('Whether cookies come along.', true),
  options_passthrough: flag('Whether OPTIONS requests are answered by the routes.', false),
  max_age: whole('For how many seconds a browser remembers the answer.', 0, { minimum: 0 }),
  debug: flag('Whether decisions are logged.', false),
})

const pem = (description: string, isSecret: boolean) =>
  optionalGroup(description, {
    path: optionalText('The PEM file.'),
    base64: isSecret ? optionalSecret('The PEM, in base64.') : optionalText('The PEM, in base64.'),
  })

/** A name or an address, of either family, that a URL can be made of; or a unix socket. */
const isHost = (value: string) =>
  /^unix:\/./.test(value) ||
  (!/[/?#@\s]/.test(value) && [value, `[${value}]`].some((host) => host === '' || URL.canParse(`http://${host}:1/`)))

const listener = (who: string, port: number) => ({
  host: Type.Refine(
    text('The address it listens on.', { default: '0.0.0.0', need: 'a host name, an IP address or unix:/PATH' }),
    isHost,
  ),
  port: whole('The port it listens on.', port, { minimum: 1, maximum: 65_535 }),
  base_url: optionalWebUrl(`The address ${who} reach it at.`),
  request_log: group('Which requests are logged, at level debug.', {
    disable_for_health: flag('Leave health checks out of the log.', false),
  }),
  socket: optionalGroup('The owner and mode of a unix socket.', {
    owner: optionalText('The user.'),
    group: optionalText('The group.'),
    mode: whole('The mode.', 0o755, { minimum: 0, maximum: 0o777 }),
  }),
  tls: optionalGroup('The certificate it shows.', {
    key: pem('The private key.', true),
    cert: pem('The certificate.', false),
  }),
})

const proxy = Type.Refine(
  Type.String({ need: 'an IP address or a range such as 10.0.0.0/8' }),
  (value) => ipaddr.isValid(value) || ipaddr.isValidCIDR(value),
)

/** Where proxies in front mostly are: on this machine, or in its network. */
const PRIVATE = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
]

/** `serve`. */
export const serve = group('The two listeners.', {
  public: group('The listener for people and their clients.', {
    ...listener('people', 4433),
    cors,
    forwarded_headers: choice(
      'Whose word on the way of a request counts: that of `trusted_proxies`, which have to write X-Forwarded-For; or anyone’s, in True-Client-IP, CF-Connecting-IP, X-Real-IP and X-Forwarded-*.',
      ['trusted_proxies', 'anyone'],
      'trusted_proxies',
    ),
    trusted_proxies: list(
      'Addresses and ranges of the proxies in front. Limits believe nobody else, whatever `forwarded_headers` says.',
      proxy,
      PRIVATE,
    ),
  }),
  admin: group('The listener for administrators.', {
    ...listener('administrators', 4434),
    auth: group('Who may call it.', {
      bearer_tokens: list(
        'Tokens that open it. SDKs send one as their access token.',
        secret('A token.', { minLength: 16 }),
      ),
      without_tokens: choice(
        'If there are no tokens: callers whose Host and Origin are the listener’s own, or anyone who reaches the port.',
        ['same_host', 'anyone'],
        'same_host',
      ),
    }),
  }),
})
