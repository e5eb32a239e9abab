// npm run bench: builds the server and measures it; arguments are passed on (see `npm run bench -- --help`).
import { spawnSync } from 'node:child_process'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
const node = nodeBinary()
const run = (/** @type {string[]} */ args, /** @type {import('node:child_process').StdioOptions} */ stdio) =>
  spawnSync(node, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, env, stdio }).status ?? 1
// What is printed is for whoever reads the table.
const built = run(['scripts/build.mjs'], ['ignore', 2, 'inherit'])
process.exitCode = built === 0 ? run(['packages/server/bench/main.ts', ...process.argv.slice(2)], 'inherit') : built
