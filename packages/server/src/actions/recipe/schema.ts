import { type Static, type TProperties, Type } from 'typebox'

const object = <P extends TProperties>(description: string, properties: P) =>
  Type.Object(properties, { additionalProperties: false, description })
const text = (description: string) => Type.String({ description })
const optional = (description: string) => Type.Optional(text(description))

const NAME = '^[a-z][a-z0-9_]*$'
const SPAN = { pattern: '^[0-9]+(ms|s|m|h)$', need: 'a duration such as 10s, 500ms or 1h' }

const EXPRESSION = 'A Jsonnet expression'

const secret = object('A secret of the connection.', {
  help: text('What it is and where it is found.'),
  format: Type.Optional(
    Type.Enum(['text', 'url', 'signing'], {
      description: 'A text, a whole address, or a key that signs (Standard Webhooks).',
    }),
  ),
  pattern: optional('A regular expression that it matches.'),
  need: optional('What it must be, in words, where it does not match.'),
  optional: Type.Optional(Type.Boolean({ description: 'Whether one can do without.' })),
  example: text('What one looks like; never a real one.'),
})

/** What an operator may choose. `expression` is Jsonnet over `ctx`; `fields` are names, each with such an expression. */
export const PARAM_TYPES = ['text', 'number', 'boolean', 'list', 'expression', 'fields'] as const

const param = object('Something the operator may choose.', {
  type: Type.Enum([...PARAM_TYPES], { description: 'What is written.' }),
  help: text('What it does.'),
  default: Type.Optional(Type.Unknown({ description: 'What counts where it is not given.' })),
  values: Type.Optional(Type.Array(Type.String(), { description: 'The only texts it may be.', minItems: 1 })),
  pattern: optional('A regular expression that it matches.'),
  need: optional('What it must be, in words, where it does not match.'),
  required: Type.Optional(Type.Boolean({ description: 'Whether it has to be given.' })),
  example: optional('What it may be, where it has to be given.'),
})

export const OUTCOMES = ['success', 'retry', 'drop', 'alert', 'pause'] as const

const status = Type.Union([Type.Integer({ minimum: 100, maximum: 599 }), Type.String({ pattern: '^[1-5]xx$' })], {
  description: 'A status, or a class of them such as 5xx.',
  need: 'a status such as 404, or a class such as 5xx',
})

const outcome = object('What an answer means. The first rule that fits counts.', {
  about: text('In words, for the reference.'),
  status: Type.Optional(
    Type.Union([status, Type.Array(status, { minItems: 1 })], {
      description: 'Of which answers.',
      need: 'a status such as 404, a class such as 5xx, or a list of them',
    }),
  ),
  when: optional(`${EXPRESSION} over \`answer\` {status, headers, text, body} that gives true or false.`),
  outcome: Type.Enum([...OUTCOMES], {
    description:
      'Done; tried again; given up; given up and somebody should look; or nothing more is sent until the credentials are mended.',
  }),
  after: Type.Optional(Type.String({ description: 'How long to wait at least before the next try.', ...SPAN })),
  reason: optional(`${EXPRESSION} over \`answer\`: the vendor’s own words, for the log.`),
})

const body = Type.Union(
  [
    object('JSON.', { json: text(`${EXPRESSION} that gives the body.`) }),
    object('A form, nested as a[b][0].', { form: text(`${EXPRESSION} that gives an object.`) }),
    object('JSON, one value a line.', { ndjson: text(`${EXPRESSION} that gives a list.`) }),
    object('Text.', { text: text(`${EXPRESSION} that gives a text.`) }),
  ],
  { description: 'What is sent; nothing if it is left out.', need: 'one of json, form, ndjson, text' },
)

const templates = (description: string) => Type.Record(Type.String({ minLength: 1 }), Type.String(), { description })

const request = object('A call.', {
  method: Type.Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], { description: 'Its method.' }),
  path: Type.String({
    description: 'From the base URL on; each `${…}` stays in its segment.',
    pattern: '^(/|$)',
    need: 'a path that begins with /, or nothing',
  }),
  query: Type.Optional(templates('Its query, each value a template.')),
  headers: Type.Optional(templates('Headers of its own, each value a template.')),
  body: Type.Optional(body),
})

const step = object('One call of a chain.', {
  about: text('What it does, in words.'),
  when: optional(`${EXPRESSION}; where it is false the step is passed over.`),
  request,
  outcomes: Type.Optional(Type.Array(outcome, { description: 'Before those of the recipe.' })),
  keep: Type.Optional(
    Type.Record(Type.String({ pattern: NAME }), Type.String(), {
      description: `What later steps see of the answer as \`steps.<id>.<name>\`, each ${EXPRESSION} over \`answer\`.`,
    }),
  ),
  write_back: Type.Optional(
    object('What is kept of the answer with the identity: merge patches (RFC 7396).', {
      metadata_admin: optional(`${EXPRESSION} over \`answer\`.`),
      metadata_public: optional(`${EXPRESSION} over \`answer\`.`),
      external_id: optional(`${EXPRESSION} over \`answer\`.`),
    }),
  ),
  unsure: Type.Optional(
    Type.Enum(['retry', 'drop'], {
      description: 'What becomes of a call that may have arrived although no answer did.',
    }),
  ),
  on_error: Type.Optional(
    Type.Enum(['stop', 'continue'], { description: 'Whether the chain goes on where this step was given up.' }),
  ),
})

