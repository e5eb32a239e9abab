const escapes: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** A string in Go's syntax, as go-jsonnet shows field names in stack traces. */
export function goQuote(text: string): string {
  let out = '"'
  for (const char of text) out += char === '"' ? '\\"' : goChar(char, /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]$/u)
  return `${out}"`
}

/** A character in Go's syntax and ASCII; nothing (the end of the text) is the replacement character. */
export function goQuoteChar(char: string | undefined): string {
  if (char === "'") return "'\\''"
  return `'${goChar(char ?? '\ufffd', /^[ -~]$/)}'`
}

function goChar(char: string, printable: RegExp): string {
  const known = escapes[char]
  if (known !== undefined) return known
  if (printable.test(char)) return char
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
