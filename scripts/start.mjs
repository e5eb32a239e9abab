// npm start: install what the lock file names, then run the product on its own Node.
import { spawn } from 'node:child_process'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
const [first, ...rest] = process.argv.slice(2)
const watch = first === '--watch'
const args = watch ? rest : process.argv.slice(2)
const child = spawn(
  nodeBinary(),
  [
    '--disable-warning=ExperimentalWarning',
    ...(watch ? ['--watch', '--watch-preserve-output'] : []),
    `${root}packages/server/src/main.ts`,
    'dev',
    ...args,
  ],
  { stdio: 'inherit', env },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
