import { type Loaded, type LoadOptions, loadConfig } from '../src/config/load.ts'
import type { Json, JsonObject } from '../src/core/json.ts'

export const toBase64 = (value: string) => `base64://${Buffer.from(value).toString('base64')}`

/** A schema by whose e-mail people sign in. */
export const personSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': { credentials: { password: { identifier: true } } },
        },
      },
    },
  },
}

/** The least a configuration has to say. */
export const minimalConfig = {
  dsn: 'memory',
  identity: { schemas: [{ id: 'default', url: toBase64(JSON.stringify(personSchema)) }] },
  selfservice: { default_browser_return_url: 'https://app.example.test/' },
} satisfies JsonObject

/** The least, as a file begins; what follows stands at the top level. Nine lines. */
export const minimalText = `dsn: memory
identity:
  schemas:
    - id: default
      url: ${minimalConfig.identity.schemas[0]?.url ?? ''}
secrets:
  cookie: [dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe]
selfservice:
  default_browser_return_url: https://app.example.test/
`

type Changes = Partial<Omit<LoadOptions, 'readFile'>> & { readonly others?: { readonly [path: string]: string } }

/** Loads one file, in development and the safe profile unless said otherwise. */
export const loadText = (text: string, { others = {}, ...changes }: Changes = {}): Promise<Loaded> => {
  const files: { readonly [path: string]: string } = { 'cardea.yml': text, ...others }
  return loadConfig({
    files: ['cardea.yml'],
    profile: 'safe',
    dev: true,
    env: {},
    generatedSecret: 'made-up-for-this-test-and-no-other',
    readFile: (path) => {
      const found = files[path]
      return found === undefined
        ? Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
        : Promise.resolve(found)
    },
    fetchText: (url) => Promise.reject(new Error(`nobody answers at ${url}`)),
    ...changes,
  })
}

export const load = (config: Json, changes: Changes = {}): Promise<Loaded> => loadText(JSON.stringify(config), changes)

/** What is wrong with a text, as a person reads it. */
export const errorOf = async (text: string, changes: Changes = {}): Promise<string> =>
  loadText(text, changes).then(
    () => 'nothing is wrong',
    (error: unknown) => {
      if (error instanceof Error && error.name === 'ConfigError') return error.message
      throw error
    },
  )
