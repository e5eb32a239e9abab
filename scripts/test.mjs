// npm test: everything, on both databases; the last line counts. Arguments are passed on as filters.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
const folder = mkdtempSync(join(tmpdir(), 'cardea-test-'))
const report = join(folder, 'report.json')
try {
  const { status } = spawnSync(
    nodeBinary(),
    [
      '--disable-warning=ExperimentalWarning',
      `${root}node_modules/vitest/vitest.mjs`,
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: 'inherit', env },
  )
  const { passed, failed } = count(report)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {string} file */
function count(file) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
    // A file that fails to load has no tests of its own to fail.
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    return { passed: numPassedTests, failed: numFailedTests + broken.length }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
