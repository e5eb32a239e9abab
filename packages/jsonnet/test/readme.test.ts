import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { compile } from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const entry = new URL('../src/index.ts', import.meta.url).href
const command = new URL('../bin/jsonnet.mjs', import.meta.url).pathname
const run = promisify(execFile)

/** The code blocks of the README, and the block or the word in quotes that says what comes out. */
const examples = [
  ...readme.matchAll(
    /```ts\n([^]*?)```\n\n(?:gives[^]*?```json\n([^]*?)```|writes\n\n```text\n([^]*?)```|writes `([^`]*)`)/g,
  ),
]

test('the README has its three examples', () => {
  expect(examples).toHaveLength(3)
})

test.each(examples.map(([, code = '', json, text, word]) => [code, json ?? text ?? word ?? '']))(
  'README: %s',
  async (code, printed) => {
    const last = /\n(program\.evaluate\(.*\))\n$/.exec(code)?.[1]
    const shown = last === undefined ? code : code.replace(last, `process.stdout.write(${last})`)
    const script = shown.replace("'@cardea/jsonnet'", JSON.stringify(entry))
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout).toBe(printed)
  },
)

test('the defaults in the README are the defaults', async () => {
  const { defaultLimits } = await import('../src/index.ts')
  for (const [name, value] of Object.entries(defaultLimits))
    expect(readme).toContain(`| \`${name}\` | ${value.toLocaleString('en')} |`)
})

test.each([
  [['-e', '{ a: 1 }'], '{\n   "a": 1\n}\n'],
  [['-S', '-e', '"text"'], 'text\n'],
  [['-e', 'function(a, b) [a, b]', '--tla-str', 'a=1', '--tla-code', 'b=1 + 1'], '[\n   "1",\n   2\n]\n'],
  [
    ['-e', '[std.extVar("a"), std.extVar("b")]', '--ext-str', 'a=x=y', '--ext-code', 'b=[]'],
    '[\n   "x=y",\n   [ ]\n]\n',
  ],
  [['-s', '3000', '-e', 'local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(2000)'], '2000\n'],
])('the command: %j', async (args, printed) => {
  const { stdout } = await run(process.execPath, [command, ...args])
  expect(stdout).toBe(printed)
})

test.each([
  [['-e', 'error "x"'], 'RUNTIME ERROR: x\n\t<cmdline>:1:1-10\t$\n\tDuring evaluation\t\n\n'],
  [['-e', '1 +'], '<cmdline>:1:4 Unexpected end of file\n\n1 +\n\n\n'],
  [['-e'], 'must give code\n'],
  [['a', 'b'], 'only one filename is allowed\n'],
])('the command fails: %j', async (args, printed) => {
  await expect(run(process.execPath, [command, ...args])).rejects.toMatchObject({ code: 1, stderr: printed })
})

test('the command evaluates files, and what they import', async () => {
  const file = new URL('files/main.jsonnet', import.meta.url).pathname
  const { stdout } = await run(process.execPath, [command, file])
  expect(JSON.parse(stdout)).toEqual({ greeting: 'hello world', text: 'plain\n' })
  expect(compile('1').evaluate()).toBe('1\n')
})
