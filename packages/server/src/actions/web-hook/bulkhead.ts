/** So many calls may be under way at once, and no more: who finds no place is told at once, and does not queue. */
export type Bulkhead = {
  readonly most: number
  /** Takes a place and returns how to leave it; null where none is left. */
  enter(): (() => void) | null
}

export function openBulkhead(most: number): Bulkhead {
  const state = { inside: 0 }
  return {
    most,
    enter: () => {
      if (state.inside >= most) return null
      state.inside += 1
      const place = { isHeld: true }
      return () => {
        if (place.isHeld) state.inside -= 1
        place.isHeld = false
      }
    },
  }
}