/** What a recipe may run after. */
export const TRIGGERS = [
  'registration',
  'login',
  'verification',
  'settings',
  'recovery',
  'identity.created',
  'identity.updated',
  'identity.deleted',
  'address.verified',
  'session.revoked',
] as const
export type RecipeTrigger = (typeof TRIGGERS)[number]

const trigger = object('What happens after one kind of event.', {
  about: text('In words.'),
  default: Type.Optional(Type.Boolean({ description: 'Whether a connection without `on` has it.' })),
  when: optional(`${EXPRESSION} over what \`facts\` sees; where it is false nothing is sent.`),
  steps: Type.Array(Type.String(), {
    minItems: 1,
    description: 'The names of steps, in this order.',
    need: 'at least one step',
  }),
})

/** A recipe as it is written: how one vendor is told of what happens to an identity. */
export const recipeSchema = object('A recipe.', {
  name: Type.String({
    description: 'What connections call it.',
    pattern: '^[a-z][a-z0-9-]*$',
    need: 'a name in lower case',
  }),
  title: text('The vendor’s name.'),
  summary: text('One sentence.'),
  vendor_docs: optional('Where the vendor describes this interface.'),
  notes: Type.Optional(Type.Array(Type.String(), { description: 'What one should know before using it.' })),
  base_url: text('Scheme and host; a template over `params`, or one secret that is the whole address.'),
  secrets: Type.Record(Type.String({ pattern: NAME }), secret, { description: 'What proves who we are.' }),
  params: Type.Record(Type.String({ pattern: NAME }), param, { description: 'What the operator may choose.' }),
  derived: Type.Optional(
    Type.Record(
      Type.String({ pattern: NAME }),
      object('A part of a secret that is none itself.', {
        secret: text('Of which secret.'),
        pattern: text('A regular expression; its first group is the value.'),
        need: text('What the secret must look like, in words.'),
      }),
      { description: 'What is read from secrets; it stands beside the params.' },
    ),
  ),
  auth: Type.Optional(
    Type.Union(
      [
        object('A bearer token.', { bearer: text('A template.') }),
        object('User and password.', {
          basic: object('Who.', { user: text('A template.'), password: text('A template.') }),
        }),
        object('A header.', { header: object('Which.', { name: text('Its name.'), value: text('A template.') }) }),
      ],
      { description: 'How calls prove who they come from.', need: 'one of bearer, basic, header' },
    ),
  ),
  headers: Type.Optional(templates('Headers of every call, each value a template.')),
  signing: optional('The secret that signs every call as Standard Webhooks describes it.'),
  limits: Type.Optional(
    object('What the vendor bears.', {
      concurrency: Type.Optional(Type.Integer({ minimum: 1, description: 'Calls at once.' })),
      per_second: Type.Optional(Type.Integer({ minimum: 1, description: 'Calls a second.' })),
      body: Type.Optional(Type.Integer({ minimum: 1, description: 'Bytes of a body.' })),
      attempts: Type.Optional(Type.Integer({ minimum: 1, description: 'Tries of one call.' })),
    }),
  ),
  personal_data: Type.Optional(
    Type.Enum(['allowed', 'refused'], {
      description:
        'Whether addresses, numbers and names may be sent at all. Where refused, every call is looked through.',
    }),
  ),
  facts: text(
    `${EXPRESSION} over \`ctx\`, \`params\`, \`was\` (the operator’s expressions before this change, or null), \`stored\` (metadata_admin) and \`delivery\`: all that the calls will know of the person.`,
  ),
  outcomes: Type.Array(outcome, { description: 'What answers mean, after a step’s own rules.' }),
  let: Type.Optional(
    Type.Record(Type.String({ pattern: NAME }), Type.String(), {
      description: `Names for what several steps use, each ${EXPRESSION} over what steps see.`,
    }),
  ),
  steps: Type.Record(Type.String({ pattern: NAME }), step, { description: 'Calls, by the names they have in chains.' }),
  triggers: Type.Object(Object.fromEntries(TRIGGERS.map((name) => [name, Type.Optional(trigger)])), {
    additionalProperties: false,
    minProperties: 1,
    description: 'What is done when.',
    need: 'at least one trigger',
  }),
  check: Type.Optional(
    object('A call that changes nothing and shows whether the credentials are right.', {
      about: text('In words.'),
      request,
      outcomes: Type.Optional(Type.Array(outcome, { description: 'Before those of the recipe.' })),
    }),
  ),
})

export type RecipeFile = Static<typeof recipeSchema>
export type ParamFile = Static<typeof param>
export type SecretFile = Static<typeof secret>
export type TriggerFile = Static<typeof trigger>
export type StepFile = Static<typeof step>
export type RequestFile = Static<typeof request>
export type OutcomeFile = Static<typeof outcome>
