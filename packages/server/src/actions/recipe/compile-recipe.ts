import { parseDuration } from '../../core/duration.ts'
import { ExpressionError, type Expression, readExpression } from '../template/expression.ts'
import { encodeSegment } from '../template/functions.ts'
import { readTextTemplate, secretsIn, type TextTemplate } from '../template/text-template.ts'
import type {
  OutcomeRule,
  Param,
  Recipe,
  RecipeStep,
  RequestTemplate,
  TriggerRecipe,
  WriteBackTemplates,
} from './recipe.ts'
import {
  type OutcomeFile,
  type ParamFile,
  type RecipeFile,
  type RecipeTrigger,
  type RequestFile,
  type StepFile,
  TRIGGERS,
} from './schema.ts'
import { markSecrets, secretsNamedIn } from './secret-marks.ts'

type Path = readonly (string | number)[]
/** Something wrong with a recipe, and where. */
export type RecipeProblem = { readonly path: Path; readonly need: string }

export type CompiledRecipe =
  | { readonly kind: 'recipe'; readonly recipe: Recipe }
  | { readonly kind: 'wrong'; readonly problems: readonly RecipeProblem[] }

/** What expressions may use, by where they stand. */
const NAMES = {
  plan: ['params'],
  facts: ['ctx', 'params', 'was', 'stored', 'delivery'],
  request: ['facts', 'params', 'delivery', 'steps', 'step'],
  answer: ['answer', 'facts', 'params', 'delivery', 'steps', 'step'],
} as const

