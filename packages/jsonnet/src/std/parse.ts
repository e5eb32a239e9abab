import { allocate, fail, type Machine, type Trace } from '../runtime/machine.ts'
import { fromHost } from '../runtime/host-data.ts'
import { asString } from '../runtime/operators.ts'
import type { Json, Value } from '../runtime/values.ts'
import { builtin, type Chapter } from './define.ts'
import { jsonProblem } from './json-problem.ts'
import { parseYaml } from './yaml/parse-yaml.ts'

const costPerCharacter = 4

/** Data from text. */
export const parsing: Chapter = {
  parseJson: builtin(['str'], (m, [str], at) => parseJson(m, asString(m, str, at), at)),
  parseYaml: builtin(['str'], (m, [str], at) => {
    const text = asString(m, str, at)
    allocate(m, text.length * costPerCharacter)
    const read = parseYaml(text, (bytes) => allocate(m, bytes))
    return 'problem' in read ? fail(m, `failed to parse YAML: ${read.problem}`, at) : fromHost(read.value)
  }),
}

function parseJson(m: Machine, text: string, at: Trace): Value {
  allocate(m, text.length * costPerCharacter)
  const problem = mayBeWrong(text) ? jsonProblem(text) : undefined
  if (problem !== undefined) return fail(m, `failed to parse JSON: ${problem}`, at)
  const read = readJson(text)
  return read === undefined ? fail(m, `failed to parse JSON: ${jsonProblem(text) ?? 'not JSON'}`, at) : fromHost(read)
}

/** What JavaScript takes and Go does not: numbers out of range, and very deep nesting. */
function mayBeWrong(text: string): boolean {
  return /[0-9]{300}|[eE]\+?[0-9]{3}/.test(text) || text.length > 10_000
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
