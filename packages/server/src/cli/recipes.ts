import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { Recipe } from '../actions/recipe/recipe.ts'
import { usualTriggers } from '../actions/recipe/usual-triggers.ts'
import { nearest } from '../config/nearest.ts'
import { beginning, describeRecipe } from '../config/recipe-docs.ts'
import { readRecipes } from '../config/recipes.ts'
import { ConfigError } from '../core/errors.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

type Options = { readonly recipes: readonly string[]; readonly format: string }

/** `cardea recipes list | show | init`. */
export function recipesCommand(program: Command): void {
  const group = program.command('recipes').description('how vendors are told of what happens to identities')
  withRecipes(group.command('list').description('every recipe there is'), 'table or json').action(list)
  withRecipes(
    group.command('show').argument('<name>', 'the recipe').description('what a recipe needs, and what it sends when'),
    'table (as its page of the documentation), yaml (as a recipe of your own would begin) or json',
  ).action(show)
  withRecipes(
    group.command('init').argument('<name>', 'the recipe').description('the lines of a configuration to begin with'),
    'table or json',
  ).action(init)
}

const withRecipes = (command: Command, formats: string) =>
  command
    .option('--recipes <place...>', 'files or folders with recipes of your own', [])
    .option('--format <format>', formats, 'table')

async function read({ recipes: places }: Options): Promise<readonly Recipe[]> {
  const { recipes, problems } = await readRecipes({ readFile: (path) => readFile(path, 'utf8') }, places)
  if (problems.length > 0) throw new ConfigError(problems)
  return [...recipes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function find(name: string, options: Options): Promise<Recipe> {
  const recipes = await read(options)
  const found = recipes.find((recipe) => recipe.name === name)
  if (found !== undefined) return found
  const near = nearest(
    name,
    recipes.map((recipe) => recipe.name),
  )
  const hint = near === null ? '`cardea recipes list` shows them.' : `Did you mean ${near}?`
  throw new UsageError(`There is no recipe "${name}". ${hint}`)
}

async function list(options: Options): Promise<void> {
  const recipes = await read(options)
  const rows = recipes.map(({ name, file }) => ({
    name,
    title: file.title,
    usually_after: usualTriggers(file),
    summary: file.summary,
  }))
  process.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify(rows, null, 2)}\n`
      : table(
          ['recipe', 'vendor', 'usually after', 'what it does'],
          rows.map((row) => [row.name, row.title, row.usually_after.join(', '), row.summary]),
        ),
  )
}

async function show(name: string, options: Options): Promise<void> {
  const recipe = await find(name, options)
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(recipe.file, null, 2)}\n`)
  else if (options.format === 'yaml')
    process.stdout.write(stringify(recipe.file, { lineWidth: 0, aliasDuplicateObjects: false }))
  else process.stdout.write(describeRecipe(recipe).replace(/<!--.*-->\n\n/, ''))
}

async function init(name: string, options: Options): Promise<void> {
  const recipe = await find(name, options)
  const lines = beginning(recipe)
  process.stdout.write(options.format === 'json' ? `${JSON.stringify({ yaml: lines })}\n` : lines)
}
