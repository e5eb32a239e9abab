import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Value } from 'typebox/value'
import { BUILT_IN_RECIPES } from '../actions/recipe/built-in.ts'
import { compileRecipe } from '../actions/recipe/compile-recipe.ts'
import type { Recipe } from '../actions/recipe/recipe.ts'
import { recipeSchema } from '../actions/recipe/schema.ts'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import { check, type Finding } from './check.ts'
import { type Path, printPath } from './path.ts'
import { readDocument, type Source } from './read-document.ts'
import { fileOf, type Reading, reasonOf } from './resources.ts'

export type ReadRecipes = {
  readonly recipes: ReadonlyMap<string, Recipe>
  readonly problems: readonly ConfigProblem[]
  /** Every file that was read. */
  readonly files: readonly string[]
}

export type RecipeReading = Pick<Reading, 'readFile'> & {
  /** The names of the files in a folder; none where it is none. */
  readonly listFolder?: (path: string) => Promise<readonly string[]>
}

const RECIPE_FILE = /\.(?:ya?ml|json)$/

/** Reads the recipes that come with Cardea and those an operator has added: files, or folders of them. A later one of the same name counts. */
export async function readRecipes(reading: RecipeReading, locations: readonly string[]): Promise<ReadRecipes> {
  const builtIn = { readFile: (path: string) => readFile(path, 'utf8') }
  const read = [
    ...(await readAll(builtIn, [fileURLToPath(BUILT_IN_RECIPES)])),
    ...(await readAll(
      reading,
      locations.map((location) => fileOf(location) ?? location),
    )),
  ]
  return {
    recipes: new Map(read.flatMap(({ recipe }) => (recipe === null ? [] : [[recipe.name, recipe]]))),
    problems: read.flatMap(({ problems }) => problems),
    files: read.map(({ file }) => file),
  }
}

/** The recipes that come with Cardea, by name; scripts/generate.mjs describes them. @public */
export async function builtInRecipes(): Promise<readonly Recipe[]> {
  const { recipes, problems } = await readRecipes({ readFile: (path) => readFile(path, 'utf8') }, [])
  if (problems.length > 0) throw new ConfigError(problems)
  return [...recipes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What lies with the program is read from there, whatever stands for the files of an operator. */
async function readAll(reading: RecipeReading, paths: readonly string[]) {
  const files = (await Promise.all(paths.map((path) => filesAt(reading, path)))).flat()
  return Promise.all(files.map(async (file) => ({ file, ...(await readRecipe(reading, file)) })))
}

async function filesAt({ listFolder = listed }: RecipeReading, path: string): Promise<readonly string[]> {
  if (RECIPE_FILE.test(path)) return [path]
  const names = (await listFolder(path)).filter((name) => RECIPE_FILE.test(name))
  // Reading it says what it is instead.
  return names.length === 0 ? [path] : names.toSorted().map((name) => join(path, name))
}

const listed = (path: string) => readdir(path).catch(() => [])

type Read = { readonly recipe: Recipe | null; readonly problems: readonly ConfigProblem[] }

async function readRecipe(reading: RecipeReading, file: string): Promise<Read> {
  try {
    return compiled(readDocument(file, await reading.readFile(file)))
  } catch (error) {
    if (error instanceof ConfigError) return { recipe: null, problems: error.problems }
    return {
      recipe: null,
      problems: [{ file, key: '(the file)', need: `a recipe that can be read (${reasonOf(error)})` }],
    }
  }
}

function compiled(source: Source): Read {
  const document = source.over({})
  const findings = check(recipeSchema, document, [])
  if (!Value.Check(recipeSchema, document))
    return { recipe: null, problems: findings.map((each) => located(source, each)) }
  const made = compileRecipe(document, randomBytes(12).toString('hex'))
  if (made.kind === 'recipe') return { recipe: made.recipe, problems: [] }
  const problems = made.problems.map(({ path, need }) => located(source, { path, part: 'value', need }))
  return { recipe: null, problems }
}

/** Where something of a recipe is written, or its nearest parent. */
function located(source: Source, { path, part, got, need, fix }: Finding): ConfigProblem {
  return {
    file: source.name,
    ...placeOf(source, path, part),
    key: printPath(path) || '(the file)',
    need,
    ...(got === undefined ? {} : { got }),
    ...(fix === undefined ? {} : { fix }),
  }
}

function placeOf(source: Source, path: Path, part: Finding['part']) {
  for (let length = path.length; length > 0; length--) {
    const location = source.locate(path.slice(0, length), length === path.length ? part : 'key')
    if (location !== null) return location
  }
  return {}
}
