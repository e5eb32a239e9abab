import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { Value } from 'typebox/value'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Settings } from '../core/settings.ts'
import { openClient } from '../net/client.ts'
import { check, type Finding } from './check.ts'
import { checkHookList } from './check-hooks.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { fillDefaults } from './fill-defaults.ts'
import { isHookSecret } from './hook-secrets.ts'
import { loadIdentitySchemas } from './identity-schemas.ts'
import { mergeObjects, printPath, valueAt } from './path.ts'
import { pendingKeys } from './pending.ts'
import { weakenings, withPresets } from './profiles.ts'
import { readDocument, type Source } from './read-document.ts'
import { fileOf, type Reading, reasonOf } from './resources.ts'
import { resolveSecrets } from './resolve-secrets.ts'
import { type Config, configSchema } from './schema/schema.ts'
import { clientSettings, toSettings } from './to-settings.ts'

export type LoadOptions = {
  readonly files: readonly string[]
  /** The profile if the configuration names none. */
  readonly profile: Settings['profile']
  /** `--dev`; a file may say it as well. */
  readonly dev: boolean
  /** What the command line says; it goes over the files. */
  readonly overrides?: JsonObject
  readonly env?: Environment
  readonly readFile?: Reading['readFile']
  readonly fetchText?: Reading['fetchText']
  /** Signs and seals where no secret is configured; made up if absent. */
  readonly generatedSecret?: string
}

export type Loaded = {
  readonly settings: Settings
  /** One line each. */
  readonly warnings: readonly string[]
  /** Every file that was read or referred to: what a watcher watches. */
  readonly sources: readonly string[]
  readonly generatedSecret: string
}

/** Reads a configuration, or says everything that is wrong with it. */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  // oxlint-disable-next-line no-restricted-properties -- the one place that reads the environment
  const { files, overrides = {}, env = process.env, generatedSecret = randomBytes(32).toString('base64url') } = options
  const readText = options.readFile ?? ((path: string) => readFile(path, 'utf8'))
  const sources = [
    ...(await readFiles(files, readText)),
    commandLine(overrides, options.dev),
    readEnvironment(configSchema, env),
  ]
  const configured = sources.reduce<JsonObject>((tree, source) => source.over(tree), {})

  const {
    resolved,
    findings: unresolved,
    files: secretFiles,
  } = await resolveSecrets({ env, readFile: readText }, configSchema, configured)
  const profile =
    configured['profile'] === 'safe' || configured['profile'] === 'ory' ? configured['profile'] : options.profile
  const isDev = configured['dev'] === true
  const presets = withPresets({ profile: options.profile, ...resolved }, profile, isDev)
  const config = fillDefaults(configSchema, presets)
  const findings = [
    ...unresolved,
    ...check(configSchema, config, [], { checkList: checkHookList, isSecret: isHookSecret }),
    ...pendingKeys(configured),
  ]
  refuse(findings, sources)
  if (!Value.Check(configSchema, config))
    throw new ConfigError([{ key: '(the configuration)', need: 'a valid configuration' }])

  const reading = { readFile: readText, fetchText: options.fetchText ?? fetchTextWith(config) }
  const { schemas, findings: inSchemas } = await loadIdentitySchemas(reading, config)
  refuse(inSchemas, sources)
  const revision = createHash('sha256')
    .update(JSON.stringify([config, schemas]))
    .digest('hex')
    .slice(0, 16)
  return {
    settings: toSettings(config, { schemas, hostname: hostname(), generatedSecret, revision }),
    warnings: [...weakenings(configured, profile), ...warningsOf([...findings, ...inSchemas], sources)],
    sources: [...files, ...secretFiles, ...filesIn(config)],
    generatedSecret,
  }
}

/** All files, or everything that keeps them from being read. */
async function readFiles(files: readonly string[], readText: Reading['readFile']): Promise<readonly Source[]> {
  const problems: ConfigProblem[] = []
  const sources: Source[] = []
  for (const file of files) {
    try {
      sources.push(readDocument(file, await readText(file)))
    } catch (error) {
      if (error instanceof ConfigError) problems.push(...error.problems)
      else problems.push({ file, key: '(the file)', need: `a file that can be read (${reasonOf(error)})` })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return sources
}

function commandLine(overrides: JsonObject, dev: boolean): Source {
  const said = dev ? { ...overrides, dev } : overrides
  return {
    name: 'command line',
    over: (tree) => mergeObjects(tree, said),
    locate: (path) => (valueAt(said, path) === undefined ? null : { file: 'command line' }),
  }
}

/** Where a finding is: in the last source that says it, else where its nearest parent is written. */
function placeOf({ path, part }: Finding, sources: readonly Source[]) {
  for (let length = path.length; length > 0; length--) {
    const steps = path.slice(0, length)
    for (const source of sources.toReversed()) {
      const location = source.locate(steps, length === path.length ? part : 'key')
      if (location !== null) return location
    }
  }
  const [first] = sources
  return first === undefined || sources.length < 3 ? {} : { file: first.name }
}

const problemOf = (finding: Finding, sources: readonly Source[]): ConfigProblem => {
  const { got, need, fix } = finding
  return {
    ...placeOf(finding, sources),
    key: printPath(finding.path) || '(the file)',
    need,
    ...(got === undefined ? {} : { got }),
    ...(fix === undefined ? {} : { fix }),
  }
}

function refuse(findings: readonly Finding[], sources: readonly Source[]): void {
  const errors = findings.filter(({ severity }) => severity !== 'warning')
  if (errors.length > 0) throw new ConfigError(errors.map((finding) => problemOf(finding, sources)))
}

const warningsOf = (findings: readonly Finding[], sources: readonly Source[]) =>
  findings
    .filter(({ severity }) => severity === 'warning')
    .map((finding) => {
      const { file, line, key, need } = problemOf(finding, sources)
      return `${[file, line].filter((part) => part !== undefined).join(':')}  ${key}: ${need}`
    })

const FETCH_BUDGET = 10_000

/** Documents of the web, through the guarded client. */
const fetchTextWith =
  ({ clients }: Config): Reading['fetchText'] =>
  async (url) => {
    const client = openClient(() => clientSettings(clients), { userAgent: 'cardea' })
    try {
      const sent = await client.send({ method: 'GET', url, headers: {}, body: null }, { budget: FETCH_BUDGET })
      if (sent.kind === 'failed') throw new Error(sent.detail)
      if (sent.status !== 200) throw new Error(`answered ${sent.status}`)
      return sent.body.toString()
    } finally {
      await client.close()
    }
  }

/** Files the configuration refers to: a change of one is a change of the configuration. */
const filesIn = (config: Config): readonly string[] => config.identity.schemas.flatMap(({ url }) => fileOf(url) ?? [])
