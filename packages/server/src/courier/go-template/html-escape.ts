const ENTITIES: { readonly [character: string]: string } = {
  '\0': '\ufffd',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '+': '&#43;',
  '"': '&#34;',
  "'": '&#39;',
}

/** For element content, and for attribute values in quotes. */
export const escapeHtml = (text: string) => text.replace(/[\0&<>"'+]/g, (character) => ENTITIES[character] ?? '')

/** What html/template shows instead of a value that could do harm where it stands. */
const HARMLESS = 'ZgotmplZ'

/** For an attribute value without quotes: whatever could end it is a reference. */
export const escapeUnquoted = (text: string) =>
  text === ''
    ? HARMLESS
    : text.replace(/[\0&<>"'`=\t\n\v\f\r +]/g, (character) => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`)

const SAFE_SCHEMES = new Set(['http', 'https', 'mailto'])

/** The beginning of a URL: no scheme but those that only lead somewhere. */
export function filterUrl(text: string): string {
  const colon = text.indexOf(':')
  const isRelative = colon === -1 || text.slice(0, colon).includes('/')
  return isRelative || SAFE_SCHEMES.has(text.slice(0, colon).toLowerCase()) ? text : `#${HARMLESS}`
}

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** A whole URL, or the path of one: its own signs stay, what may not stand in one is written as bytes. */
export const normalizeUrl = (text: string) =>
  text.replace(/%(?![0-9a-fA-F]{2})|[^A-Za-z0-9\-._~!#$&*+,/:;=?@[\]%]/gu, percent)

/** A part of a query or fragment: nothing in it means anything to a URL. */
export const escapeUrl = (text: string) => text.replace(/[^A-Za-z0-9\-._~]/gu, percent)

/** A value in a style: a word, a number, a colour; nothing that could end the declaration or load something. */
export function filterCss(text: string): string {
  const isPlain = /^[\p{L}\p{N}#%.,+\-_! \t]*$/u.test(text) && !text.includes('--')
  const word = text.toLowerCase().replace(/[^a-z]/g, '')
  return isPlain && !word.includes('expression') && !word.includes('mozbinding') ? text : HARMLESS
}
