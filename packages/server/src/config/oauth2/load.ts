import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Value } from 'typebox/value'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { OAuth2Settings } from '../../core/oauth2-settings.ts'
import { check, type Finding } from '../check.ts'
import { type Environment, readEnvironment } from '../environment.ts'
import { fillDefaults } from '../fill-defaults.ts'
import { isHookSecret } from '../hook-secrets.ts'
import { commandLine, readFiles, refusal, warningsOf } from '../load.ts'
import { resolveSecrets } from '../resolve-secrets.ts'
import { unsupportedKeys } from './pending.ts'
import { oauth2Schema } from './schema.ts'
import { toOAuth2Settings } from './to-settings.ts'

export type OAuth2LoadOptions = {
  readonly files: readonly string[]
  readonly profile: OAuth2Settings['profile']
  readonly dev: boolean
  readonly overrides?: JsonObject
  readonly env?: Environment
  readonly readFile?: (path: string) => Promise<string>
  readonly generatedSecret?: string
}

export type OAuth2Loaded = {
  readonly settings: OAuth2Settings
  readonly warnings: readonly string[]
  readonly sources: readonly string[]
  readonly fingerprint: string
  readonly generatedSecret: string
}

/** Reads a hydra.yml, or says everything that is wrong with it. */
export async function loadOAuth2Config(options: OAuth2LoadOptions): Promise<OAuth2Loaded> {
  // oxlint-disable-next-line no-restricted-properties -- where the environment of this command is read
  const { env = process.env, generatedSecret = randomBytes(32).toString('base64url') } = options
  const readText = options.readFile ?? ((path: string) => readFile(path, 'utf8'))
  const sources = [
    ...(await readFiles(options.files, readText)),
    commandLine(options.overrides ?? {}, options.dev),
    readEnvironment(oauth2Schema, env),
  ]
  const configured = sources.reduce<JsonObject>((tree, source) => source.over(tree), {})
  const secrets = await resolveSecrets({ env, readFile: readText }, oauth2Schema, configured)
  const complete = (tree: JsonObject): JsonObject => {
    const filled = fillDefaults(oauth2Schema, { profile: options.profile, ...tree })
    return isJsonObject(filled) ? filled : {}
  }
  const config = complete(secrets.resolved)
  const findings: readonly Finding[] = [
    ...secrets.findings,
    ...check(oauth2Schema, config, [], { isSecret: isHookSecret }),
    ...unsupportedKeys(configured, complete({})),
  ]
  if (!Value.Check(oauth2Schema, config) || findings.some(({ severity }) => severity !== 'warning'))
    throw refusal(findings, sources)
  const fingerprint = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)
  const settings = toOAuth2Settings(config, { revision: fingerprint, generatedSecret, document: config, prefix: '' })
  return {
    settings,
    warnings: [...weaker(settings, configured), ...warningsOf(findings, sources)],
    sources: [...options.files, ...secrets.files],
    fingerprint,
    generatedSecret,
  }
}

/** One line for everything that is weaker than profile `safe` would have it. */
function weaker(settings: OAuth2Settings, configured: JsonObject): readonly string[] {
  const { profile, serve, pkce, clients, issuer, secrets } = settings
  const hasSecrets = isJsonObject(configured['secrets'])
  return [
    ...(hasSecrets || secrets.system.length > 1
      ? []
      : ['secrets.system: none is configured, so one was made up: keys and tokens end with this process']),
    ...(issuer.startsWith('https:') ? [] : ['urls.self.issuer: plain http, so cookies are not Secure']),
    ...(profile === 'safe'
      ? []
      : [
          ...(serve.admin.open === 'anyone' && serve.admin.bearerTokenHashes.length === 0
            ? [
                'profile ory presets serve.admin.auth.without_tokens: "anyone": whoever reaches the admin API may use it',
              ]
            : []),
          ...(pkce.enforced ? [] : ['profile ory presets oauth2.pkce.enforced: false: a stolen code can be exchanged']),
          ...(clients.privateAddresses === 'allowed'
            ? [
                'profile ory presets clients.http.disallow_private_ip_ranges: false: hooks can call private and loopback addresses',
              ]
            : []),
          'profile ory presets actions.timeout: "30s": a slow hook can hold a token request for 30 seconds',
        ]),
  ]
}
