// npm run generate: writes what is derived from the sources. With --check it only says what is not fresh.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureInstalled, env, nodeBinary, root } from './lib/install.mjs'

ensureInstalled()
if (!process.execPath.includes('node_modules') && Number(process.versions.node.split('.')[0]) < 24) {
  // The sources are TypeScript, which only the Node of the lock file runs.
  const { status } = spawnSync(nodeBinary(), process.argv.slice(1), { cwd: root, env, stdio: 'inherit' })
  process.exit(status ?? 1)
}

const { describeConfiguration, editorSchema } = await import('../packages/server/src/config/describe.ts')
const { apis, openApiDocument } = await import('../packages/server/src/http/openapi/document.ts')
const { version } = await import('../packages/server/src/cli/version.ts')
const { describeRecipe, describeRecipes } = await import('../packages/server/src/config/recipe-docs.ts')
const { builtInRecipes } = await import('../packages/server/src/config/recipes.ts')
const recipes = await builtInRecipes()

/** Every generated file and how it comes about. @type {readonly (readonly [string, () => string])[]} */
const files = [
  ['docs/configuration.md', describeConfiguration],
  ['docs/configuration.schema.json', () => formatted('schema.json', editorSchema())],
  ['docs/integrations/README.md', () => describeRecipes(recipes)],
  ...recipes.map(
    (recipe) => /** @type {const} */ ([`docs/integrations/${recipe.name}.md`, () => describeRecipe(recipe)]),
  ),
  ...Object.entries(apis).map(
    ([name, api]) =>
      /** @type {const} */ ([
        `docs/openapi/${name}.json`,
        () => formatted('openapi.json', JSON.stringify(openApiDocument(api, version))),
      ]),
  ),
]

/**
 * As the formatter wants it, so that both agree.
 * @param {string} name @param {string} text @returns {string}
 */
function formatted(name, text) {
  const { status, stdout, stderr } = spawnSync('biome', ['format', `--stdin-file-path=${name}`], {
    cwd: root,
    env,
    input: text,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** @param {string} path */
const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const isCheck = process.argv.includes('--check')
let stale = 0
for (const [name, make] of files) {
  const path = join(root, name)
  const text = make()
  if (read(path) === text) continue
  stale += 1
  if (isCheck) {
    console.log(`${name} is not fresh: run npm run generate`)
    continue
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`wrote ${name}`)
}
if (stale === 0) console.log(`${files.length} generated files are fresh`)
process.exitCode = isCheck && stale > 0 ? 1 : 0
