import { RE2JS } from 're2js'
import { fn, type GoFunction } from './define-function.ts'
import { type Budget, Refusal } from './limits.ts'

const LONGEST_PATTERN = 500

/** Reads a pattern of Go's syntax; the engine takes linear time, and it is paid for in advance. */
function compiled(budget: Budget, pattern: string, text: string): RE2JS {
  if (pattern.length > LONGEST_PATTERN) throw new Refusal('a regular expression is longer than 500 characters')
  // Every repetition is a copy of what is repeated.
  const repeats = [...pattern.matchAll(/\{(\d+),?(\d*)\}/g)].map(([, from, to]) => Math.max(1, Number(to || from)))
  const size = repeats.reduce((product, count) => product * count, pattern.length + 1)
  if (size > 20_000) throw new Refusal('a regular expression repeats too often')
  budget.spend(size * (text.length + 16))
  try {
    return RE2JS.compile(pattern)
  } catch (cause) {
    throw new Refusal(`invalid regular expression: ${cause instanceof Error ? cause.message : ''}`)
  }
}

type Match = { readonly start: number; readonly end: number; readonly text: string }

function matches(budget: Budget, pattern: string, text: string, most: number): readonly Match[] {
  const matcher = compiled(budget, pattern, text).matcher(text)
  const found: Match[] = []
  while (found.length !== most && matcher.find()) {
    found.push({ start: matcher.start(), end: matcher.end(), text: matcher.group() ?? '' })
    budget.claimItems(found.length)
  }
  return found
}

/** Each match replaced by what `by` makes of it. */
function replaced(budget: Budget, text: string, found: readonly Match[], by: (match: Match) => string): string {
  let [out, at] = ['', 0]
  for (const match of found) {
    out += text.slice(at, match.start) + by(match)
    at = match.end
    budget.claim(out.length)
  }
  return out + text.slice(at)
}

/** `$1`, `${1}` and `$$` of Go's `Regexp.Expand`; named groups are not known here. */
function expand(budget: Budget, pattern: string, template: string, match: Match): string {
  const matcher = compiled(budget, pattern, match.text).matcher(match.text)
  if (!matcher.find()) return ''
  return template.replace(
    /\$(?:\$|(\d+)(?!\w)|\{(\d+)\}|\w+|\{\w*\})/g,
    (written: string, plain?: string, braced?: string) => {
      if (written === '$$') return '$'
      const group = Number(plain ?? braced ?? -1)
      return group >= 0 && group <= matcher.groupCount() ? (matcher.group(group) ?? '') : ''
    },
  )
}

export const REGEX: { readonly [name: string]: GoFunction } = {
  regexMatch: fn(2, 2, ({ text }, budget) => compiled(budget, text(0), text(1)).matcher(text(1)).find()),
  regexFind: fn(2, 2, ({ text }, budget) => matches(budget, text(0), text(1), 1)[0]?.text ?? ''),
  regexFindAll: fn(3, 3, ({ text, int }, budget) =>
    matches(budget, text(0), text(1), int(2)).map((match) => match.text),
  ),
  regexReplaceAll: fn(3, 3, ({ text }, budget) => {
    const [pattern, given, by] = [text(0), text(1), text(2)]
    return replaced(budget, given, matches(budget, pattern, given, -1), (match) => expand(budget, pattern, by, match))
  }),
  regexReplaceAllLiteral: fn(3, 3, ({ text }, budget) =>
    replaced(budget, text(1), matches(budget, text(0), text(1), -1), () => text(2)),
  ),
  regexSplit: fn(3, 3, ({ text, int }, budget) => {
    const [given, most] = [text(1), int(2)]
    if (most === 0) return []
    const found = matches(budget, text(0), given, most < 0 ? -1 : most - 1).filter(({ start, end }) => end > start)
    const starts = [0, ...found.map(({ end }) => end)]
    return starts.map((start, at) => given.slice(start, found[at]?.start ?? given.length))
  }),
}
