// Holds the house together: who may import whom (docs: CONTRIBUTING.md), no cycles, nothing dead.
import { join, relative } from 'node:path'
import { root } from './lib/install.mjs'
import { place, scan } from './lib/imports.mjs'

const SERVER = join(root, 'packages/server/src')
const FLOOR = {
  core: 0,
  store: 1,
  outbox: 1,
  courier: 1,
  net: 1,
  crypto: 1,
  telemetry: 1,
  actions: 2,
  methods: 2,
  flows: 2,
  oauth2: 2,
  identities: 2,
  sessions: 2,
  config: 3,
  http: 3,
  ui: 3,
  cli: 4,
}
/** Rooms whose children know nothing of each other; these files are the room's own. */
const SHARED = /^(?:(?:define|registry|ask|journal|action-id|deps|[\w-]+\.test)\.ts|template)$/

/** @param {string} file */
const roomOf = (file) => relative(SERVER, file).split('/')[0] ?? ''
/** @param {string} file */
const floorOf = (file) => FLOOR[roomOf(file)] ?? 4
/** @param {string} file */
const childOf = (file) => relative(SERVER, file).split('/')[1] ?? ''

/** @param {import('./lib/imports.mjs').Import} imported @returns {string | null} what is wrong, if anything */
function problemOf({ from, specifier, target, typeOnly }) {
  if (from.endsWith('.test.ts')) return null
  const [room, floor] = [roomOf(from), floorOf(from)]
  if (target === null) return floor === 0 ? `core/ imports no packages, not even "${specifier}"; pass it in` : null
  if (!target.startsWith(SERVER)) return 'leaves the package; depend on its name instead'
  const [toRoom, toFloor] = [roomOf(target), floorOf(target)]
  if (toRoom === room) {
    const siblings = (room === 'actions' || room === 'methods') && childOf(from) !== childOf(target)
    const isShared = SHARED.test(childOf(target)) || SHARED.test(childOf(from))
    return siblings && !isShared ? `${room}/${childOf(from)} must not know its sibling ${childOf(target)}` : null
  }
  if (toFloor > floor) return `${room}/ (floor ${floor}) must not reach up to ${toRoom}/ (floor ${toFloor})`
  if (floor === 1 && toFloor === 1 && !typeOnly)
    return `${room}/ may use ${toRoom}/ only as types; pass the functions in`
  if (floor === 2 && toFloor === 1 && !typeOnly)
    return `${room}/ may use ${toRoom}/ only as types; pass the functions in`
  return null
}

/** @param {Map<string, string[]>} graph */
function cyclesOf(graph) {
  const [done, path, found] = [new Set(), [], []]
  const visit = (file) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file])
    if (path.includes(file) || done.has(file)) return
    done.add(file)
    path.push(file)
    for (const next of graph.get(file) ?? []) visit(next)
    path.pop()
  }
  for (const file of graph.keys()) visit(file)
  return found
}

const files = scan(SERVER)
const tests = scan(join(root, 'packages/server/test'))
const problems = files.flatMap(({ file, imports }) =>
  imports.flatMap((imported) => {
    const problem = problemOf(imported)
    return problem === null ? [] : [`${place(root, file, imported.line)}  ${problem}`]
  }),
)
const runtime = new Map(
  files.map(({ file, imports }) => [
    file,
    imports.filter(({ target, typeOnly }) => target !== null && !typeOnly).map(({ target }) => target),
  ]),
)
for (const cycle of cyclesOf(runtime))
  problems.push(`${cycle.map((file) => relative(root, file)).join(' → ')}  is a cycle`)

// Dead code: a name nobody imports and its own file does not use, a file nobody reaches.
const used = new Map()
for (const { imports } of [...files, ...tests].filter(({ file }) => !file.endsWith('.test.ts'))) {
  for (const { target, names } of imports)
    if (target) used.set(target, new Set([...(used.get(target) ?? []), ...names]))
}
const testImports = [...files, ...tests]
  .filter(({ file }) => file.endsWith('.test.ts'))
  .flatMap(({ imports }) => imports)
for (const { file, source, exports } of files.filter(({ file }) => !file.endsWith('.test.ts'))) {
  const names = used.get(file) ?? new Set()
  for (const { name, line, isPublic } of exports) {
    const inside = source.split(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`)).length > 2
    const tested = testImports.some((imported) => imported.target === file && imported.names.includes(name))
    if (isPublic || names.has(name) || names.has('*') || (inside && tested)) continue
    if (!inside) problems.push(`${place(root, file, line)}  ${name} is exported and used nowhere; delete it`)
  }
}

for (const problem of problems.sort()) console.log(problem)
console.log(problems.length === 0 ? `floors hold: ${files.length} files` : `${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
