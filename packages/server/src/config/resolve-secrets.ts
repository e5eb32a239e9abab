import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Finding } from './check.ts'
import type { Environment } from './environment.ts'
import { isHookSecret } from './hook-secrets.ts'
import { type Path, printPath } from './path.ts'
import { fileOf, type Reading, reasonOf } from './resources.ts'
import { childOf, type SchemaNode } from './schema/node.ts'

type Deps = { readonly env: Environment; readonly readFile: Reading['readFile'] }

/** A secret of the tree: where it stands, and whether only part of it is one (the password in an address). */
export type Secret = { readonly path: Path; readonly text: string; readonly isPart: boolean }

/** Every secret of a configuration. */
export function* secretsOf(node: SchemaNode, value: unknown, path: Path = []): Generator<Secret> {
  if (typeof value === 'string') {
    if (node.writeOnly === true || isHookSecret(path)) yield { path, text: value, isPart: false }
    else if (node.secretPart !== undefined) yield { path, text: value, isPart: true }
    return
  }
  const members: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : isJsonObject(value)
      ? Object.entries(value)
      : []
  for (const [step, member] of members) yield* secretsOf(innerNode(node, step, member), member, [...path, step])
}

/** Of several forms (how a call proves who it comes from), the one with this member. */
function innerNode(node: SchemaNode, step: string | number, member: unknown): SchemaNode {
  const inner = childOf(node, step)
  if (inner !== null) return inner
  const forms = (node.anyOf ?? []).flatMap((form) => childOf(form, step) ?? [])
  return forms.find(({ type }) => type === typeof member) ?? { anyOf: forms }
}

/** `env://NAME` or `file://PATH`: where a secret is, not the secret. */
export const isReference = (text: string) => /^(env|file):\/\//.test(text)

/** Headers that carry credentials; the others may stand in clear. */
const CREDENTIAL = /authoriz|cookie|token|secret|key|password|signature/i

/** Whether a secret stands here in clear, and not in a reference to where it is. */
export function isInClear({ path, text, isPart }: Secret): boolean {
  if (isPart) return /:\/\/[^/?#@:]*:[^/?#@]+@/.test(text)
  // A header may name a secret of its hook, which stands elsewhere.
  if (text === '' || isReference(text) || /\$\{secrets\.\w+\}/.test(text)) return false
  // A certificate is read from where it is as its key is, and is no secret.
  if (path.at(-1) === 'cert') return false
  return path.at(-2) !== 'headers' || CREDENTIAL.test(String(path.at(-1)))
}

/** The same configuration with `env://NAME` and `file://PATH` in place of secrets replaced by what they refer to. */
export async function resolveSecrets(
  { env, readFile }: Deps,
  node: SchemaNode,
  config: JsonObject,
): Promise<{
  readonly resolved: JsonObject
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
}> {
  const found = new Map<string, string>()
  const findings: Finding[] = []
  const files: string[] = []
  for (const { path, text } of secretsOf(node, config)) {
    if (!isReference(text)) continue
    const key = printPath(path)
    const name = text.startsWith('env://') ? text.slice('env://'.length) : null
    if (name !== null) {
      const value = env[name]
      if (value === undefined || value === '')
        findings.push({ path, part: 'value', got: text, need: `environment variable ${name}, which is not set` })
      else found.set(key, value)
      continue
    }
    const file = fileOf(text) ?? ''
    files.push(file)
    try {
      found.set(key, (await readFile(file)).replace(/\r?\n$/, ''))
    } catch (error) {
      findings.push({ path, part: 'value', got: text, need: `a file that can be read (${reasonOf(error)})` })
    }
  }
  const resolved = replaceAt(config, [], found)
  return { resolved: isJsonObject(resolved) ? resolved : config, findings, files }
}

function replaceAt(value: Json, path: Path, found: ReadonlyMap<string, string>): Json {
  if (found.size === 0) return value
  if (typeof value === 'string') return found.get(printPath(path)) ?? value
  if (Array.isArray(value)) return value.map((item: Json, at) => replaceAt(item, [...path, at], found))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, replaceAt(member, [...path, key], found)]),
  )
}
