import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8')
const rows = page.split('\n').filter((line) => /^\| I\d+ \|/.test(line))

/** The files a row names, each with the title that stands behind it, if one does. */
const proofsOf = (row: string) =>
  [...row.matchAll(/`([^`]+\.test\.ts)`(?: "([^"]+)")?/g)].map(([, file = '', title = '']) => ({ file, title }))

const pathOf = (file: string) => join(ROOT, file.startsWith('packages/') ? file : join('packages/server', file))

test.each(rows)('%s', (row) => {
  const proofs = proofsOf(row)
  expect(proofs.length > 0 || /`npm run (?:check|lint)`/.test(row)).toBe(true)
  for (const { file, title } of proofs) {
    expect([file, existsSync(pathOf(file))]).toEqual([file, true])
    expect(readFileSync(pathOf(file), 'utf8')).toContain(title)
  }
})

test('each of the promises is proven or said to be open', () => {
  const named = (text: string) => [...text.matchAll(/\bI(\d+)\b/g)].map(([, number]) => Number(number))
  const open = page.slice(page.indexOf('## Not proven yet'))
  const known = new Set([...rows.flatMap((row) => named(row.slice(0, 8))), ...named(open)])
  expect(Array.from({ length: 52 }, (_, at) => at + 1).filter((number) => !known.has(number))).toEqual([])
})
