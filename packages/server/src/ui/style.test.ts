import { expect, test } from 'vitest'
import { DARK, LIGHT, STYLE } from './style.ts'

type Name = keyof typeof LIGHT

/** Foreground, background and what they must reach: WCAG 2.2, 1.4.3 for text and 1.4.11 for borders and the focus ring. */
const PAIRS: readonly (readonly [Name, Name, number])[] = [
  ['ink', 'paper', 4.5],
  ['ink', 'card', 4.5],
  ['soft', 'paper', 4.5],
  ['soft', 'card', 4.5],
  ['accent', 'paper', 4.5],
  ['accent', 'card', 4.5],
  ['accent-hover', 'card', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-hover', 4.5],
  ['brass-text', 'paper', 4.5],
  ['error', 'card', 4.5],
  ['error', 'error-tint', 4.5],
  ['success', 'card', 4.5],
  ['success', 'success-tint', 4.5],
  ['info', 'card', 4.5],
  ['info', 'info-tint', 4.5],
  ['ink', 'info-tint', 4.5],
  ['edge', 'card', 3],
  ['focus', 'card', 3],
  ['focus', 'paper', 3],
]

test.each(PAIRS)('%s on %s has a contrast of at least %d, by day and by night', (front, back, least) => {
  expect(contrast(LIGHT[front], LIGHT[back])).toBeGreaterThanOrEqual(least)
  expect(contrast(DARK[front], DARK[back])).toBeGreaterThanOrEqual(least)
})

test('the stylesheet loads nothing and uses only colours it defines', () => {
  expect(STYLE).not.toMatch(/url\(|@import|http/)
  const used = new Set([...STYLE.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name))
  const defined = new Set([...STYLE.matchAll(/--([\w-]+):/g)].map(([, name]) => name))
  expect([...used].filter((name) => !defined.has(name))).toEqual([])
})

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

/** Relative luminance, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
