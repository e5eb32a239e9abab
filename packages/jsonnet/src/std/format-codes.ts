import { fail, type Machine, type Trace } from '../runtime/machine.ts'

export type Flags = {
  readonly alternate: boolean
  readonly zero: boolean
  readonly left: boolean
  readonly blank: boolean
  readonly plus: boolean
}

/** A `%` code; `*` takes a number from the values. */
export type Code = {
  readonly key: string | undefined
  readonly flags: Flags
  readonly width: number | '*'
  readonly precision: number | '*' | undefined
  readonly conversion: string
  readonly capitals: boolean
}

const flagsAt = /[#0\- +]*/y
const numberAt = /\*|[0-9]*/y

/** Cuts a format into its texts and codes. */
export function parseFormat(m: Machine, text: string, at: Trace): (string | Code)[] {
  const parts: (string | Code)[] = []
  let from = 0
  for (;;) {
    const percent = text.indexOf('%', from)
    if (percent < 0) return [...parts, text.slice(from)]
    parts.push(text.slice(from, percent))
    const { code, end } = parseCode(m, text, percent + 1, at)
    parts.push(code)
    from = end
  }
}

function parseCode(m: Machine, text: string, start: number, trace: Trace): { code: Code; end: number } {
  let at = start
  const here = (): string => (at < text.length ? text.charAt(at) : fail(m, 'Truncated format code.', trace))
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? ''
    at += found.length
    return found
  }
  let key: string | undefined
  if (here() === '(') {
    const close = text.indexOf(')', at)
    if (close < 0) fail(m, 'Truncated format code.', trace)
    key = text.slice(at + 1, close)
    at = close + 1
  }
  const flags = take(flagsAt)
  here()
  const width = amount(take(numberAt))
  let precision: number | '*' | undefined
  if (here() === '.') {
    at++
    precision = amount(take(numberAt))
  }
  if ('hlL'.includes(here())) at++
  const conversion = here()
  const kind = conversions[conversion] ?? fail(m, `Unrecognised conversion type: ${codePoint(text, at)}`, trace)
  return {
    end: at + 1,
    code: {
      key,
      flags: {
        alternate: flags.includes('#'),
        zero: flags.includes('0'),
        left: flags.includes('-'),
        blank: flags.includes(' '),
        plus: flags.includes('+'),
      },
      width,
      precision,
      conversion: kind,
      capitals: 'XEFG'.includes(conversion),
    },
  }
}

function amount(text: string): number | '*' {
  return text === '*' ? '*' : Number(text)
}

function codePoint(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0)
}

const conversions: Record<string, string> = {
  d: 'd',
  i: 'd',
  u: 'd',
  o: 'o',
  x: 'x',
  X: 'x',
  e: 'e',
  E: 'e',
  f: 'f',
  F: 'f',
  g: 'g',
  G: 'g',
  c: 'c',
  s: 's',
  '%': '%',
}
