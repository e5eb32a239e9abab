#!/usr/bin/env node
// The jsonnet command: the options of go-jsonnet's that concern one program and its output.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parseArgs } from 'node:util'
import { compile } from '../src/index.ts'

const usage = `cardea-jsonnet {<option>} {<filename>}

  -h / --help                This message
  -e / --exec                Treat filename as code
  -J / --jpath <dir>         Where imports are looked for besides the importing file's folder
  -o / --output-file <file>  Write to the output file rather than stdout
  -S / --string              Expect a string, manifest as plain text
  -s / --max-stack <n>       Number of allowed stack frames
  -t / --max-trace <n>       Max length of stack trace before cropping
  -V / --ext-str <var>[=<val>]   Provide an external variable as a string; without <val> from the environment
  --ext-code <var>[=<code>]      Provide an external variable as Jsonnet code
  -A / --tla-str <var>[=<val>]   Provide a top-level argument as a string
  --tla-code <var>[=<code>]      Provide a top-level argument as Jsonnet code
`
const one = (short) => ({ type: 'string', ...(short ? { short } : {}) })
const many = (short) => ({ ...one(short), multiple: true })

/** What a person at a terminal may wait for and look at; templates of strangers get less. */
const limits = { steps: 1e9, allocation: 2e9, output: 1e9, input: 1e8, milliseconds: 600_000 }

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      exec: { type: 'boolean', short: 'e' },
      string: { type: 'boolean', short: 'S' },
      jpath: many('J'),
      'output-file': one('o'),
      'max-stack': one('s'),
      'max-trace': one('t'),
      'ext-str': many('V'),
      'ext-code': many(),
      'tla-str': many('A'),
      'tla-code': many(),
    },
  })
  if (values.help) return process.stdout.write(usage)
  const want = values.exec ? 'code' : 'filename'
  if (positionals.length === 0) throw new Error(`must give ${want}`)
  if (positionals.length > 1) throw new Error(`only one ${want} is allowed`)
  const [input = ''] = positionals
  const program = values.exec
    ? compile(input, { filename: '<cmdline>', limits })
    : compile(readFileSync(input, 'utf8'), { filename: input, limits })
  const options = {
    tla: bindings(values['tla-str'], values['tla-code']),
    extVars: bindings(values['ext-str'], values['ext-code']),
    importer: (from, path) => findImport(dirname(from), path, values.jpath ?? []),
    trace: (line) => process.stderr.write(`${line}\n`),
    maxTrace: count(values['max-trace'], 'max-trace', 0) ?? 20,
    limits: { ...limits, depth: count(values['max-stack'], 'max-stack', 1) ?? 500 },
  }
  const text = values.string ? `${program.evaluateString(options)}\n` : program.evaluate(options)
  if (values['output-file'] === undefined) return process.stdout.write(text)
  return writeFileSync(values['output-file'], text)
}

function bindings(texts = [], codes = []) {
  const split = (given, wrap) => {
    const at = given.indexOf('=')
    const name = at < 0 ? given : given.slice(0, at)
    const text = at < 0 ? process.env[name] : given.slice(at + 1)
    if (text === undefined) throw new Error(`environment variable ${name} was undefined`)
    return [name, wrap(text)]
  }
  return Object.fromEntries([
    ...texts.map((given) => split(given, (value) => ({ value }))),
    ...codes.map((given) => split(given, (code) => ({ code }))),
  ])
}

function count(given, name, least) {
  if (given === undefined) return undefined
  const number = Number(given)
  if (!Number.isInteger(number) || number < least) throw new Error(`invalid --${name} value: ${given}`)
  return number
}

function findImport(folder, path, others) {
  const places = isAbsolute(path) ? [path] : [folder, ...others.toReversed()].map((place) => join(place, path))
  const file = places.find((place) => statSync(place, { throwIfNoEntry: false }) !== undefined)
  if (file === undefined)
    throw new Error(`couldn't open import ${JSON.stringify(path)}: no match locally or in the Jsonnet library paths`)
  if (statSync(file).isDirectory()) throw new Error(`read ${file}: is a directory`)
  return { file, content: readFileSync(file) }
}

try {
  main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
