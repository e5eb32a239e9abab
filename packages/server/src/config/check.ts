import { Value } from 'typebox/value'
import { isJsonObject } from '../core/json.ts'
import { nearest } from './nearest.ts'
import type { Path } from './path.ts'
import { childOf, type SchemaNode } from './schema/node.ts'
import { needOf, show, valuesOf } from './show.ts'
import { unknownKey } from './unknown-key.ts'

/** Something wrong at a path; the loader adds where that is written. */
export type Finding = {
  readonly path: Path
  /** Whether the key itself is wrong, or its value. */
  readonly part: 'key' | 'value'
  readonly got?: string
  readonly need: string
  readonly fix?: string
  /** It can be lived with: said, and not refused. */
  readonly severity?: 'warning'
  /** Where Ory lets anything stand: an error in `safe`, a warning in `ory`. */
  readonly severityIn?: { readonly ory: 'warning' }
  /** What a warning says where nothing is needed. */
  readonly note?: string
}

export type Rules = {
  /** Looks into hook lists, which have rules of their own. */
  readonly checkList?: (place: string, list: readonly unknown[], path: Path) => readonly Finding[]
  /** Secrets the schema does not mark. */
  readonly isSecret?: (path: Path) => boolean
}

/** Everything that is wrong with a value, by the schema of its place. */
export function check(node: SchemaNode, value: unknown, path: Path, rules: Rules = {}): readonly Finding[] {
  // Mostly nothing is: one check of the whole is much faster than one of every leaf.
  if (Value.Check(node, value)) return [...remarks(node, value, path, rules)]
  const findings = checkNode(node, value, path, rules)
  const isRefused = findings.some(({ severity }) => severity !== 'warning')
  return isRefused ? findings : [...findings, ...refusals(node, value, path)]
}

/** What the schema lets through: hook lists, and keys nobody knows in groups that Ory leaves open. */
function* remarks(node: SchemaNode, value: unknown, path: Path, rules: Rules): Generator<Finding> {
  if (Array.isArray(value)) {
    if (node.place !== undefined) yield* rules.checkList?.(node.place, value, path) ?? []
    else for (const [at, item] of value.entries()) yield* remarks(node.items ?? {}, item, [...path, at], rules)
    return
  }
  if (!isJsonObject(value)) return
  for (const [key, member] of Object.entries(value)) {
    const inner = childOf(node, key)
    if (inner !== null) yield* remarks(inner, member, [...path, key], rules)
    else if (node.open === true) yield unknownKey(node, key, path)
  }
}

/** What the schema's own check says where the walk found nothing: rules over several keys. */
function* refusals(node: SchemaNode, value: unknown, path: Path): Generator<Finding> {
  for (const { instancePath, message } of Value.Errors(node, value)) {
    const inner = instancePath
      .split('/')
      .slice(1)
      .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
    yield { path: [...path, ...inner], part: 'value', need: message.replace(/^must (?:be )?/, '') }
  }
}

function checkNode(node: SchemaNode, value: unknown, path: Path, rules: Rules): readonly Finding[] {
  if (node.anyOf !== undefined) return checkAny(node, node.anyOf, value, path, rules)
  if (node.type === 'object' && isJsonObject(value)) return checkObject(node, value, path, rules)
  if (node.type === 'array' && Array.isArray(value)) return checkArray(node, value, path, rules)
  return Value.Check(node, value) ? [] : [wrongValue(node, value, path, rules)]
}

/** Members that are wrong by themselves first; only then what they are together. */
function checkObject(node: SchemaNode, value: object, path: Path, rules: Rules): readonly Finding[] {
  const members = new Map<string, unknown>(Object.entries(value))
  const missing = (node.required ?? []).filter((key) => !members.has(key))
  const findings = [
    ...missing.map((key): Finding => missingKey(node, key, path)),
    ...[...members].flatMap(([key, member]) => {
      const inner = childOf(node, key)
      if (inner !== null) return checkNode(inner, member, [...path, key], rules)
      return node.additionalProperties === false || node.open === true ? [unknownKey(node, key, path)] : []
    }),
  ]
  return findings.length > 0 ? findings : own(node, value, path)
}

function checkArray(node: SchemaNode, value: readonly unknown[], path: Path, rules: Rules): readonly Finding[] {
  if (node.place !== undefined) return rules.checkList?.(node.place, value, path) ?? []
  const { items } = node
  const findings = items === undefined ? [] : value.flatMap((item, at) => checkNode(items, item, [...path, at], rules))
  if (findings.length > 0) return findings
  if (node.uniqueItems === true) {
    const repeated = value.findIndex((item, at) => value.findIndex((other) => Value.Equal(item, other)) < at)
    if (repeated > 0) return [{ path: [...path, repeated], part: 'value', need: 'each entry once' }]
  }
  return own(node, value, path)
}