/** Reads everything in a recipe that has been checked against its schema; every mistake is found, not only the first. */
export function compileRecipe(file: RecipeFile, nonce: string): CompiledRecipe {
  const problems: RecipeProblem[] = []
  const reader = readerOf(file, nonce, problems)
  const outcomes = (file.outcomes ?? []).map((rule, at) => reader.outcome(rule, ['outcomes', at]))
  const triggers = TRIGGERS.flatMap((name): (readonly [RecipeTrigger, TriggerRecipe])[] => {
    const trigger = file.triggers[name]
    if (trigger === undefined) return []
    const path = ['triggers', name]
    return [
      [
        name,
        {
          when: reader.optional(trigger.when, NAMES.facts, [...path, 'when']),
          steps: trigger.steps.flatMap((id, at) => {
            const step = file.steps[id]
            if (step !== undefined) return [reader.step(id, step, trigger.steps.slice(0, at), outcomes)]
            reader.wrong([...path, 'steps', at], `one of the recipe’s steps: ${Object.keys(file.steps).join(', ')}`)
            return []
          }),
        },
      ],
    ]
  })
  if (file.personal_data === 'refused') {
    // Whom a call is about is only known when it is queued, so a later one could not be looked through.
    for (const [name, trigger] of Object.entries(file.triggers)) {
      if ((trigger?.steps.length ?? 0) > 1)
        reader.wrong(['triggers', name, 'steps'], 'one step, as personal data is refused')
    }
  }
  for (const [name, { secret, pattern }] of Object.entries(file.derived ?? {})) {
    reader.secret(secret, ['derived', name, 'secret'])
    if (regExpOf(pattern) === null) problems.push({ path: ['derived', name, 'pattern'], need: 'a regular expression' })
    if (Object.hasOwn(file.params, name))
      problems.push({ path: ['derived', name], need: 'another name: a parameter has this one' })
  }
  for (const [name, { required, example }] of Object.entries(file.params)) {
    if (required === true && example === undefined)
      reader.wrong(['params', name, 'example'], 'an example, as it has to be given')
  }
  for (const [name, { pattern }] of Object.entries(file.secrets)) {
    if (pattern !== undefined && regExpOf(pattern) === null)
      problems.push({ path: ['secrets', name, 'pattern'], need: 'a regular expression' })
  }
  for (const [name, source] of Object.entries(file.let ?? {})) reader.expression(source, NAMES.request, ['let', name])
  for (const name of Object.keys(file.steps)) {
    if (!Object.values(file.triggers).some((trigger) => trigger?.steps.includes(name)))
      reader.wrong(['steps', name], 'a trigger that has this step: none does')
  }
  if (file.signing !== undefined) reader.secret(file.signing, ['signing'])
  const recipe: Recipe = {
    name: file.name,
    file,
    nonce,
    baseUrl: reader.text(file.base_url, NAMES.plan, ['base_url']),
    auth: authOf(file, reader),
    headers: reader.texts(file.headers ?? {}, NAMES.request, ['headers']),
    facts: reader.expression(file.facts, NAMES.facts, ['facts']),
    secrets: file.secrets,
    params: Object.fromEntries(
      Object.entries(file.params).map(([name, param]) => [name, reader.param(param, ['params', name])]),
    ),
    derived: Object.fromEntries(
      Object.entries(file.derived ?? {}).map(([name, { secret, pattern, need }]) => [
        name,
        { secret, pattern: regExpOf(pattern) ?? /$^/, need },
      ]),
    ),
    signingSecret: file.signing ?? null,
    limits: {
      concurrency: file.limits?.concurrency ?? null,
      perSecond: file.limits?.per_second ?? null,
      body: file.limits?.body ?? null,
      attempts: file.limits?.attempts ?? null,
    },
    refusesPersonalData: file.personal_data === 'refused',
    triggers: new Map(triggers),
    check:
      file.check === undefined
        ? null
        : {
            request: reader.request(file.check.request, [], ['check', 'request']),
            outcomes: [
              ...(file.check.outcomes ?? []).map((rule, at) => reader.outcome(rule, ['check', 'outcomes', at])),
              ...outcomes,
            ],
          },
  }
  // A step of several chains is read for each of them.
  const unique = [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
  return unique.length === 0 ? { kind: 'recipe', recipe } : { kind: 'wrong', problems: unique }
}

function authOf({ auth }: RecipeFile, reader: Reader): Recipe['auth'] {
  if (auth === undefined) return { kind: 'none' }
  if ('bearer' in auth) {
    return {
      kind: 'header',
      name: 'authorization',
      value: reader.text(`Bearer ${auth.bearer}`, NAMES.plan, ['auth', 'bearer']),
    }
  }
  if ('header' in auth) {
    const { name, value } = auth.header
    return {
      kind: 'header',
      name: name.toLowerCase(),
      value: reader.text(value, NAMES.plan, ['auth', 'header', 'value']),
    }
  }
  return {
    kind: 'basic',
    user: reader.text(auth.basic.user, NAMES.plan, ['auth', 'basic', 'user']),
    password: reader.text(auth.basic.password, NAMES.plan, ['auth', 'basic', 'password']),
  }
}

type Reader = ReturnType<typeof readerOf>

/** Never evaluated: it stands for what could not be read. */
const unreadable = (names: readonly string[]) => readExpression('null', names)

function readerOf(file: RecipeFile, nonce: string, problems: RecipeProblem[]) {
  const wrong = (path: Path, need: string) => problems.push({ path, need })
  const knownParams = [...Object.keys(file.params), ...Object.keys(file.derived ?? {})]

  const secret = (name: string, path: Path) => {
    if (!Object.hasOwn(file.secrets, name))
      wrong(path, `one of the recipe’s secrets: ${list(Object.keys(file.secrets))}; ${name} is none`)
  }
  /** Names that must be declared: a mistyped one would be found out only when somebody signs up. */
  const references = (source: string, path: Path, earlier: readonly string[]) => {
    for (const [, name = ''] of source.matchAll(/\bparams\.([A-Za-z_]\w*)/g)) {
      if (!knownParams.includes(name)) wrong(path, `one of the recipe’s params: ${list(knownParams)}; ${name} is none`)
    }
    for (const [, name = ''] of source.matchAll(/\bsteps\.([A-Za-z_]\w*)/g)) {
      if (!earlier.includes(name)) wrong(path, `an earlier step: ${list(earlier)}; ${name} is none`)
    }
    // Looked up this way, a step may have been passed over or have no part in this chain.
    for (const [, name = ''] of source.matchAll(/\bat\(\s*steps\s*,\s*['"]([A-Za-z_]\w*)/g)) {
      if (!Object.hasOwn(file.steps, name))
        wrong(path, `one of the recipe’s steps: ${list(Object.keys(file.steps))}; ${name} is none`)
    }
  }
  const read = <T>(path: Path, fallback: T, parse: () => T): T => {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      const hint = error.message.includes('Unknown variable: secrets')
        ? '; no expression sees a secret: write ${secrets.NAME} into an address, a header or a text of the body'
        : ''
      wrong(path, `an expression that can be read (${error.message}${hint})`)
      return fallback
    }
  }
  /** The recipe's own names are known wherever steps are. */
  const localsFor = (names: readonly string[]) => (names.includes('steps') ? (file.let ?? {}) : {})
  const expression = (
    source: string,
    names: readonly string[],
    path: Path,
    earlier: readonly string[] = [],
  ): Expression => {
    references(source, path, earlier)
    if (secretsNamedIn(source).length > 0) wrong(path, 'no secret: what is computed from one could be shown or stored')
    return read(path, unreadable(names), () => readExpression(source, names, localsFor(names)))
  }
  const optional = (
    source: string | undefined,
    names: readonly string[],
    path: Path,
    earlier: readonly string[] = [],
  ) => (source === undefined ? null : expression(source, names, path, earlier))

  const text = (
    source: string,
    names: readonly string[],
    path: Path,
    earlier: readonly string[] = [],
  ): TextTemplate => {
    references(source, path, earlier)
    const template = read(path, [], () =>
      readTextTemplate(source, (inner) => readExpression(inner, names, localsFor(names))),
    )
    for (const name of secretsIn(template)) secret(name, path)
    return template
  }
  const texts = (
    sources: { readonly [name: string]: string },
    names: readonly string[],
    path: Path,
    earlier: readonly string[] = [],
  ) =>
    Object.fromEntries(
      Object.entries(sources).map(([name, source]) => [name, text(source, names, [...path, name], earlier)]),
    )

  const body = (given: RequestFile['body'], path: Path, earlier: readonly string[]): RequestTemplate['body'] => {
    if (given === undefined) return null
    const [kind, source] =
      'json' in given
        ? (['json', given.json] as const)
        : 'form' in given
          ? (['form', given.form] as const)
          : 'ndjson' in given
            ? (['ndjson', given.ndjson] as const)
            : (['text', given.text] as const)
    const place = [...path, kind]
    for (const name of secretsNamedIn(source)) secret(name, place)
    const marked = markSecrets(source, nonce)
    references(source, place, earlier)
    return {
      kind,
      expression: read(place, unreadable(NAMES.request), () => readExpression(marked, NAMES.request, file.let)),
    }
  }
  const request = (given: RequestFile, earlier: readonly string[], path: Path): RequestTemplate => ({
    method: given.method,
    path: text(given.path, NAMES.request, [...path, 'path'], earlier),
    query: Object.fromEntries(
      Object.entries(texts(given.query ?? {}, NAMES.request, [...path, 'query'], earlier)).map(([name, template]) => [
        name,
        // What stands there literally is encoded once and for all.
        template.map((part) => (part.kind === 'text' ? { ...part, text: encodeSegment(part.text) } : part)),
      ]),
    ),
    headers: texts(given.headers ?? {}, NAMES.request, [...path, 'headers'], earlier),
    body: body(given.body, [...path, 'body'], earlier),
  })
  const outcome = (rule: OutcomeFile, path: Path, earlier: readonly string[] = []): OutcomeRule => ({
    about: rule.about,
    statuses: rule.status === undefined ? [] : [rule.status].flat().map(String),
    when: optional(rule.when, NAMES.answer, [...path, 'when'], earlier),
    outcome: rule.outcome,
    after: rule.after === undefined ? null : parseDuration(rule.after),
    reason: optional(rule.reason, NAMES.answer, [...path, 'reason'], earlier),
  })
  const writeBack = (given: StepFile['write_back'], path: Path, earlier: readonly string[]): WriteBackTemplates => ({
    metadataAdmin: optional(given?.metadata_admin, NAMES.answer, [...path, 'metadata_admin'], earlier),
    metadataPublic: optional(given?.metadata_public, NAMES.answer, [...path, 'metadata_public'], earlier),
    externalId: optional(given?.external_id, NAMES.answer, [...path, 'external_id'], earlier),
  })
  const step = (
    id: string,
    given: StepFile,
    earlier: readonly string[],
    common: readonly OutcomeRule[],
  ): RecipeStep => {
    const path = ['steps', id]
    return {
      id,
      when: optional(given.when, NAMES.request, [...path, 'when'], earlier),
      request: request(given.request, earlier, [...path, 'request']),
      outcomes: [
        ...(given.outcomes ?? []).map((rule, at) => outcome(rule, [...path, 'outcomes', at], earlier)),
        ...common,
      ],
      keep: Object.fromEntries(
        Object.entries(given.keep ?? {}).map(([name, source]) => [
          name,
          expression(source, NAMES.answer, [...path, 'keep', name], earlier),
        ]),
      ),
      writeBack: writeBack(given.write_back, [...path, 'write_back'], earlier),
      unsure: given.unsure ?? 'retry',
      onError: given.on_error ?? 'stop',
    }
  }
  const param = (given: ParamFile, path: Path): Param => {
    if (given.pattern !== undefined && regExpOf(given.pattern) === null)
      wrong([...path, 'pattern'], 'a regular expression')
    return {
      type: given.type,
      fallback: given.default ?? null,
      values: given.values ?? null,
      pattern: given.pattern === undefined ? null : regExpOf(given.pattern),
      need: given.need ?? null,
      isRequired: given.required === true,
    }
  }
  return { wrong, secret, expression, optional, text, texts, request, outcome, step, param }
}

function regExpOf(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return null
  }
}

const list = (names: readonly string[]) => (names.length === 0 ? 'there are none' : names.join(', '))
