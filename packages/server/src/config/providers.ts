import { createPrivateKey } from 'node:crypto'
import { compile, JsonnetError } from '@cardea/jsonnet'
import type { OidcProvider, OidcSettings } from '../core/oidc-settings.ts'
import type { Settings } from '../core/settings.ts'
import { rowOf } from '../methods/oidc/providers.ts'
import type { Finding } from './check.ts'
import type { Path } from './path.ts'
import { fileOf, type Reading, readResource, reasonOf } from './resources.ts'

const pathOf = (at: number, key: string): Path => ['selfservice', 'methods', 'oidc', 'config', 'providers', at, key]

/** What is wrong with providers, before anybody is sent to one. Of a method that is switched off nothing is asked. */
export const checkProviders = ({ enabled, providers }: OidcSettings): readonly Finding[] =>
  enabled
    ? providers.flatMap((provider, at) => [
        ...isKnown(provider, at),
        ...hasWhatItNeeds(provider, at),
        ...hasOwnId(provider, at, providers),
      ])
    : []

function isKnown({ kind }: OidcProvider, at: number): readonly Finding[] {
  const row = rowOf(kind)
  if (row.protocol !== 'refused') return []
  return [
    { path: pathOf(at, 'provider'), part: 'value', got: JSON.stringify(kind), need: `another provider: ${row.reason}` },
  ]
}

function hasWhatItNeeds(provider: OidcProvider, at: number): readonly Finding[] {
  const row = rowOf(provider.kind)
  const needs: readonly string[] = row.protocol === 'refused' ? [] : (row.needs ?? [])
  const missing = (key: string, what: string): Finding => ({
    path: pathOf(at, key),
    part: 'key',
    got: 'nothing',
    need: `${what}, for ${provider.kind}`,
  })
  return [
    ...(needs.includes('issuer_url') && provider.issuerUrl === null ? [missing('issuer_url', 'an address')] : []),
    ...(needs.includes('microsoft_tenant') && provider.microsoftTenant === null
      ? [missing('microsoft_tenant', 'a tenant (its id, or common, organizations, consumers)')]
      : []),
    ...(needs.includes('apple') ? appleProblems(provider, at, missing) : []),
  ]
}

function appleProblems(
  { apple }: OidcProvider,
  at: number,
  missing: (key: string, what: string) => Finding,
): readonly Finding[] {
  if (apple === null) {
    return [missing('apple_private_key', 'apple_team_id, apple_private_key_id and apple_private_key together')]
  }
  try {
    if (createPrivateKey(apple.privateKey).asymmetricKeyType === 'ec') return []
  } catch {
    // It is no key at all; said below.
  }
  return [
    {
      path: pathOf(at, 'apple_private_key'),
      part: 'value',
      got: 'a text (not shown)',
      need: 'the private key in PEM, as Apple gives it (EC, P-256)',
    },
  ]
}

/** Accounts are stored under the id, and it stands in addresses. */
function hasOwnId({ id }: OidcProvider, at: number, all: readonly OidcProvider[]): readonly Finding[] {
  if (all.findIndex((other) => other.id === id) === at) return []
  const need = 'an id of its own: accounts of two providers would be taken for one'
  return [{ path: pathOf(at, 'id'), part: 'value', got: JSON.stringify(id), need }]
}

type Checked = {
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
  readonly texts: readonly string[]
}

/** Reads the mappers that are at hand, so that a mistake is told when it is made and not when somebody signs in. */
export async function checkMappers(
  reading: Reading,
  { enabled, providers }: OidcSettings,
  profile: Settings['profile'],
): Promise<Checked> {
  const mappers = providers.flatMap(({ mapperUrl }, at) =>
    enabled && !/^https?:\/\//.test(mapperUrl) ? [{ location: mapperUrl, at }] : [],
  )
  const read = await Promise.all(mappers.map(({ location, at }) => checkMapper(reading, location, at, profile)))
  return {
    findings: read.flatMap(({ finding }) => finding ?? []),
    files: mappers.flatMap(({ location }) => fileOf(location) ?? []),
    texts: read.map(({ text }) => text),
  }
}

async function checkMapper(reading: Reading, location: string, at: number, profile: Settings['profile']) {
  const wrong = (need: string): Finding => ({
    path: pathOf(at, 'mapper_url'),
    part: 'value',
    got: JSON.stringify(location.length > 60 ? `${location.slice(0, 57)}…` : location),
    need,
    // As in Ory, sign-ins with it fail.
    ...(profile === 'ory' ? { severity: 'warning' } : {}),
  })
  let text = ''
  try {
    text = await readResource(reading, location)
    compile(text, { filename: fileOf(location) ?? 'mapper' })
    return { text, finding: null }
  } catch (error) {
    const need =
      error instanceof JsonnetError
        ? `a Jsonnet mapper (${error.message.trim().split('\n', 1)[0] ?? ''})`
        : `a mapper that can be read (${reasonOf(error)})`
    return { text, finding: wrong(need) }
  }
}
