import { rank, type Violation } from './violations.ts'

/** For an administrator: the tree in which Ory's validator prints it. */
export function toText(violations: readonly Violation[]): string {
  const tree = violations.length === 0 ? null : print(treeOf(violations, [], []))
  return tree ?? ''
}

type Tree = {
  readonly path: readonly string[]
  readonly schemaPath: readonly string[]
  readonly text: string
  readonly causes: readonly Tree[]
}

function treeOf(all: readonly Violation[], path: readonly string[], schemaPath: readonly string[]): Tree {
  const sorted = all.toSorted((a, b) => rank(a.schemaPath[schemaPath.length]) - rank(b.schemaPath[schemaPath.length]))
  const groups = Map.groupBy(sorted, (violation) => {
    const step = stepOf(violation, path.length, schemaPath.length)
    return step === null ? violation : JSON.stringify(step)
  })
  const causes = [...groups.values()].flatMap((group): Tree[] => {
    const [first] = group
    if (first === undefined) return []
    const step = stepOf(first, path.length, schemaPath.length)
    if (step === null) return group.map(({ path, schemaPath, text }) => ({ path, schemaPath, text, causes: [] }))
    const place = { path: [...path, ...step.names], schemaPath: [...schemaPath, ...step.keywords] }
    const below = treeOf(group, place.path, place.schemaPath)
    const wrapped = WRAPPED.get(step.keywords[0] ?? '')
    if (wrapped === undefined) return [below]
    // The branches of `anyOf` stand side by side, the parts of one schema under a line of their own.
    const isBranches = below.causes.length > 0 && below.schemaPath.length === place.schemaPath.length
    const sideBySide = isBranches && (step.keywords[0] === 'anyOf' || step.keywords[0] === 'oneOf')
    return [{ ...place, text: wrapped, causes: sideBySide ? below.causes : [below] }]
  })
  const [only] = causes
  return causes.length === 1 && only !== undefined ? only : { path, schemaPath, text: 'validation failed', causes }
}

const WRAPPED = new Map([
  ['allOf', 'allOf failed'],
  ['anyOf', 'anyOf failed'],
  ['oneOf', 'oneOf failed'],
  ['contains', 'contains failed'],
  ['then', 'if-then failed'],
  ['else', 'if-else failed'],
])

type Step = { readonly keywords: readonly string[]; readonly names: readonly string[] }

/** The way from one schema to the next below it, or null if the violation is of this very schema. */
function stepOf({ path, schemaPath }: Violation, depth: number, schemaDepth: number): Step | null {
  const [keyword, next] = schemaPath.slice(schemaDepth)
  const name = path.slice(depth, depth + 1)
  if (keyword === undefined || next === undefined) return null
  switch (keyword) {
    case 'properties':
    case 'patternProperties':
      return { keywords: [keyword, next], names: name }
    case 'items':
      return { keywords: /^\d+$/.test(next) ? [keyword, next] : [keyword], names: name }
    case 'additionalProperties':
    case 'additionalItems':
    case 'contains':
      return { keywords: [keyword], names: name }
    case 'allOf':
    case 'dependencies':
      return { keywords: [keyword, next], names: [] }
    case 'anyOf':
    case 'oneOf':
    case 'then':
    case 'else':
    case 'propertyNames':
      return { keywords: [keyword], names: [] }
    default:
      // The branches of `anyOf` and `oneOf` are numbered.
      return /^\d+$/.test(keyword) ? { keywords: [keyword], names: [] } : null
  }
}

function print({ path, schemaPath, text, causes }: Tree): string {
  const instance = ['#', ...path.map(escape)].join('/')
  const lines = causes.flatMap((cause) =>
    print(cause)
      .split('\n')
      .map((line) => `  ${line}`),
  )
  return [`I[${instance}] S[${['#', ...schemaPath].join('/')}] ${text}`, ...lines].join('\n')
}

const escape = (step: string) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
