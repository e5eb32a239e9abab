import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/** Control characters, zero-width ones and those that turn the direction of writing: nobody can see them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0]/gu

/**
 * The one spelling under which an identifier is stored and looked up: compatibility form, without what cannot be seen,
 * in lower case; a phone number as E.164 (ory-identity-api.md §9.1).
 */
export function normaliseIdentifier(text: string): string {
  const seen = text.normalize('NFKC').replace(INVISIBLE, '').trim()
  return normalisePhone(seen) ?? seen.toLowerCase()
}

/** A phone number as E.164; null for anything that no network could dial. */
export function normalisePhone(text: string): string | null {
  const trimmed = text.trim()
  // Only the international form says which country it means. Nothing longer can be a number, so nothing longer is parsed.
  if (!trimmed.startsWith('+') || trimmed.length > 40) return null
  const parsed = parsePhoneNumberFromString(trimmed, { extract: false })
  return parsed?.isValid() ? parsed.number : null
}

/** Whether a text holds a character that must not hide in an address. */
export const hidesSomething = (text: string) => text.search(INVISIBLE) !== -1
