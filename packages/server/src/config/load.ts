import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { Value } from 'typebox/value'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Settings } from '../core/settings.ts'
import { openClient } from '../net/client.ts'
import { check, type Finding } from './check.ts'
import { checkHookList } from './check-hooks.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { fillDefaults } from './fill-defaults.ts'
import { isHookSecret } from './hook-secrets.ts'
import { loadIdentitySchemas, schemaKeys } from './identity-schemas.ts'
import { courierSettings } from './courier-settings.ts'
import { checkConnections } from './connections.ts'
import { checkTemplates } from './hook-templates.ts'
import { oidcSettings } from './oidc-settings.ts'
import { checkMappers, checkProviders } from './providers.ts'
import { checkMessageTemplates } from './message-templates.ts'
import { mergeObjects, type Path, printPath, valueAt } from './path.ts'
import { unsupportedKeys } from './oauth2/pending.ts'
import { pendingKeys } from './pending.ts'
import { weakenings, withPresets } from './profiles.ts'
import { readDocument, type Source } from './read-document.ts'
import { fileOf, type Reading, reasonOf } from './resources.ts'
import { isPlaceholder } from './redact.ts'
import { isInClear, resolveSecrets, secretsOf } from './resolve-secrets.ts'
import { checkRules } from './rules.ts'
import { type Config, configSchema } from './schema/schema.ts'
import { clientSettings, eventHookLists, hookLists, toSettings } from './to-settings.ts'

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
  readonly listFolder?: (path: string) => Promise<readonly string[]>
  readonly fetchText?: Reading['fetchText']
  /** Signs and seals where no secret is configured; made up if absent. */
  readonly generatedSecret?: string
  /** Whether the placeholders of a print-out may stand for secrets: to look at a configuration, never to serve. */
  readonly placeholders?: 'accepted'
}

export type Loaded = {
  readonly settings: Settings
  /** One line each: what `ory` presets weaker than `safe`, and what has no effect. */
  readonly warnings: readonly string[]
  /** The whole configuration with every default in it, and with its secrets: for `printConfig`. */
  readonly effective: JsonObject
  /** Every file that was read or referred to: what a watcher watches. */
  readonly sources: readonly string[]
  /** Changes with everything the configuration is made of, whatever its own `revision` says. */
  readonly fingerprint: string
  readonly generatedSecret: string
}

/** Reads a configuration, or says everything that is wrong with it. */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  // oxlint-disable-next-line no-restricted-properties -- the one place that reads the environment
  const { env = process.env, generatedSecret = randomBytes(32).toString('base64url') } = options
  const readText = options.readFile ?? ((path: string) => readFile(path, 'utf8'))
  const sources = [
    ...(await readFiles(options.files, readText)),
    commandLine(options.overrides ?? {}, options.dev),
    readEnvironment(configSchema, env),
  ]
  const configured = sources.reduce<JsonObject>((tree, source) => source.over(tree), {})
  const secrets = await resolveSecrets({ env, readFile: readText }, configSchema, configured)
  const complete = completion(configured, options.profile)
  const config = complete(secrets.resolved)

  const findings = [
    ...secrets.findings,
    ...placeholders(configured, options),
    ...check(configSchema, config, [], { checkList: checkHookList, isSecret: isHookSecret }).map(
      ({ severityIn, ...finding }): Finding =>
        severityIn === undefined || config['profile'] !== 'ory' ? finding : { ...finding, severity: severityIn.ory },
    ),
    ...pendingKeys(configured, complete({})),
    ...nestedKeys(configured, complete),
  ]
  if (!Value.Check(configSchema, config)) {
    // All at once: schemas at hand can be looked at although something else is wrong.
    const near = { readFile: readText, fetchText: () => Promise.reject(new Error('nothing is fetched yet')) }
    const isAtHand =
      Value.Check(schemaKeys, config) && config.identity.schemas.every(({ url }) => !/^https?:/.test(url))
    const identity = isAtHand ? await loadIdentitySchemas(near, config) : { findings: [] }
    throw refusal([...findings, ...identity.findings], sources)
  }
  const reading = { readFile: readText, fetchText: options.fetchText ?? fetchTextWith(config) }
  const lists = [...hookLists(config), ...eventHookLists(config)]
  const inClear = [...secretsOf(configSchema, configured)].filter(
    (secret) => isInClear(secret) && !isPlaceholder(secret.text) && isWrittenInFile(secret, sources),
  )
  const listing = options.listFolder === undefined ? {} : { listFolder: options.listFolder }
  const social = oidcSettings(config.selfservice.methods.oidc)
  const [identity, templates, messages, mappers, vendors] = await Promise.all([
    loadIdentitySchemas(reading, config),
    checkTemplates(reading, lists, config.profile),
    checkMessageTemplates(
      { ...reading, listFolder: options.listFolder ?? readdir },
      courierSettings(config),
      config.profile,
    ),
    checkMappers(reading, social, config.profile),
    checkConnections({ readFile: readText, ...listing }, config),
  ])
  findings.push(...checkRules({ config, configured, inClear }), ...identity.findings)
  findings.push(...templates.findings, ...messages.findings, ...checkProviders(social), ...mappers.findings)
  findings.push(...vendors.findings)
  if (findings.some(isError) || vendors.problems.length > 0) {
    throw new ConfigError([...refusal(findings, sources).problems, ...vendors.problems])
  }

  const fingerprint = hash([config, identity.schemas, templates.texts, messages.texts, mappers.texts, vendors.texts])
  const { connections } = vendors
  const surroundings = {
    schemas: identity.schemas,
    connections,
    hostname: hostname(),
    generatedSecret,
    revision: fingerprint,
  }
  return {
    settings: toSettings(config, surroundings),
    warnings: [...weakenings(configured, config.profile), ...warningsOf(findings, sources)],
    effective: complete(configured),
    sources: [
      ...options.files,
      ...secrets.files,
      ...filesIn(config),
      ...templates.files,
      ...messages.files,
      ...mappers.files,
      ...vendors.files,
    ],
    fingerprint,
    generatedSecret,
  }
}

