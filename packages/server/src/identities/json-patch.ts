import { WireError } from '../core/errors.ts'
import { isJsonObject, type Json } from '../core/json.ts'

/** More operations than any edit needs; a `copy` may double a document each time. */
const MOST_OPERATIONS = 100
const LARGEST = 5 * 1024 * 1024

/**
 * Applies a JSON Patch (RFC 6902) as Ory does (ory-identity-api.md §9.3): without `test`, a `replace` of what is not there
 * adds it, and some paths are refused. `isDenied` is asked about lower-case tokens.
 */
export function applyPatch(
  document: Json,
  patch: Json | undefined,
  isDenied: (path: readonly string[]) => boolean,
): Json {
  if (!isList(patch)) throw failed('the body must be a list of JSON Patch operations')
  if (patch.length > MOST_OPERATIONS) throw failed(`at most ${MOST_OPERATIONS} operations may be sent at once`)
  const operations = patch.map(readOperation)
  for (const { path, from } of operations) {
    for (const steps of [path, ...(from === null ? [] : [from])]) {
      if (isDenied(steps.map((step) => step.toLowerCase()))) {
        throw failed(`patch includes denied path: /${steps.map(escape).join('/')}`)
      }
    }
  }
  return operations.reduce(apply, document)
}

const failed = (message: string) => new WireError(400, message, { reason: 'failed to apply JSON patch' })
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const OPERATIONS = ['add', 'replace', 'remove', 'move', 'copy'] as const
type Operation = {
  readonly op: (typeof OPERATIONS)[number]
  readonly path: readonly string[]
  readonly from: readonly string[] | null
  readonly value: Json
}

function readOperation(operation: Json): Operation {
  if (!isJsonObject(operation)) throw failed('every operation must be an object')
  const { op: name, path, from, value } = operation
  const op = OPERATIONS.find((known) => known === name)
  if (op === undefined) throw failed(`unsupported operation: ${typeof name === 'string' ? name : JSON.stringify(name)}`)
  const needsFrom = op === 'move' || op === 'copy'
  if (value === undefined && (op === 'add' || op === 'replace')) throw failed(`operation ${op} needs a value`)
  return { op, path: stepsOf(path, 'path'), from: needsFrom ? stepsOf(from, 'from') : null, value: value ?? null }
}

function stepsOf(pointer: Json | undefined, name: string): readonly string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw failed(`"${name}" must be a JSON Pointer, such as /traits/email`)
  }
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const escape = (step: string) => step.replaceAll('~', '~0').replaceAll('/', '~1')

function apply(document: Json, { op, path, from, value }: Operation): Json {
  switch (op) {
    case 'add':
      return change(document, path, { kind: 'add', value })
    case 'replace':
      return change(document, path, { kind: 'replace', value })
    case 'remove':
      return change(document, path, { kind: 'remove' })
    case 'move': {
      const moved = valueAt(document, from ?? [])
      return change(change(document, from ?? [], { kind: 'remove' }), path, { kind: 'add', value: moved })
    }
    case 'copy': {
      const copied = change(document, path, { kind: 'add', value: valueAt(document, from ?? []) })
      if (JSON.stringify(copied).length > LARGEST) throw failed('the result is too large')
      return copied
    }
    default:
      return op satisfies never
  }
}

type Change = { readonly kind: 'add' | 'replace'; readonly value: Json } | { readonly kind: 'remove' }

const missing = (step: string) => failed(`Unable to access nonexistent key: ${step}: missing value`)

function valueAt(document: Json, path: readonly string[]): Json {
  return path.reduce<Json>((at, step) => {
    const found = isList(at)
      ? at[indexOf(at, step)]
      : isJsonObject(at) && Object.hasOwn(at, step)
        ? at[step]
        : undefined
    if (found === undefined) throw missing(step)
    return found
  }, document)
}

function change(node: Json, [step, ...rest]: readonly string[], wanted: Change): Json {
  if (step === undefined) return wanted.kind === 'remove' ? null : wanted.value
  if (isList(node)) return changeList(node, step, rest, wanted)
  if (!isJsonObject(node)) throw missing(step)

  const exists = Object.hasOwn(node, step)
  if (rest.length > 0 || wanted.kind === 'remove') {
    const below = exists ? node[step] : undefined
    if (below === undefined) throw missing(step)
    const others = Object.entries(node)
    return Object.fromEntries(
      rest.length === 0
        ? others.filter(([name]) => name !== step)
        : others.map(([name, item]): [string, Json] => [name, name === step ? change(item, rest, wanted) : item]),
    )
  }
  // Never by assignment: a member of any name is only ever the document's own.
  const entries = Object.entries(node)
  return Object.fromEntries(
    exists
      ? entries.map(([name, item]): [string, Json] => [name, name === step ? wanted.value : item])
      : [...entries, [step, wanted.value]],
  )
}

function changeList(node: readonly Json[], step: string, rest: readonly string[], wanted: Change): Json {
  if (step === '-' && rest.length === 0 && wanted.kind === 'add') return [...node, wanted.value]
  const at = indexOf(node, step)
  const isEnd = at === node.length
  if (rest.length === 0 && wanted.kind === 'add') return node.toSpliced(at, 0, wanted.value)
  const item = node[at]
  if (isEnd || item === undefined) throw missing(step)
  if (rest.length > 0) return node.with(at, change(item, rest, wanted))
  return wanted.kind === 'remove' ? node.toSpliced(at, 1) : node.with(at, wanted.value)
}

function indexOf(list: readonly Json[], step: string): number {
  const at = /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : -1
  if (at < 0 || at > list.length) throw failed(`Unable to access invalid index: ${step}: invalid index referenced`)
  return at
}
