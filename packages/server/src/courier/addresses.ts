import { domainToASCII } from 'node:url'

const LOCAL_PART = /^[^\s"(),:;<>@[\\\]\p{C}]+$/u
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/**
 * Whether a text is one mail address and nothing else (RFC 5321 §4.1.2 without quoted parts, RFC 6531). Judged here and
 * not by the library: a text that two programs read differently goes to somebody else.
 */
export function isMailAddress(text: string): boolean {
  // RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all.
  if (text.length > 254 || Buffer.byteLength(text) > 254) return false
  const at = text.lastIndexOf('@')
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)]
  if (at < 1 || Buffer.byteLength(local) > 64 || !LOCAL_PART.test(local)) return false
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return false
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(domain)) return false
  const ascii = domainToASCII(domain)
  return ascii.length > 0 && ascii.length <= 253 && ascii.split('.').every((label) => LABEL.test(label))
}

/** Whether a text is a telephone number as flows store it (E.164). */
export const isPhoneNumber = (text: string) => /^\+[1-9]\d{3,14}$/.test(text)
