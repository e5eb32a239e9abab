// npm run compare -w packages/jsonnet [-- [--reference COMMAND] [--count N] [--seed N] [--std-frames] [FOLDER]...]
// Runs programs through ours and through an installed jsonnet (best: go-jsonnet 0.21), and prints every difference.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { compile, JsonnetError } from '../src/index.ts'
import { programs } from './corpus.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reference: { type: 'string' },
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    'std-frames': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const reference =
  values.reference ?? ['jsonnet', 'gojsonnet'].find((name) => spawnSync(name, ['--version']).status === 0)
if (reference === undefined) {
  console.error('No jsonnet is installed: apt-get install jsonnet, or pass --reference COMMAND.')
  process.exit(2)
}
const isGo = spawnSync(reference, ['--version'], { encoding: 'utf8' }).stdout.includes('Go')
const folder = mkdtempSync(join(tmpdir(), 'jsonnet-compare-'))
const many = { steps: 1e8, allocation: 2e8, output: 1e8, milliseconds: 30_000 }

const made = programs(Number(values.count), Number(values.seed)).map((text, i) => {
  const file = join(folder, `${i}.jsonnet`)
  writeFileSync(file, text)
  return { file, text, cwd: folder, name: `${i}.jsonnet` }
})
const found = positionals.flatMap((path) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.jsonnet'))
    .map((name) => ({ file: join(path, name), text: readFileSync(join(path, name), 'utf8'), cwd: path, name })),
)
const cases = [...made, ...found]
const counts = { same: 0, different: 0, crashed: 0 }
const lane = async () => {
  for (let next = cases.pop(); next !== undefined; next = cases.pop()) report(next, await theirs(next), ours(next))
}
await Promise.all([lane(), lane()])
rmSync(folder, { recursive: true })
console.log(`${counts.same} the same, ${counts.different} different, ${counts.crashed} where the reference crashed`)
process.exitCode = counts.different > 0 ? 1 : 0

function theirs({ cwd, name }) {
  const trace = isGo ? ['-t', '0'] : []
  return new Promise((resolve) => {
    const child = spawn(reference, [...trace, name], { cwd, timeout: 20_000 })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('close', (code) =>
      resolve(code === 0 ? out : code === null ? 'INTERNAL ERROR: timeout' : err.slice(0, -1)),
    )
  })
}

function ours({ cwd, name, text }) {
  const importer = (from, path) => {
    const file = join(dirname(from), path)
    if (!existsSync(join(cwd, file)) || path === '')
      throw new Error(`couldn't open import ${JSON.stringify(path)}: no match locally or in the Jsonnet library paths`)
    if (statSync(join(cwd, file)).isDirectory()) throw new Error(`read ${file}: is a directory`)
    return { file, content: readFileSync(join(cwd, file)) }
  }
  const traces = []
  try {
    const out = compile(text, { filename: name }).evaluate({
      importer,
      limits: many,
      maxTrace: 0,
      trace: (line) => traces.push(line),
    })
    return out
  } catch (error) {
    if (error instanceof JsonnetError) return error.message
    return `OUR BUG: ${error.stack}`
  }
}

function report({ file, text }, want, got) {
  if (/^(?:INTERNAL ERROR|runtime: goroutine stack)/.test(want)) counts.crashed++
  else if (tidy(want) === tidy(got)) counts.same++
  else {
    counts.different++
    const shown = values.verbose ? text : text.slice(0, 600)
    console.log(`=== ${file}\n${shown}\n--- reference\n${want.slice(0, 1500)}\n--- ours\n${got.slice(0, 1500)}\n`)
  }
}

/** The inside of the library is not the same code, so its own lines in stack traces are left out unless asked for. */
function tidy(text) {
  const plain = text.replace(/^TRACE:.*\n/gm, '')
  if (!isGo && plain.includes('ERROR')) return 'error'
  // Where exactly the frames run out depends on how many the library takes.
  if (plain.startsWith('RUNTIME ERROR: max stack frames exceeded.')) return 'max stack frames exceeded'
  return values['std-frames'] ? plain : plain.replace(/^\t<std>.*\n/gm, '')
}