/** Keys of the OAuth2 server's tree that do nothing. */
const nestedKeys = (configured: JsonObject, complete: (config: JsonObject) => JsonObject): readonly Finding[] =>
  unsupportedKeys(configured['oauth2_server'], complete({ oauth2_server: {} })['oauth2_server']).map((finding) => ({
    ...finding,
    path: ['oauth2_server', ...finding.path],
  }))

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)

/** How a configuration is completed: the presets of the profile it names, else of the command's, then the defaults. */
function completion(configured: JsonObject, fallback: Settings['profile']): (config: JsonObject) => JsonObject {
  const { profile: named, dev } = configured
  const profile = named === 'safe' || named === 'ory' ? named : fallback
  return (config) => {
    const complete = fillDefaults(configSchema, withPresets({ profile, ...config }, profile, dev === true))
    return isJsonObject(complete) ? complete : {}
  }
}

/** A server that ran on placeholders would sign with secrets everybody knows. */
const placeholders = (configured: JsonObject, options: LoadOptions): readonly Finding[] =>
  options.placeholders === 'accepted'
    ? []
    : [...secretsOf(configSchema, configured)].flatMap(({ path, text }): readonly Finding[] =>
        isPlaceholder(text)
          ? [
              {
                path,
                part: 'value',
                got: 'a placeholder of a printed configuration',
                need: 'the secret itself, or a reference to it',
              },
            ]
          : [],
      )

const isWrittenInFile = ({ path }: { readonly path: Path }, sources: readonly Source[]) =>
  sources
    .toReversed()
    .find((source) => source.locate(path, 'value') !== null)
    ?.locate(path, 'value')?.line !== undefined

/** All files, or everything that keeps them from being read. */
export async function readFiles(files: readonly string[], readText: Reading['readFile']): Promise<readonly Source[]> {
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

export function commandLine(overrides: JsonObject, dev: boolean): Source {
  const said = dev ? { ...overrides, dev } : overrides
  return {
    name: 'command line',
    over: (tree) => mergeObjects(tree, said),
    locate: (path) => (valueAt(said, path) === undefined ? null : { file: 'command line' }),
  }
}

/** Command line and environment are always there. */
const MORE_THAN_NONE = 3

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
  return first === undefined || sources.length < MORE_THAN_NONE ? {} : { file: first.name }
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

const isError = ({ severity }: Finding) => severity !== 'warning'

/** In the order in which they are written. */
export const refusal = (findings: readonly Finding[], sources: readonly Source[]) =>
  new ConfigError(
    findings
      .filter(isError)
      .map((finding) => problemOf(finding, sources))
      .toSorted((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) : 0)),
  )

export const warningsOf = (findings: readonly Finding[], sources: readonly Source[]) =>
  findings
    .filter((finding) => !isError(finding))
    .map((finding) => {
      const { file, line, key, got, need } = problemOf(finding, sources)
      const place = [file, line].filter((part) => part !== undefined).join(':')
      const said = finding.note ?? `${got === undefined ? '' : `${got}; `}needs ${need}`
      return `${place === '' ? '' : `${place}  `}${key}: ${said}`
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
