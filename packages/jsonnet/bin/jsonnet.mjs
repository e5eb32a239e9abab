#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compile } from '../src/index.ts'

const usage = `Usage: cardea-jsonnet [-S] [--tla-str|--tla-code|--ext-str|--ext-code NAME=VALUE]... FILE
       cardea-jsonnet -e 'PROGRAM'
`
const many = { type: 'string', multiple: true }

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      e: { type: 'boolean', short: 'e' },
      S: { type: 'boolean', short: 'S' },
      help: { type: 'boolean', short: 'h' },
      'tla-str': many,
      'tla-code': many,
      'ext-str': many,
      'ext-code': many,
    },
  })
  const [input] = positionals
  if (values.help || input === undefined) {
    process.stdout.write(usage)
    process.exit(values.help ? 0 : 2)
  }
  const bindings = (texts = [], codes = []) =>
    Object.fromEntries([
      ...texts.map((pair) => split(pair, (value) => ({ value }))),
      ...codes.map((pair) => split(pair, (code) => ({ code }))),
    ])
  const options = {
    tla: bindings(values['tla-str'], values['tla-code']),
    extVars: bindings(values['ext-str'], values['ext-code']),
  }
  const filename = values.e ? '<cmdline>' : input
  const program = compile(values.e ? input : readFileSync(input, 'utf8'), { filename })
  if (!values.S) process.stdout.write(program.evaluate(options))
  else {
    const text = program.evaluateValue(options)
    if (typeof text !== 'string') throw new Error('RUNTIME ERROR: expected string result')
    process.stdout.write(`${text}\n`)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message.trimEnd() : String(error)}\n`)
  process.exitCode = 1
}

function split(pair, wrap) {
  const at = pair.indexOf('=')
  if (at < 0) throw new Error(`expected NAME=VALUE, got: ${pair}`)
  return [pair.slice(0, at), wrap(pair.slice(at + 1))]
}
