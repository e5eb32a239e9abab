import { isIPv6 } from 'node:net'
import { RE2JS } from 're2js'
import { hidesSomething, normalisePhone } from './normalise.ts'

/** The formats a schema can ask for; as in Ory, one that is not listed here says nothing about a value. */
export const formats: { readonly [name: string]: (text: string) => boolean } = {
  date: (text) => isDate(text),
  time: (text) => isTime(text),
  'date-time': (text) => isDateTime(text),
  email: (text) => isEmail(text),
  email_loose: (text) => /^[^\s@]+@[^\s@]+$/u.test(text) && !hidesSomething(text),
  tel: (text) => normalisePhone(text) !== null,
  hostname: (text) => isHostname(text),
  ipv4: (text) => isIPv4(text),
  'ip-address': (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text),
  uri: (text) => isUri(text),
  iri: (text) => isUri(text),
  'uri-reference': (text) => isUriReference(text),
  uriref: (text) => isUriReference(text),
  'iri-reference': (text) => isUriReference(text),
  regex: (text) => isRegex(text),
  'json-pointer': (text) => /^(\/([^~/]|~[01])*)*$/u.test(text),
  'relative-json-pointer': (text) => /^(0|[1-9]\d*)(#|(\/([^~/]|~[01])*)*)$/u.test(text),
}

/** RFC 5322 §3.4.1, as far as mail is sent to it: at most 254 bytes, 64 before the @, a host name behind it. */
export function isEmail(text: string): boolean {
  if (Buffer.byteLength(text) > 254 || hidesSomething(text)) return false
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  return at > 0 && Buffer.byteLength(local) <= 64 && isLocalPart(local) && isHostname(text.slice(at + 1))
}

const isLocalPart = (text: string) =>
  /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10FFFF}]+(\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10FFFF}]+)*$/u.test(text) ||
  /^"([^"\\\p{Cc}]|\\[ -~])*"$/u.test(text)

/** RFC 1034 §3.1, RFC 1123 §2.1. */
function isHostname(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))
}

const isIPv4 = (text: string) =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((group) => Number(group) <= 255)

/** RFC 3339 §5.6, days of the month included. */
function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return year !== '' && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

const isTime = (text: string) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(text)

function isDateTime(text: string): boolean {
  const at = text.indexOf('T')
  return at !== -1 && isDate(text.slice(0, at)) && isTime(text.slice(at + 1))
}

// The parser forgives spaces and control characters; RFC 3986 does not.
const isUri = (text: string) => /^[a-z][a-z0-9+.-]*:[^\s\p{Cc}]*$/iu.test(text) && URL.canParse(text)
const isUriReference = (text: string) => /^[^\s\p{Cc}]*$/u.test(text) && URL.canParse(text, 'http://localhost')

/** Compiling takes its time, and nobody writes one as long as this by hand. */
const LONGEST_PATTERN = 1000

function isRegex(text: string): boolean {
  if (text.length > LONGEST_PATTERN) return false
  try {
    RE2JS.compile(text)
    return true
  } catch {
    return false
  }
}
