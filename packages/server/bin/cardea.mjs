#!/usr/bin/env node
// The CLI: the bundle where it is up to date, else the sources; always on a Node that is new enough.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = new URL('../', import.meta.url)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  const own = fileURLToPath(new URL('../../node_modules/.bin/node', here))
  if (!existsSync(own)) {
    console.error(
      `Cardea needs Node 24.15 or newer; this is ${process.versions.node}. Install it from https://nodejs.org.`,
    )
    process.exit(1)
  }
  const { status } = spawnSync(own, process.argv.slice(1), { stdio: 'inherit' })
  process.exit(status ?? 1)
}
process.removeAllListeners('warning')
await import(entry().href)

function entry() {
  const bundle = new URL('dist/main.mjs', here)
  const sources = new URL('src/', here)
  if (!existsSync(bundle)) return new URL('main.ts', sources)
  if (!existsSync(sources)) return bundle
  const built = statSync(bundle).mtimeMs
  const newer = readdirSync(sources, { recursive: true, withFileTypes: true }).some(
    (file) => file.isFile() && statSync(`${file.parentPath}/${file.name}`).mtimeMs > built,
  )
  return newer ? new URL('main.ts', sources) : bundle
}
