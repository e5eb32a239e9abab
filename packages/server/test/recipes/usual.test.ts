import { expect, test } from 'vitest'
import { toldTwice, usualTriggers } from '../../src/actions/recipe/usual-triggers.ts'
import { builtInRecipes } from '../../src/config/recipes.ts'

const recipes = await builtInRecipes()

test.each(recipes.map(({ name, file }) => [name, file] as const))(
  '%s tells nothing twice unless it is asked to',
  (_name, file) => {
    const usual = usualTriggers(file)
    expect(usual.length).toBeGreaterThan(0)
    expect(toldTwice(usual)).toBe(null)
  },
)

test('all of the overview are there', () => {
  expect(recipes.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'mailchimp',
      'hubspot',
      'stripe',
      'google-analytics',
      'mixpanel',
      'segment',
      'zapier',
      'ifttt',
    ]),
  )
})
