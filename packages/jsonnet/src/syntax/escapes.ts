const simple: Record<string, string> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** The text a quoted literal stands for, or what is wrong with it. */
export function unescape(text: string): { readonly text: string } | { readonly problem: string } {
  if (!text.includes('\\')) return { text }
  let out = ''
  for (let at = 0; at < text.length; ) {
    const slash = text.indexOf('\\', at)
    if (slash < 0) return { text: out + text.slice(at) }
    out += text.slice(at, slash)
    const code = String.fromCodePoint(text.codePointAt(slash + 1) ?? 0)
    if (slash + 1 >= text.length) return { problem: 'Truncated escape sequence in string literal.' }
    at = slash + 1 + code.length
    const plain = simple[code]
    if (plain !== undefined) out += plain
    else if (code !== 'u') return { problem: `Unknown escape sequence in string literal: \\${code}` }
    else {
      const unicode = readUnicode(text, at)
      if ('problem' in unicode) return unicode
      out += unicode.text
      at = unicode.next
    }
  }
  return { text: out }
}

function readUnicode(text: string, at: number): { text: string; next: number } | { problem: string } {
  const rest = Buffer.from(text.slice(at)).toString('latin1')
  if (rest.length < 4) return { problem: 'Truncated unicode escape sequence in string literal.' }
  const unit = hex(rest.slice(0, 4))
  // go-jsonnet names the first four characters of the whole literal here; so do we.
  if (unit === undefined) return { problem: `Unicode escape sequence was malformed: ${text.slice(0, 4)}` }
  if (unit < 0xd800 || unit > 0xdfff) return { text: String.fromCharCode(unit), next: at + 4 }
  if (rest.length < 10) return { problem: 'Truncated unicode surrogate pair escape sequence in string literal.' }
  if (rest.slice(4, 6) !== '\\u')
    return { problem: 'Unicode surrogate pair escape sequence missing low surrogate in string literal.' }
  const low = hex(rest.slice(6, 10))
  if (low === undefined) return { problem: `Unicode low surrogate escape sequence was malformed: ${text.slice(0, 4)}` }
  const isPair = unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff
  return { text: isPair ? String.fromCharCode(unit, low) : '\ufffd', next: at + 10 }
}

function hex(digits: string): number | undefined {
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}
