import type { JsonObject } from './json.ts'

// The library of the language knows these from the next edition on (ECMAScript, JSON.parse source text access).
declare global {
  interface JSON {
    rawJSON(text: string): JsonObject
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
  }
}

const MANY_DIGITS = /\d{16}/

/**
 * Reads JSON so that whoever writes it again writes the same numbers: an integer that a double can't hold (RFC 8259 §6)
 * stays the text that it was. It is no number to compute with; `withDoubles` makes one of it.
 */
export const parseExactly = (text: string): unknown =>
  MANY_DIGITS.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)

const keepDigits = (_key: string, value: unknown, { source = '' }: { readonly source?: string }) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? JSON.rawJSON(source) : value

/** The same for a language whose numbers are doubles. */
export function withDoubles(object: JsonObject): JsonObject {
  const text = JSON.stringify(object)
  if (!MANY_DIGITS.test(text)) return object
  const plain: JsonObject = JSON.parse(text)
  return plain
}
