import { Value } from 'typebox/value'
import { compileRecipe } from '../actions/recipe/compile-recipe.ts'
import { type Connection, type ConnectionProblem, readConnection } from '../actions/recipe/connection.ts'
import type { Recipe } from '../actions/recipe/recipe.ts'
import { type RecipeFile, recipeSchema, type RecipeTrigger, TRIGGERS } from '../actions/recipe/schema.ts'
import { usualTriggers } from '../actions/recipe/usual-triggers.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { ConnectionSettings } from '../core/settings.ts'
import type { Finding } from './check.ts'
import { nearest } from './nearest.ts'
import { readRecipes, type RecipeReading } from './recipes.ts'
import { isPlaceholder } from './redact.ts'
import type { Config } from './schema/schema.ts'

type Checked = {
  readonly connections: readonly ConnectionSettings[]
  readonly findings: readonly Finding[]
  /** What is wrong with recipes themselves. */
  readonly problems: readonly ConfigProblem[]
  readonly files: readonly string[]
  readonly texts: readonly string[]
}

type Written = Config['actions']['connections'][string]

/** Reads the connections of a configuration with their recipes, so that a mistake is told when it is made. */
export async function checkConnections(reading: RecipeReading, { actions }: Config): Promise<Checked> {
  const written = Object.entries(actions.connections).filter(([, { enabled }]) => enabled !== false)
  if (written.length === 0 && actions.recipes.length === 0) {
    return { connections: [], findings: [], problems: [], files: [], texts: [] }
  }
  const { recipes, problems, files } = await readRecipes(reading, actions.recipes)
  const checked = written.map(([name, each]) => checkConnection(name, each, recipes))
  return {
    connections: checked.flatMap(({ connection }) => connection ?? []),
    // Where a recipe is wrong, that it is not there is no second mistake.
    findings: checked.flatMap(({ connection, findings }) =>
      connection === null && problems.length > 0 ? [] : findings,
    ),
    problems,
    files,
    texts: checked.map(({ connection }) => JSON.stringify(connection)),
  }
}

function checkConnection(name: string, written: Written, recipes: ReadonlyMap<string, Recipe>) {
  const path = ['actions', 'connections', name]
  const recipe = recipes.get(written.recipe)
  if (recipe === undefined) {
    const near = nearest(written.recipe, [...recipes.keys()])
    const finding: Finding = {
      path: [...path, 'recipe'],
      part: 'value',
      got: JSON.stringify(written.recipe),
      need: `one of ${[...recipes.keys()].toSorted().join(', ')}`,
      ...(near === null ? {} : { fix: `did you mean ${near}?` }),
    }
    return { connection: null, findings: [finding] }
  }
  const settings = settingsOf(name, written, recipe)
  const read = readConnection(recipe, settings)
  const problems = read.kind === 'wrong' ? read.problems.filter((each) => !isAboutPlaceholder(each, settings)) : []
  return {
    connection: settings,
    findings: problems.map(
      ({ path: inner, got, need }): Finding => ({
        path: [...path, ...inner],
        part: got === undefined ? 'value' : 'key',
        need,
        ...(got === undefined ? {} : { got }),
      }),
    ),
  }
}

/** A print-out is looked at without its secrets. */
function isAboutPlaceholder({ path: [key, name] }: ConnectionProblem, { secrets }: ConnectionSettings): boolean {
  return key === 'secrets' && (typeof name !== 'string' || isPlaceholder(secrets[name] ?? ''))
}

const settingsOf = (name: string, written: Written, recipe: Recipe): ConnectionSettings => ({
  name,
  where: `actions.connections.${name}`,
  recipe: jsonOf(recipe.file),
  secrets: written.secrets ?? {},
  params: jsonOf(written.params ?? {}),
  on: written.on ?? null,
  baseUrl: written.base_url ?? null,
  when: written.when ?? null,
})

function jsonOf(value: object): JsonObject {
  const json: Json = JSON.parse(JSON.stringify(value))
  return isJsonObject(json) ? json : {}
}

/** What a connection's recipe says, as it was written. */
export const recipeOf = ({ recipe }: ConnectionSettings): RecipeFile => Value.Parse(recipeSchema, recipe)

/** The kind that all connections are of. */
export const CONNECTION = 'connection'

/** What a connection is known by, whatever else of it is edited. */
export const connectionActionId = ({ name }: ConnectionSettings) => `connection:${name}`

/** After what a connection is told. */
export function triggersOfConnection(settings: ConnectionSettings): readonly RecipeTrigger[] {
  const file = recipeOf(settings)
  const on: readonly string[] = settings.on ?? usualTriggers(file)
  return TRIGGERS.filter((name) => file.triggers[name] !== undefined && on.includes(name))
}

/** A connection whose settings have been checked. */
export function openConnection(settings: ConnectionSettings, nonce: string): Connection {
  const compiled = compileRecipe(recipeOf(settings), nonce)
  const read = compiled.kind === 'recipe' ? readConnection(compiled.recipe, settings) : compiled
  if (read.kind === 'connection') return read.connection
  const [problem] = read.problems
  throw new Error(`${settings.where}: ${problem?.need ?? 'it cannot be read'}`)
}
