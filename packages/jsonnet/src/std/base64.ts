import { fail, type Machine, type Trace } from '../runtime/machine.ts'

/** Decodes base64 as strictly as Go does, and names the same byte where it is wrong. */
export function decodeBase64(m: Machine, text: string, at: Trace): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length % 4 !== 0)
    fail(m, `input string appears not to be a base64 encoded string. Wrong length found (${bytes.length})`, at)
  const wrong = wrongByte(bytes.toString('latin1'))
  if (wrong >= 0) fail(m, `failed to decode: illegal base64 data at input byte ${wrong}`, at)
  return Buffer.from(text.replace(/[\r\n]/g, ''), 'base64')
}

/** The first byte that does not belong there, or -1. */
function wrongByte(text: string): number {
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === '\n' || char === '\r') continue
    if (/[A-Za-z0-9+/]/.test(char)) {
      digits = (digits + 1) % 4
      continue
    }
    if (char !== '=' || digits < 2) return i
    return wrongPadding(text, i, digits)
  }
  return digits === 0 ? -1 : text.length - digits
}

function wrongPadding(text: string, first: number, digits: number): number {
  let at = skipBreaks(text, first + 1)
  if (digits === 2) {
    if (at === text.length) return text.length
    if (text[at] !== '=') return at
    at = skipBreaks(text, at + 1)
  }
  return at < text.length ? at : -1
}

function skipBreaks(text: string, from: number): number {
  let at = from
  while (text[at] === '\n' || text[at] === '\r') at++
  return at
}
