import type { Sign } from '../../core/action.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { ConnectionSettings } from '../../core/settings.ts'
import { ExpressionError, type Expression, readExpression } from '../template/expression.ts'
import { isSigningSecret, signWith } from '../template/signature.ts'
import { fillIn, secretsIn, type TextTemplate } from '../template/text-template.ts'
import type { Param, Recipe } from './recipe.ts'
import type { Target } from './render-request.ts'
import type { RecipeTrigger } from './schema.ts'
import { toldTwice, usualTriggers } from './usual-triggers.ts'

/** A connection as it is configured, its secrets resolved. */
export type ConnectionConfig = Omit<ConnectionSettings, 'where' | 'recipe'>

/** A connection that has been read: a recipe, and everything an operator chose. */
export type Connection = {
  readonly name: string
  readonly recipe: Recipe
  readonly triggers: readonly RecipeTrigger[]
  readonly when: Expression | null
  /** What does not depend on the event. */
  readonly params: JsonObject
  readonly expressions: { readonly [name: string]: Expression }
  readonly fields: { readonly [name: string]: { readonly [field: string]: Expression } }
  readonly target: Target
  /** Scheme, host and port, as logs may show it. */
  readonly shownBase: string
  readonly secrets: { readonly [name: string]: string }
  readonly secretHeaders: { readonly [name: string]: string }
  readonly sign: Sign | null
}

type Path = readonly (string | number)[]
/** Something wrong with a connection; the path begins at its own keys. */
export type ConnectionProblem = { readonly path: Path; readonly got?: string; readonly need: string }

export type ReadConnection =
  | { readonly kind: 'connection'; readonly connection: Connection }
  | { readonly kind: 'wrong'; readonly problems: readonly ConnectionProblem[] }

/** What expressions of operators may use. */
const SEEN_BY_OPERATORS = ['ctx']

/** Reads a connection of a recipe; whatever is wrong with it is found, not only the first. */
export function readConnection(recipe: Recipe, config: ConnectionConfig): ReadConnection {
  const problems: ConnectionProblem[] = [...secretProblems(recipe, config), ...triggerProblems(recipe, config)]
  const expressions: { [name: string]: Expression } = {}
  const fields: { [name: string]: { [field: string]: Expression } } = {}
  const params: { [name: string]: Json } = {}
  const expression = (source: string, path: Path) => {
    try {
      return readExpression(source, SEEN_BY_OPERATORS)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      problems.push({ path, need: `a Jsonnet expression over ctx that can be read (${error.message})` })
      return null
    }
  }
  for (const name of Object.keys(config.params)) {
    if (!Object.hasOwn(recipe.params, name))
      problems.push({
        path: ['params', name],
        got: 'an unknown parameter',
        need: `one of ${Object.keys(recipe.params).join(', ')}`,
      })
  }
  for (const [name, param] of Object.entries(recipe.params)) {
    const given = config.params[name] ?? jsonOf(param.fallback)
    const problem = paramProblem(param, given, Object.hasOwn(config.params, name))
    if (problem !== null) problems.push({ path: ['params', name], need: problem })
    else if (param.type === 'expression' && typeof given === 'string') {
      const read = expression(given, ['params', name])
      if (read !== null) expressions[name] = read
    } else if (param.type === 'fields' && isJsonObject(given)) {
      const each = Object.entries(given).flatMap(([field, source]) => {
        const read = typeof source === 'string' ? expression(source, ['params', name, field]) : null
        return read === null ? [] : [[field, read] as const]
      })
      fields[name] = Object.fromEntries(each)
    } else params[name] = given
  }
  for (const [name, { secret, pattern, need }] of Object.entries(recipe.derived)) {
    const value = config.secrets[secret]
    const part = value === undefined ? null : (pattern.exec(value)?.[1] ?? null)
    if (value !== undefined && part === null && problems.length === 0)
      problems.push({ path: ['secrets', secret], need })
    params[name] = part
  }
  const when = config.when === null ? null : expression(config.when, ['when'])
  if (problems.length > 0) return { kind: 'wrong', problems }
  return withTarget(recipe, config, { params, expressions, fields, when })
}

type Chosen = Pick<Connection, 'params' | 'expressions' | 'fields' | 'when'>

function withTarget(recipe: Recipe, config: ConnectionConfig, chosen: Chosen): ReadConnection {
  const fill = (template: TextTemplate) => fillIn(template, { params: chosen.params }, (value) => value)
  const withSecrets = (template: TextTemplate) =>
    fillIn(
      template.map((part) => (part.kind === 'secret' ? { kind: 'text', text: config.secrets[part.name] ?? '' } : part)),
      { params: chosen.params },
      (value) => value,
    )
  const wrong = (path: Path, need: string): ReadConnection => ({ kind: 'wrong', problems: [{ path, need }] })
  try {
    const base = fill(recipe.baseUrl)
    const wholeAddress = /^\$\{secrets\.(\w+)\}$/.exec(base)?.[1] ?? null
    const written = config.baseUrl ?? base
    const baseUrl = wholeAddress === null ? written.replace(/\/+$/, '') : base
    if (wholeAddress === null && !isOrigin(baseUrl))
      return wrong(['base_url'], `an http or https URL without a query (${baseUrl})`)
    const address = wholeAddress === null ? baseUrl : moved(config.secrets[wholeAddress] ?? '', config.baseUrl)
    const secretHeaders = authOf(recipe.auth, config.secrets, withSecrets)
    if (Object.values(secretHeaders).some((value) => !/^[\t\x20-\x7e]*$/.test(value)))
      return wrong(['secrets'], 'secrets of printable ASCII')
    const signing = recipe.signingSecret === null ? undefined : config.secrets[recipe.signingSecret]
    const sign = signing === undefined ? null : signWith(signing.trim().split(/\s+/))
    const name = config.name
    const on: readonly string[] = config.on ?? usualTriggers(recipe.file)
    return {
      kind: 'connection',
      connection: {
        ...chosen,
        name,
        recipe,
        triggers: [...recipe.triggers.keys()].filter((trigger) => on.includes(trigger)),
        target: { baseUrl, secretHeaders: Object.keys(secretHeaders), isSigned: sign !== null },
        shownBase: wholeAddress === null ? baseUrl : (URL.parse(address)?.origin ?? ''),
        secrets: wholeAddress === null ? config.secrets : { ...config.secrets, [wholeAddress]: address },
        secretHeaders,
        sign,
      },
    }
  } catch (error) {
    if (error instanceof ExpressionError) return wrong(['params'], `parameters the recipe can use (${error.message})`)
    throw error
  }
}

