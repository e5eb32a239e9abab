import { goQuote } from '../syntax/quote.ts'

const deepest = 10_000
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y

/** What Go's parser has against a text that is not JSON, in its words. */
export function jsonProblem(source: string): string | undefined {
  const text = Buffer.from(source).toString('latin1')
  const open: ('{' | '[')[] = []
  let at = 0
  let expecting: 'value' | 'value or ]' | 'key' | 'key or }' | 'rest' = 'value'
  const skip = (): void => {
    while (/[ \t\r\n]/.test(text.charAt(at)) && at < text.length) at++
  }
  for (;;) {
    skip()
    if (expecting === 'rest') {
      const inside = open.at(-1)
      const char = text.charAt(at)
      if (inside === undefined) return at < text.length ? unexpected(char, 'after top-level value') : rangeProblem(text)
      if (at >= text.length) return ended
      at++
      if (char === (inside === '{' ? '}' : ']')) open.pop()
      else if (char === ',') expecting = inside === '{' ? 'key' : 'value'
      else return unexpected(char, inside === '{' ? 'after object key:value pair' : 'after array element')
      continue
    }
    if (at >= text.length) return ended
    const char = text.charAt(at)
    if (expecting === 'key' || expecting === 'key or }') {
      if (char === '}' && expecting === 'key or }') {
        at++
        open.pop()
        expecting = 'rest'
        continue
      }
      if (char !== '"') return unexpected(char, 'looking for beginning of object key string')
      const end = stringEnd(text, at)
      if (typeof end === 'string') return end
      at = end
      skip()
      if (at >= text.length) return ended
      if (text.charAt(at) !== ':') return unexpected(text.charAt(at), 'after object key')
      at++
      expecting = 'value'
      continue
    }
    if (char === ']' && expecting === 'value or ]') {
      at++
      open.pop()
      expecting = 'rest'
    } else if (char === '{' || char === '[') {
      at++
      open.push(char)
      if (open.length > deepest) return 'exceeded max depth'
      expecting = char === '{' ? 'key or }' : 'value or ]'
    } else {
      const end = scalarEnd(text, at)
      if (typeof end === 'string') return end
      at = end
      expecting = 'rest'
    }
  }
}

const ended = 'unexpected end of JSON input'
/** What Go reads behind the end, to see whether a value could end there. */
const beyond = ' '

function unexpected(char: string, where: string): string {
  const shown = char === "'" ? "'\\''" : char === '"' ? `'"'` : `'${goQuote(char).slice(1, -1)}'`
  return `invalid character ${shown} ${where}`
}

function scalarEnd(text: string, at: number): number | string {
  const char = text.charAt(at)
  if (char === '"') return stringEnd(text, at)
  if (char === '-' || (char >= '0' && char <= '9')) return numberEnd(text, at)
  for (const word of ['true', 'false', 'null']) if (char === word.charAt(0)) return wordEnd(text, at, word)
  return unexpected(char, 'looking for beginning of value')
}

function wordEnd(text: string, at: number, word: string): number | string {
  for (let i = 1; i < word.length; i++) {
    const char = at + i < text.length ? text.charAt(at + i) : beyond
    if (char !== word.charAt(i)) return unexpected(char, `in literal ${word} (expecting '${word.charAt(i)}')`)
  }
  return at + word.length
}

function stringEnd(text: string, start: number): number | string {
  for (let at = start + 1; ; at++) {
    if (at >= text.length) return ended
    const char = text.charAt(at)
    if (char === '"') return at + 1
    if (char < ' ') return unexpected(char, 'in string literal')
    if (char !== '\\') continue
    at++
    const escape = at < text.length ? text.charAt(at) : beyond
    if (escape === 'u') {
      for (let i = 1; i <= 4; i++) {
        const digit = at + i < text.length ? text.charAt(at + i) : beyond
        if (!/[0-9a-fA-F]/.test(digit)) return unexpected(digit, 'in \\u hexadecimal character escape')
      }
      at += 4
    } else if (!'"\\/bfnrt'.includes(escape)) return unexpected(escape, 'in string escape code')
  }
}

function numberEnd(text: string, start: number): number | string {
  number.lastIndex = start
  const digits = number.exec(text)?.[0]
  if (digits === undefined) return atOr(text, start + 1, 'in numeric literal')
  const end = start + digits.length
  const next = text.charAt(end)
  if (next === '.' && !/[.eE]/.test(digits)) return atOr(text, end + 1, 'after decimal point in numeric literal')
  if (/[eE]/.test(next) && !/[eE]/.test(digits))
    return atOr(text, /[-+]/.test(text.charAt(end + 1)) ? end + 2 : end + 1, 'in exponent of numeric literal')
  return end
}

function atOr(text: string, at: number, where: string): string {
  return unexpected(at < text.length ? text.charAt(at) : beyond, where)
}

/** Whether a number in the text, which is JSON, is too large. */
function rangeProblem(text: string): string | undefined {
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?[0-9][0-9.eE+-]*/g) ?? []
  const wrong = numbers.find((digits) => !Number.isFinite(Number(digits)))
  return wrong === undefined ? undefined : `json: cannot unmarshal number ${wrong} into Go value of type float64`
}
