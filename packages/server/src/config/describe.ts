import { actionKinds } from '../actions/registry.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { PLACES } from '../core/place.ts'
import { kindsAllowedAt } from './check-hooks.ts'
import { ENTERPRISE_HOOKS } from './enterprise-hooks.ts'
import { type Path, printPath } from './path.ts'
import { noEffect, PENDING } from './pending.ts'
import { PRESETS, presetOf } from './profiles.ts'
import type { SchemaNode } from './schema/node.ts'
import { configSchema } from './schema/schema.ts'
import { needOf } from './show.ts'

/** The JSON Schema of a configuration file, for editors; scripts/generate.mjs writes it down. @public */
export const editorSchema = (): string =>
  `${JSON.stringify(
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'The configuration of Cardea',
      ...forEditors(configSchema),
      definitions: definitions(),
    },
    null,
    2,
  )}\n`

/** Hook lists refer to one definition for each kind, so that every list says what may stand in it. */
function forEditors(node: SchemaNode): JsonObject {
  const { place, items } = node
  const inner: [string, Json][] = []
  if (node.properties !== undefined) inner.push(['properties', mapValues(node.properties, forEditors)])
  if (node.patternProperties !== undefined)
    inner.push(['patternProperties', mapValues(node.patternProperties, forEditors)])
  if (node.anyOf !== undefined) inner.push(['anyOf', node.anyOf.map(forEditors)])
  if (place !== undefined) {
    inner.push(['items', { anyOf: kindsAllowedAt(place).map((kind) => ({ $ref: `#/definitions/${kind}` })) }])
  } else if (items !== undefined) inner.push(['items', forEditors(items)])
  const required = (node.required ?? []).filter((key) => node.properties?.[key]?.default === undefined)
  const kept = KEPT.flatMap((key): [string, Json][] => {
    // Where Ory leaves a group open, an editor still points at a misspelt key.
    const value = key === 'additionalProperties' && node.open === true ? false : node[key]
    return isJson(value) ? [[key, value]] : []
  })
  const format: [string, Json][] = node.hint === undefined ? [] : [['format', node.hint]]
  return Object.fromEntries([
    ...kept,
    ...format,
    ...inner,
    ...(required.length > 0 ? [['required', required] as const] : []),
  ])
}

const KEPT = [
  'type',
  'description',
  'default',
  'enum',
  'const',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'uniqueItems',
  'writeOnly',
  'additionalProperties',
] as const

const isJson = (value: unknown): value is Json =>
  value !== undefined && (typeof value !== 'object' || Array.isArray(value) || isJsonObject(value))

const mapValues = (object: { readonly [key: string]: SchemaNode }, map: (node: SchemaNode) => JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))

function definitions(): JsonObject {
  const ours = Object.entries(actionKinds).map(([kind, { summary, config }]): [string, Json] => {
    const inner: SchemaNode | null = config
    const properties = inner === null ? {} : { config: forEditors(inner) }
    const required = inner === null ? ['hook'] : ['hook', 'config']
    return [
      kind,
      {
        type: 'object',
        description: summary,
        properties: { hook: { const: kind }, ...properties },
        required,
        additionalProperties: false,
      },
    ]
  })
  const accepted = ENTERPRISE_HOOKS.map((kind): [string, Json] => [
    kind,
    { type: 'object', properties: { hook: { const: kind } }, required: ['hook'] },
  ])
  return Object.fromEntries([...ours, ...accepted])
}

type Row = { readonly path: Path; readonly node: SchemaNode }

function* leaves(node: SchemaNode, path: Path = []): Generator<Row> {
  const members = Object.entries(node.properties ?? {})
  const methods = members.filter(([, { properties }]) => properties?.['merge'] !== undefined)
  for (const [key, inner] of members) {
    // What every method has is described once.
    if (!methods.some(([method]) => method === key)) yield* leaves(inner, [...path, key])
    else if (key === methods[0]?.[0]) yield* leaves(inner, [...path, 'METHOD'])
  }
  for (const inner of Object.values(node.patternProperties ?? {})) {
    if (inner.properties !== undefined) yield* leaves(inner, [...path, 'NAME'])
  }
  const isRecord = Object.values(node.patternProperties ?? {}).every(({ properties }) => properties === undefined)
  if (members.length === 0 && (node.type !== 'object' || isRecord)) yield { path, node }
  if (node.items?.properties !== undefined && node.place === undefined) yield* leaves(node.items, [...path, 0])
}

/** The reference of the configuration, in Markdown; scripts/generate.mjs writes it down. @public */
export function describeConfiguration(): string {
  const rows = [...leaves(configSchema)]
  const sections = new Map<string, Row[]>()
  for (const row of rows) {
    const section = sectionOf(row.path)
    sections.set(section, [...(sections.get(section) ?? []), row])
  }
  return [
    HEAD,
    ...[...sections].map(([section, rows]) => `## ${section}\n\n${rows.map(describeRow).join('\n')}\n`),
    actionSections(),
    presetTable(),
    placementTable(),
    pendingTable(),
  ].join('\n')
}

