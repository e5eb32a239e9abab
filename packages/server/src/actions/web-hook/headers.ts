import type { JsonObject } from '../../core/json.ts'
import type { WebHookConfig } from './config.ts'
import { headerValue } from '../template/header-value.ts'
import { fillIn, isTemplate, readTextTemplate, type TextTemplate } from '../template/text-template.ts'

type Headers = { readonly [name: string]: string }

/** A hook's own headers. Names are in lower case. Only `open` ones may be stored with a delivery, and what templates give. */
export type HookHeaders = {
  readonly open: Headers
  readonly secret: Headers
  readonly templates: { readonly [name: string]: TextTemplate }
}

/** What a configured header can't hold a secret in. Everything else might. */
const OPEN = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])
/** What belongs to the connection, or to us. */
export const NOT_SENT: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The configured headers, then what authenticates the call: that wins (ory-actions.md §4.2). */
export function hookHeaders(config: Pick<WebHookConfig, 'headers' | 'auth'>, url: URL | null): HookHeaders {
  const configured = Object.entries(config.headers ?? {})
    .map(([name, value]): readonly [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !NOT_SENT.has(name))
  const given: Headers = {
    'content-type': 'application/json',
    ...(url === null ? {} : userOf(url)),
    ...Object.fromEntries(configured),
  }
  const auth = authHeader(config.auth, given)
  const isFilledIn = (name: string, value: string) => isTemplate(value) && !Object.hasOwn(auth, name)
  const all = Object.entries({ ...given, ...auth })
  const fixed = all.filter(([name, value]) => !isFilledIn(name, value))
  return {
    open: Object.fromEntries(fixed.filter(([name]) => OPEN.has(name))),
    secret: Object.fromEntries(fixed.filter(([name]) => !OPEN.has(name))),
    templates: Object.fromEntries(
      all.flatMap(([name, value]) => (isFilledIn(name, value) ? [[name, readTextTemplate(value)]] : [])),
    ),
  }
}

/** The headers of one call that depend on it. A value can neither end its header nor name a secret (reliability.md T39). */
export const fillHeaders = ({ templates }: HookHeaders, context: JsonObject): Headers =>
  Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [
      name,
      fillIn(template, context, (value) => headerValue(name, value)),
    ]),
  )

const userOf = ({ username, password }: URL): Headers =>
  username === '' && password === ''
    ? {}
    : { authorization: basic(decodeURIComponent(username), decodeURIComponent(password)) }

function authHeader(auth: WebHookConfig['auth'], given: Headers): Headers {
  if (auth === undefined) return {}
  if (auth.type === 'basic_auth') return { authorization: basic(auth.config.user, auth.config.password) }
  if (auth.type === 'bearer') return { authorization: `Bearer ${headerText(auth.config.token)}` }
  // A token is got when it is needed, and a certificate is no header.
  if (auth.type !== 'api_key') return {}
  const { name, value } = auth.config
  if (auth.config.in === 'header') return { [name.toLowerCase()]: headerText(value) }
  const cookie = `${name}=${cookieText(value)}`
  return { cookie: given.cookie === undefined ? cookie : `${given.cookie}; ${cookie}` }
}

/** RFC 7617, with UTF-8. */
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const headerText = (value: string) => value.replace(/[\r\n\0]/g, '')

/** As Go writes a cookie: what may not stand in one is left out, blanks and commas need quotes (RFC 6265 §4.1.1). */
const cookieText = (value: string) => {
  const kept = value.replace(/[^\x20-\x7e]|["\\;]/g, '')
  return /[ ,]/.test(kept) ? `"${kept}"` : kept
}
