/** The word that was probably meant; null if none is near enough to say so. */
export function nearest(word: string, words: readonly string[]): string | null {
  const lower = word.toLowerCase()
  const [best] = words
    .map((candidate) => ({ candidate, far: distance(lower, candidate.toLowerCase()) }))
    .filter(
      ({ far, candidate }) => isBeginning(lower, candidate) || far <= 1 + Math.min(word.length, candidate.length) / 4,
    )
    .sort((a, b) => a.far - b.far)
  return best?.candidate ?? null
}

/** `warn` for `warning`. */
const isBeginning = (word: string, candidate: string) => word.length >= 4 && candidate.startsWith(word)

/** How many letters have to be changed, added, dropped or swapped with their neighbour. */
function distance(from: string, to: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1]
      const swapped =
        from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (isSame ? 0 : 1), swapped))
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