/** An address that is a secret as a whole keeps its path wherever calls are sent instead. */
function moved(address: string, baseUrl: string | null): string {
  const [url, base] = [URL.parse(address), URL.parse(baseUrl ?? '')]
  if (url === null || base === null) return address
  return `${base.href.replace(/\/+$/, '')}${url.pathname}${url.search}`
}

const isOrigin = (text: string) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
}

/** What authenticates every call; nothing where the recipe can do without a secret and there is none. */
function authOf(
  auth: Recipe['auth'],
  secrets: ConnectionConfig['secrets'],
  fill: (template: TextTemplate) => string,
): { readonly [name: string]: string } {
  const isMissing = (template: TextTemplate) => secretsIn(template).some((name) => !Object.hasOwn(secrets, name))
  switch (auth.kind) {
    case 'none':
      return {}
    case 'header':
      return isMissing(auth.value) ? {} : { [auth.name]: fill(auth.value) }
    case 'basic': {
      if (isMissing(auth.user) || isMissing(auth.password)) return {}
      // RFC 7617, with UTF-8; the colon stays where there is no password.
      const pair = `${fill(auth.user)}:${fill(auth.password)}`
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
    }
    default:
      return auth satisfies never
  }
}

function secretProblems({ secrets }: Recipe, config: ConnectionConfig): readonly ConnectionProblem[] {
  const unknown = Object.keys(config.secrets)
    .filter((name) => !Object.hasOwn(secrets, name))
    .map((name) => ({
      path: ['secrets', name],
      got: 'an unknown secret',
      need: `one of ${Object.keys(secrets).join(', ') || 'none: this recipe has no secrets'}`,
    }))
  const wrong = Object.entries(secrets).flatMap(
    ([name, { optional, format, pattern, need, help }]): readonly ConnectionProblem[] => {
      const value = config.secrets[name]
      const path = ['secrets', name]
      if (value === undefined) return optional === true ? [] : [{ path, got: 'nothing', need: help }]
      if (/[\r\n\0]/.test(value)) return [{ path, need: 'one line of text' }]
      if (format === 'url' && URL.parse(value)?.protocol !== 'https:' && URL.parse(value)?.protocol !== 'http:')
        return [{ path, need: 'a whole http or https URL' }]
      if (format === 'signing' && !value.trim().split(/\s+/).every(isSigningSecret)) {
        return [
          { path, need: 'whsec_ and base64, or another text, of at least 24 bytes; several are separated by blanks' },
        ]
      }
      if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
        return [{ path, need: need ?? `a text that matches ${pattern}` }]
      return []
    },
  )
  return [...unknown, ...wrong]
}

function triggerProblems({ triggers, name }: Recipe, { on }: ConnectionConfig): readonly ConnectionProblem[] {
  const known: readonly string[] = [...triggers.keys()]
  if (on === null) return []
  const both = toldTwice(on)
  if (both !== null)
    return [{ path: ['on'], got: `both ${both[0]} and ${both[1]}, which includes it`, need: 'one of the two' }]
  if (on.length === 0) return [{ path: ['on'], need: `at least one of ${known.join(', ')}` }]
  return on.flatMap((trigger, at) =>
    known.includes(trigger)
      ? []
      : [
          {
            path: ['on', at],
            got: `"${trigger}", which the recipe ${name} knows nothing of`,
            need: `one of ${known.join(', ')}`,
          },
        ],
  )
}

const TYPE_NAMES = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list of texts',
  expression: 'a Jsonnet expression over ctx',
  fields: 'names, each with a Jsonnet expression over ctx',
} as const

function paramProblem(
  { type, values, pattern, need, isRequired }: Param,
  value: Json,
  isGiven: boolean,
): string | null {
  if (value === null) return isRequired || isGiven ? TYPE_NAMES[type] : null
  if (!isOfType(type, value)) return TYPE_NAMES[type]
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : []
  if (values !== null && texts.some((text) => !values.includes(text))) return `one of ${values.join(', ')}`
  if (pattern !== null && type !== 'expression' && texts.some((text) => !pattern.test(text)))
    return need ?? `a text that matches ${pattern.source}`
  return null
}

function isOfType(type: Param['type'], value: Json): boolean {
  switch (type) {
    case 'text':
    case 'expression':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value) && value.every((item: Json) => typeof item === 'string')
    case 'fields':
      return isJsonObject(value) && Object.values(value).every((source) => typeof source === 'string')
    default:
      return type satisfies never
  }
}

/** What a recipe's file holds is JSON, and its schema says no more about it. */
const jsonOf = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null))
