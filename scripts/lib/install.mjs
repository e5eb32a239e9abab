// Brings the workspace to what the lock file says, with nothing but Node's built-ins: this runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
const stamp = `${root}node_modules/.cardea-lock`

/** Runs `npm ci` when nothing is installed or the lock file has changed since; says why. */
export function ensureInstalled() {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex')
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : null
  if (installed === lock) return
  const why = existsSync(`${root}node_modules`) ? 'the lock file has changed' : 'first run'
  console.log(`Installing dependencies (${why}); this takes about half a minute …`)
  const { status, stdout, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(`npm ci failed:\n${stdout}${stderr}`)
    process.exit(1)
  }
  writeFileSync(stamp, lock)
}

/** The Node to run on: the one from the lock file, or this one if it is new enough; else it says what to do. */
export function nodeBinary() {
  const own = `${root}node_modules/.bin/node`
  if (existsSync(own) && spawnSync(own, ['--version']).status === 0) return own
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath
  console.error(
    `Cardea needs Node 24.15 or newer; this is ${process.versions.node}, and the lock file carries a Node only for Linux x64.\n` +
      'Install Node 24 from https://nodejs.org and start again.',
  )
  return process.exit(1)
}

/** The environment of everything we start: our own tools first on the path. */
export const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH ?? ''}` }
