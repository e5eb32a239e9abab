const surrogate = /[\ud800-\udfff]/

/** Go compares texts by code point, JavaScript by code unit; they differ where surrogates are. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : 1
  const most = Math.min(a.length, b.length)
  for (let i = 0; i < most; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) < rank(y) ? -1 : 1
  }
  return a.length < b.length ? -1 : 1
}

/** Puts surrogates, which stand for the highest code points, above all other code units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

export function sortNames(names: string[]): string[] {
  return names.some((name) => surrogate.test(name)) ? names.sort(compareText) : names.sort()
}

/** The number of code points. */
export function lengthOf(text: string): number {
  if (!surrogate.test(text)) return text.length
  let length = text.length
  for (let i = 0; i < text.length; i++) if (isHigh(text.charCodeAt(i))) length--
  return length
}

/** The code points from one index up to another. */
export function sliceText(text: string, from: number, to: number): string {
  if (!surrogate.test(text)) return text.slice(from, to)
  return text.slice(unitIndex(text, from), unitIndex(text, to))
}

/** The characters, each a code point. */
export function characters(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('')
}

/** Where the code point of that index starts, in code units. */
function unitIndex(text: string, index: number): number {
  let at = 0
  for (let count = 0; count < index && at < text.length; count++) at += isHigh(text.charCodeAt(at)) ? 2 : 1
  return at
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
