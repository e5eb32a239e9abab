import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commands } from '../src/cli/registry.ts'
import { startTestApp, type TestApp } from './app.ts'
import { freePort } from './free-port.ts'
import { register } from './journeys.ts'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

/** The first block of a language. */
const block = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(README)?.[1] ?? ''

let app: TestApp
let folder: string
let receiver: ReturnType<typeof spawn>
let receiverUrl: string

beforeAll(async () => {
  // Another port than the README's: somebody may be using that one.
  const port = await freePort()
  receiverUrl = `http://127.0.0.1:${port}/`
  folder = mkdtempSync(join(tmpdir(), 'cardea-readme-'))
  writeFileSync(join(folder, 'receiver.mjs'), block('js').replace('8080', String(port)))
  receiver = spawn(process.execPath, [join(folder, 'receiver.mjs')], { stdio: 'inherit' })
  app = await startTestApp({ config: parse(block('yaml').replace('8080', String(port))) })
})
afterAll(async () => {
  receiver.kill()
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

test("the README's receiver lets people of the company in and tells others why not", async () => {
  const answers = () =>
    fetch(receiverUrl, { method: 'POST', body: '{"email":""}' }).then(
      () => true,
      () => false,
    )
  await expect.poll(answers, { timeout: 10_000 }).toBe(true)

  const own = await register(app.publicUrl, 'ann@example.org')
  expect(own.status).toBe(200)
  expect(own.json.session_token).toMatch(/^ory_st_/)

  const other = await register(app.publicUrl, 'bob@example.com')
  expect(other.status).toBe(400)
  expect(other.text).toContain('Please use your address at example.org.')
})

test('the README opens with the two commands', () => {
  expect(README.split('\n').slice(0, 5).join('\n')).toMatch(/npm start[\s\S]*npm test/)
})

test('every command of the README is one of the command line, with its options', () => {
  const program = new Command()
  for (const command of commands) command(program)
  const lines = [...README.matchAll(/^cardea (.+?)(?: *#.*)?$/gm)].map(([, line = '']) => line.split(' '))
  expect(lines.length).toBeGreaterThan(5)
  for (const words of lines) {
    let found: Command = program
    for (const word of words) found = found.commands.find((command) => command.name() === word) ?? found
    expect([words, found.commands.length]).toEqual([words, 0])
    const options = found.options.flatMap(({ short, long }) => [short, long])
    expect(options).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('-'))))
  }
})
