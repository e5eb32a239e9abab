import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// Every case of ory-oauth2.md §7 and every threat and bad input of reliability.md F and §10 E about OAuth2 is named in
// the title of a test, or stands here with the reason why not.

const EXPLAINED: { readonly [id: string]: string } = {}

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const FOLDERS = [folder('.'), folder('../../src/oauth2/'), folder('../../src/config/oauth2/')]

const range = (letter: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${letter}${from + at}`)
const CASES = [
  ...range('H', 1, 56),
  ...range('T', 1, 16),
  ...range('F', 1, 14),
  ...range('A', 1, 5),
  ...range('R', 1, 2),
  ...range('T', 73, 86),
  ...range('B', 58, 60),
]

/** The ids at the beginning of a title, or of a row that becomes part of one: `H1, H56: a code exchange …`. */
const idsIn = (text: string): readonly string[] =>
  [
    ...text.matchAll(/(?:test\(\s*|\)\(\s*|^\s*\[\s*|describe\()['"`]((?:[HTFARB]\d+(?:, |(?=[:'"`])))+)[:'"`]/gm),
  ].flatMap(([, ids = '']) => ids.split(', '))

test('no case is forgotten, none is explained away that has a test, and no test names one that does not exist', () => {
  const texts = FOLDERS.flatMap((path) =>
    readdirSync(path)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(`${path}/${file}`, 'utf8')),
  )
  const named = new Set(texts.flatMap(idsIn))
  const explained = Object.keys(EXPLAINED)
  expect(CASES.filter((id) => !named.has(id) && !explained.includes(id))).toEqual([])
  expect(explained.filter((id) => named.has(id) || !CASES.includes(id))).toEqual([])
  expect([...named].filter((id) => !CASES.includes(id))).toEqual([])
})
