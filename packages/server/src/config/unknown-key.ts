import type { Finding } from './check.ts'
import { nearest } from './nearest.ts'
import { type Path, printPath } from './path.ts'
import { configSchema } from './schema/schema.ts'
import type { SchemaNode } from './schema/node.ts'

/** A key nobody knows: what is known here, and what was probably meant. */
export function unknownKey(node: SchemaNode, key: string, path: Path): Finding {
  const known = Object.keys(node.properties ?? {})
  const near = nearest(key, known)
  const fix = near === null ? belongs(key, path) : `did you mean ${near}?`
  return {
    path: [...path, key],
    part: 'key',
    got: 'an unknown key',
    need: known.length === 0 ? 'another name' : `one of ${known.join(', ')}`,
    ...(fix === null ? {} : { fix }),
    // Where Ory lets anything stand, a file may hold it; it still does nothing, and is told so.
    ...(node.open === true ? { severityIn: { ory: 'warning' } } : {}),
  }
}

/** Where a key of this name is known, those nearest to where it was written first. */
function belongs(key: string, path: Path): string | null {
  const all = [...keysOf(configSchema, [])]
  const name = all.some(({ name }) => name === key) ? key : nearest(key, [...new Set(all.map(({ name }) => name))])
  if (name === null) return null
  const places = all
    .filter((each) => each.name === name)
    .map(({ under }) => ({ under, shared: sharedSteps(under, path) }))
    .sort((a, b) => b.shared - a.shared || a.under.length - b.under.length)
  const best = places
    .filter(({ shared }) => shared === places[0]?.shared)
    .map(({ under }) => printPath(under) || 'the top level')
  const shown = best.slice(0, 3).join(', ')
  return `${name === key ? '' : `did you mean ${name}? `}${name} belongs under ${shown}${best.length > 3 ? ', …' : ''}`
}

const sharedSteps = (a: Path, b: Path) => {
  const at = a.findIndex((step, index) => step !== b[index])
  return at === -1 ? a.length : at
}

function* keysOf(node: SchemaNode, under: Path): Generator<{ readonly name: string; readonly under: Path }> {
  for (const [name, inner] of Object.entries(node.properties ?? {})) {
    yield { name, under }
    yield* keysOf(inner, [...under, name])
  }
}
