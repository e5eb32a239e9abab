// npm run build: one bundled server in packages/server/dist, with the SQL and the recipes it reads beside it.
import { cpSync, rmSync } from 'node:fs'
import { build } from 'esbuild'
import { root } from './lib/install.mjs'

const dist = `${root}packages/server/dist`
rmSync(dist, { recursive: true, force: true })
await build({
  entryPoints: [`${root}packages/server/src/main.ts`],
  outfile: `${dist}/main.mjs`,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // Native code cannot be bundled.
  external: ['@node-rs/*', 'pg-native'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
})
cpSync(`${root}packages/server/src/store/migrations`, `${dist}/migrations`, { recursive: true })
cpSync(`${root}packages/server/src/actions/recipe/recipes`, `${dist}/recipes`, { recursive: true })
console.log('built packages/server/dist/main.mjs')