/** The rules of an object or list as a whole, once all its members are right. */
const own = (node: SchemaNode, value: unknown, path: Path): readonly Finding[] => {
  // Most have none, and a check of each group from the top down would look at every leaf many times.
  const hasRules = node['~refine'] !== undefined || node.minItems !== undefined
  const errors = !hasRules || Value.Check(node, value) ? [] : Value.Errors(node, value)
  const rule = errors.find(({ keyword, instancePath }) => keyword === '~refine' && instancePath === '')
  if (rule !== undefined) return [{ path, part: 'value', need: rule.message.replace(/^must (?:be )?/, '') }]
  const isOwn = errors.some(({ instancePath }) => instancePath === '')
  return isOwn ? [{ path, part: 'value', got: show(value, node), need: needOf(node) }] : []
}

/** Of several forms, the one the value means to have, if its `type` (or another fixed member) says so. */
function checkAny(
  node: SchemaNode,
  forms: readonly SchemaNode[],
  value: unknown,
  path: Path,
  rules: Rules,
): readonly Finding[] {
  if (Value.Check(node, value)) return []
  const meant = isJsonObject(value)
    ? forms.find((form) => fixedMembers(form).some(([key, fixed]) => value[key] === fixed))
    : undefined
  if (meant !== undefined) return checkNode(meant, value, path, rules)
  const [kind, ...kinds] = forms.flatMap(fixedMembers)
  if (kind === undefined || !isJsonObject(value)) return [wrongValue(node, value, path, rules)]
  const [key] = kind
  const allowed = [kind, ...kinds].filter(([name]) => name === key).map(([, fixed]) => String(fixed))
  return [oneOf([...path, key], value[key], allowed)]
}

const fixedMembers = (form: SchemaNode): readonly (readonly [string, unknown])[] =>
  Object.entries(form.properties ?? {}).flatMap(([key, inner]) =>
    inner.const === undefined ? [] : [[key, inner.const] as const],
  )

const oneOf = (path: Path, value: unknown, allowed: readonly string[]): Finding => {
  const near = typeof value === 'string' ? nearest(value, allowed) : null
  return {
    path,
    part: 'value',
    got: show(value, null),
    need: `one of ${allowed.join(', ')}`,
    ...(near === null ? {} : { fix: `did you mean ${near}?` }),
  }
}

const missingKey = (node: SchemaNode, key: string, path: Path): Finding => {
  const inner = childOf(node, key)
  return { path: [...path, key], part: 'key', got: 'nothing', need: inner === null ? 'a value' : needOf(inner) }
}

function wrongValue(node: SchemaNode, value: unknown, path: Path, { isSecret }: Rules): Finding {
  const shown = isSecret?.(path) === true ? { ...node, writeOnly: true } : node
  const fix = shown.writeOnly === true ? null : suggestion(node, value)
  return {
    path,
    part: 'value',
    got: show(value, shown),
    need: needOf(node, value),
    ...(fix === null ? {} : { fix: `did you mean ${fix}?` }),
  }
}

/** A value near the wrong one that would be right. */
function suggestion(node: SchemaNode, value: unknown): string | null {
  const allowed = valuesOf(node)
  if (typeof value === 'string' && allowed !== null) return nearest(value, allowed)
  const right = candidates(value).find((candidate) => Value.Check(node, candidate))
  return right === undefined ? null : JSON.stringify(right)
}

function candidates(value: unknown): readonly (string | number | boolean)[] {
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value), `${value}s`]
  if (typeof value !== 'string') return []
  const number = value.trim() === '' ? [] : [Number(value)].filter((each) => !Number.isNaN(each))
  const [, scheme = '', rest = ''] = /^(\w+)(:\/\/.+)$/.exec(value) ?? []
  const near = scheme === '' ? null : nearest(scheme, ['https', 'http', 'smtp', 'smtps', 'postgres', 'sqlite'])
  const truth = { yes: true, on: true, true: true, no: false, off: false, false: false }[value.toLowerCase()]
  return [
    ...number,
    ...(truth === undefined ? [] : [truth]),
    ...(near === null ? [] : [`${near}${rest}`]),
    value.replace(/(\d)\s+(?=[a-z])/g, '$1').replace(/(\d+(?:ns|us|ms|s|m|h))[a-z]*$/, '$1'),
    // What has a scheme already lacks something else.
    ...(scheme === '' ? [`https://${value}`] : []),
  ]
}
