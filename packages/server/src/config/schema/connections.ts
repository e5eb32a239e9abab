import { Type } from 'typebox'
import { list, optionalFlag, optionalList, optionalText, optionalWebUrl, record, resource, secret } from './parts.ts'

/** Recipes of the operator's own. */
export const recipes = list(
  'Recipes of your own: files, or folders of them. One with the name of a recipe that comes with Cardea counts in its place.',
  resource('A file in YAML or JSON, or a folder.'),
)

/** Connections to vendors, each made of a recipe. */
export const connections = Type.Record(
  Type.String({ pattern: '^[a-z][a-z0-9_-]*$' }),
  record('A connection.', {
    recipe: Type.String({ description: 'The recipe: `cardea recipes list` shows them.', minLength: 1 }),
    secrets: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), secret('A secret of the recipe.'), {
        description: 'The recipe’s secrets by name. No template sees them.',
        additionalProperties: false,
      }),
    ),
    params: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), Type.Unknown(), {
        description: 'The recipe’s parameters; `cardea recipes show` lists them.',
        additionalProperties: false,
      }),
    ),
    on: optionalList(
      'After what the vendor is told: registration, login, verification, settings, recovery, or an event such as identity.deleted. Unless it is said, what the recipe marks as usual.',
      Type.String(),
    ),
    when: optionalText('A Jsonnet expression over `ctx`. Where it is false, nothing is sent.'),
    base_url: optionalWebUrl('Where calls go instead of the vendor: a stand-in for tests.'),
    enabled: optionalFlag('Switches the connection off without deleting it.'),
  }),
  {
    description: 'Connections to vendors by name, each made of a recipe.',
    default: {},
    additionalProperties: false,
  },
)
