// npm run check: everything that must hold, as a list. Goes on after a failure, so that one run shows all of them.
import { spawnSync } from 'node:child_process'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
const steps = [
  ['format', 'biome', ['format', '.']],
  ['lint', 'oxlint', ['--type-aware']],
  ['types', 'tsc', ['-p', '.']],
  ['floors and dead code', nodeBinary(), ['scripts/floors.mjs']],
  ['generated files fresh', nodeBinary(), ['scripts/generate.mjs', '--check']],
]
let failed = 0
for (const [name, command, args] of steps) {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' })
  const seconds = (performance.now() - start) / 1000
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`)
  if (status === 0) continue
  failed += 1
  console.log(stdout + stderr)
}
const tests = spawnSync(nodeBinary(), ['scripts/test.mjs', ...process.argv.slice(2)], {
  cwd: root,
  env,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 1 << 28,
})
const lines = tests.stdout.trimEnd().split('\n')
const [, passed = '0', broken = '1'] = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? '') ?? []
console.log(lines.slice(0, -1).join('\n'))
console.log(`${Number(passed) + steps.length - failed} passed, ${Number(broken) + failed} failed`)
process.exitCode = failed === 0 && tests.status === 0 ? 0 : 1
