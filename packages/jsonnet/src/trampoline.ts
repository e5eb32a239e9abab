/**
 * A step of a walk over a tree as deep as its author likes: it yields the steps inside it and gets their results,
 * so that the depth lies in memory and not on the host's stack.
 */
export type Walk<T> = Generator<Walk<T>, T, T>

/** Runs a walk to its end. */
export function run<T>(walk: Walk<T>): T {
  const waiting: Walk<T>[] = []
  let current = walk
  let state = current.next()
  for (;;) {
    if (!state.done) {
      waiting.push(current)
      current = state.value
      state = current.next()
      continue
    }
    const outer = waiting.pop()
    if (outer === undefined) return state.value
    current = outer
    state = current.next(state.value)
  }
}
