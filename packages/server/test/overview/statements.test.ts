import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STATEMENTS = Array.from({ length: 42 }, (_, i) => `S${i + 1}`)

/** What tests are called, as far as it stands in one line. */
const titles = ['src', 'test'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => readFileSync(join(ROOT, folder, file), 'utf8').split('\n'))
    .filter((line) => /^\s*(?:\)?\(|(?:describe|test)\b.*|`|')/.test(line) && /['"`]/.test(line)),
)

test.each(STATEMENTS)('%s of the overview is named by a test', (statement) => {
  const name = new RegExp(String.raw`\b${statement}\b`)
  expect(titles.filter((title) => name.test(title))).not.toEqual([])
})