/** One section for each part of the tree that has enough in it. */
const sectionOf = (path: Path) =>
  path.length === 1 ? 'The top level' : printPath(path.slice(0, path[0] === 'selfservice' && path.length > 3 ? 3 : 1))

function describeRow({ path, node }: Row): string {
  const key = printPath(path).replace('[0]', '[]')
  const preset = PRESETS.find((each) => each.key === key)
  const facts = [
    needOf(node),
    ...defaultsOf(node, preset),
    ...(node.writeOnly === true ? ['a secret: may be `env://NAME` or `file://PATH`'] : []),
  ]
  return `- \`${key}\`: ${described(node, path)} (${facts.join('; ')})`
}

/** Headers and the like: whatever their names. Lists of a method: whatever the method. */
const described = ({ description, place }: SchemaNode, path: Path) =>
  (place !== undefined && path.includes('METHOD')
    ? 'Actions that run after this method, in this order.'
    : description) ?? ''

function defaultsOf(node: SchemaNode, preset: (typeof PRESETS)[number] | undefined): readonly string[] {
  const code = (value: unknown) => `\`${JSON.stringify(value)}\``
  if (preset !== undefined) {
    const safe = preset.safe ?? node.default
    return [`default ${safe === undefined ? 'a page of Cardea' : code(safe)} (safe), ${code(preset.ory)} (ory)`]
  }
  const { default: value } = node
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return []
  return [`default ${code(value)}`]
}

const HEAD = `# Configuration

<!-- Made by \`npm run generate\` from packages/server/src/config. Do not edit. -->

One file, or several: \`cardea serve -c base.yml -c here.yml\`; where two say something about the same key, the later one
counts (objects are merged, lists are replaced). YAML 1.2 or JSON. The tree is that of \`kratos.yml\`.

- **Environment.** Every key can be set by a variable: in capitals, with \`_\` for each dot, positions in lists as numbers:
  \`SERVE_PUBLIC_PORT=8080\`, \`SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_0_CLIENT_ID=x\`. Lists are JSON or have commas between
  their members, objects are JSON. The environment goes over files, and over the command line.
- **Secrets** may stand in a key themselves, or as \`env://NAME\` or \`file://PATH\`. No error, log or print-out shows them.
- **Documents** (schemas, templates) are \`file://PATH\`, \`base64://DATA\`, \`https://…\` or a plain path.
- **Spans of time** are written \`1h30m\`, \`15s\`, \`500ms\`.
- **Changes** take effect when a file is saved; one that is wrong is refused as a whole, and what was in force stays.
- **Editors**: \`docs/configuration.schema.json\` is the JSON Schema of this file.
`

/** Each kind of action with the keys of its own. */
function actionSections(): string {
  const sections = Object.entries(actionKinds).map(([kind, { summary, config }]) => {
    const rows =
      config === null
        ? []
        : [...leaves(config)].map(({ path, node }) => describeRow({ path: ['config', ...path], node }))
    return `### ${kind}\n\n${summary}${rows.length === 0 ? '' : `\n\n${rows.join('\n')}`}\n`
  })
  return `## Actions\n\nAn entry of a hook list: \`{hook: KIND, config: {…}}\`.\n\n${sections.join('\n')}`
}

function presetTable(): string {
  const cell = (value: Json | undefined) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``)
  const rows = PRESETS.map(
    (preset) =>
      `| \`${preset.key}\` | ${cell(presetOf(preset, 'safe', false))} | ${cell(presetOf(preset, 'safe', true))} | ${cell(preset.ory)} | ${preset.weaker ?? ''} |`,
  )
  return `## Profiles

A profile is a set of defaults and nothing else: every line is an ordinary key, and what a file says counts in either. \`cardea serve\`
begins with \`safe\`, \`cardea serve identity\` with \`ory\`, unless the file names one.

| key | safe | safe, with dev | ory | what is weaker in ory |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

function placementTable(): string {
  const rows = PLACES.map(
    (place) =>
      `| \`${place}\` | ${kindsAllowedAt(place)
        .map((kind) => `\`${kind}\``)
        .join(' ')} |`,
  )
  return `## Which action may stand where

| list | actions |
| --- | --- |
${rows.join('\n')}
`
}

function pendingTable(): string {
  const rows = PENDING.map((pending) => `| \`${pending.key}\` | ${noEffect(pending)} |`)
  return `## Known, and without effect

A server that finds one of these says so once at its start. A provider with an \`organization_id\` is refused: everybody could sign in with it.

| key | what happens |
| --- | --- |
${rows.join('\n')}
`
}
