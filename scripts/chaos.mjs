// npm run chaos: builds the server and kills it at random while people sign up; arguments are passed on (see `npm run chaos -- --help`).
import { spawnSync } from 'node:child_process'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
const node = nodeBinary()
const run = (/** @type {string[]} */ args, /** @type {import('node:child_process').StdioOptions} */ stdio) =>
  spawnSync(node, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio }).status ?? 1
const built = run(['scripts/build.mjs'], ['ignore', 2, 'inherit'])
process.exitCode = built === 0 ? run(['packages/server/chaos/main.ts', ...process.argv.slice(2)], 'inherit') : built
