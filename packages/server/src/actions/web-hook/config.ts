import { type Static, Type } from 'typebox'
import { parseDuration } from '../../core/duration.ts'
import { ExpressionError, readExpression } from '../template/expression.ts'
import { certificateProblem } from './credentials.ts'
import { isSigningSecret } from '../template/signature.ts'
import { isTemplate, readTextTemplate, secretsIn, type TextTemplate } from '../template/text-template.ts'
import { urlProblem } from '../template/url.ts'

const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
const closed = { additionalProperties: false }
const ONE_LINE = '^[^\\r\\n\\u0000]*$'

/** A reference is resolved before it counts; where it leads nowhere, that is said by itself. */
const isReference = (text: string) => /^(?:env|file):\/\//.test(text)

const auth = Type.Union(
  [
    Type.Object(
      {
        type: Type.Literal('basic_auth'),
        config: Type.Object({ user: Type.String(), password: Type.String() }, closed),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal('api_key'),
        config: Type.Object(
          {
            name: Type.String({ pattern: TOKEN }),
            value: Type.String(),
            in: Type.Union([Type.Literal('header'), Type.Literal('cookie')]),
          },
          closed,
        ),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal('bearer'),
        config: Type.Object({ token: Type.String({ minLength: 1, pattern: ONE_LINE, writeOnly: true }) }, closed),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal('oauth2_client_credentials'),
        config: Type.Object(
          {
            token_url: Type.Refine(
              Type.String({ description: 'The token endpoint.' }),
              (text) => !isTemplate(text) && urlProblem(text) === null && !hasUser(text),
              () => 'must be an http or https URL without credentials and without ${…}',
            ),
            client_id: Type.String({ minLength: 1 }),
            client_secret: Type.String({ minLength: 1, writeOnly: true }),
            scope: Type.Optional(Type.String({ description: 'Scopes, with blanks between them.' })),
            audience: Type.Optional(Type.String({ description: 'For servers that want to be told.' })),
            client_auth: Type.Optional(
              Type.Union([Type.Literal('basic'), Type.Literal('body')], {
                description: 'How the token endpoint is told who asks: `basic`, unless it wants it in the `body`.',
              }),
            ),
          },
          closed,
        ),
      },
      closed,
    ),
    Type.Object(
      {
        type: Type.Literal('client_certificate'),
        config: Type.Refine(
          Type.Object(
            {
              cert: Type.String({ description: 'A certificate as PEM, by reference.' }),
              key: Type.String({ writeOnly: true, description: 'Its private key as PEM, by reference.' }),
            },
            closed,
          ),
          (pair) => isReference(pair.cert) || isReference(pair.key) || certificateProblem(pair) === null,
          (pair) => certificateProblem(pair) ?? 'must be a certificate and its key',
        ),
      },
      closed,
    ),
  ],
  { description: 'How the call proves who it comes from.' },
)

const hasUser = (text: string) => {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}

const response = Type.Refine(
  Type.Object(
    {
      ignore: Type.Optional(Type.Boolean({ description: 'Queue the call and do not wait for its answer.' })),
      parse: Type.Optional(Type.Boolean({ description: 'Let the answer refuse the flow or change the identity.' })),
    },
    { ...closed, description: 'What becomes of the answer.' },
  ),
  ({ ignore, parse }) => !(ignore && parse),
  () => 'must not both ignore and parse the response: a queued call has no answer to parse',
)

/** What is wrong with a text that holds expressions; null if nothing is. */
function problemOf(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (error instanceof ExpressionError) return error.message
    throw error
  }
}

/** What is needed, with what is wrong where there is a text; the reference has none. */
function said(need: string, text: unknown, read: (text: string) => unknown): string {
  const problem = typeof text === 'string' ? problemOf(() => read(text)) : null
  return problem === null ? `must ${need}` : `must ${need} (${problem})`
}

const urlSaid = (text: unknown) =>
  (typeof text === 'string' ? urlProblem(text) : null) ?? 'must be an http or https URL'

const SHORTEST = 50
const LONGEST = 30_000
const isSpan = (text: string) => {
  const time = parseDuration(text) ?? 0
  return time >= SHORTEST && time <= LONGEST
}

const signing = Type.Object(
  {
    secrets: Type.Array(
      Type.Refine(
        Type.String({ writeOnly: true }),
        (text) => isReference(text) || isSigningSecret(text),
        () =>
          'must be whsec_ and base64, or another text, of at least 24 bytes; or whsk_ and the base64 of an Ed25519 key',
      ),
      {
        minItems: 1,
        description:
          'Each signs, so that a receiver may know the old or the new one. `whsec_` and base64, or any other text, which counts as it is (`v1`); `whsk_` and the base64 of an Ed25519 key, whose public half the receiver holds (`v1a`).',
      },
    ),
  },
  { ...closed, description: 'Signs every attempt as Standard Webhooks describes it.' },
)

const span = (description: string) =>
  Type.Optional(
    Type.Refine(
      Type.String({ description }),
      (text) => (parseDuration(text) ?? 0) > 0,
      () => 'must be a duration such as 30s, 5m or 72h',
    ),
  )

const retry = Type.Object(
  {
    attempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'How often it is tried at most.' }),
    ),
    horizon: span('After the first attempt, none begins later than this.'),
    min: span('The longest first wait; each is a random part of it. It doubles with every attempt.'),
    max: span('The longest wait of all.'),
  },
  {
    ...closed,
    description: 'When a queued call that failed is made again, where it differs from `actions.deliveries.retry`.',
  },
)

const limits = Type.Object(
  {
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'Queued calls under way at once, on all nodes together.',
      }),
    ),
    rate: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description: 'Queued calls begun in a second, on all nodes together.',
      }),
    ),
  },
  {
    ...closed,
    description:
      'What the endpoint (scheme, host, port and path) can take. Of actions that share one, the strictest counts.',
  },
)

const fields = Type.Object(
  {
    url: Type.Refine(
      Type.String({
        description:
          'Where the call goes. Path and query may hold `${…}`: Jsonnet expressions over `ctx`, each value percent-encoded, or `${secrets.NAME}`.',
      }),
      (text) => urlProblem(text) === null,
      (text) => urlSaid(text),
    ),
    method: Type.String({ pattern: TOKEN, description: 'The HTTP method.' }),
    id: Type.Optional(Type.String({ description: 'A name that survives every edit.' })),
    body: Type.Optional(
      Type.String({
        description: 'A Jsonnet template: base64://, file:// or http(s)://; or `none` for a call without body.',
      }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: TOKEN }),
        Type.Refine(
          Type.String({ pattern: ONE_LINE }),
          (text) => problemOf(() => readTextTemplate(text)) === null,
          (text) => said('hold expressions that can be read', text, readTextTemplate),
        ),
        { ...closed, description: 'Headers of the call; values may hold `${…}` as the URL does.' },
      ),
    ),
    auth: Type.Optional(auth),
    secrets: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
        Type.String({ writeOnly: true, pattern: ONE_LINE }),
        {
          ...closed,
          description: 'Secrets by name, for `${secrets.NAME}` in the URL and in headers. No template sees them.',
        },
      ),
    ),
    signing: Type.Optional(signing),
    response: Type.Optional(response),
    can_interrupt: Type.Optional(Type.Boolean({ description: 'Deprecated: let the answer refuse the flow.' })),
    emit_analytics_event: Type.Optional(Type.Boolean({ description: 'Whether the Ory-Webhook headers are sent.' })),
    when: Type.Optional(
      Type.Refine(
        Type.String({ description: 'A Jsonnet expression over `ctx`. Where it is false, nobody is called.' }),
        (text) => problemOf(() => readExpression(text)) === null,
        (text) => said('be a Jsonnet expression', text, readExpression),
      ),
    ),
    on_failure: Type.Optional(
      Type.Union([Type.Literal('deny'), Type.Literal('continue'), Type.Literal('queue')], {
        description:
          'What happens when a blocking call gives no decision: the flow fails (`deny`, unless said otherwise), goes on, or goes on while the call is queued.',
      }),
    ),
    timeout: Type.Optional(
      Type.Refine(
        Type.String({ description: 'One budget for all attempts.' }),
        isSpan,
        () => 'must be a duration such as 3s or 500ms, from 50ms to 30s',
      ),
    ),
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: 'Tries of a blocking call.' })),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          'How many blocking calls of it may be under way at once, 64 unless said otherwise. One more counts as failed at once, so that a slow receiver does not keep everybody.',
      }),
    ),
    retry: Type.Optional(retry),
    lane: Type.Optional(
      Type.Literal('identity', {
        description: 'Queued calls about one identity are made one after the other, in the order of what happened.',
      }),
    ),
    limits: Type.Optional(limits),
    enabled: Type.Optional(Type.Boolean({ description: 'Switches the hook off without deleting it.' })),
  },
  { ...closed, description: 'Which receiver is called, how, and what its answer may do.' },
)

const withoutInterruption = Type.Refine(
  fields,
  ({ response, can_interrupt }) => !(response?.ignore && can_interrupt),
  () => 'must not both ignore the response and let it interrupt: remove response.ignore or can_interrupt',
)

const withoutPolicy = Type.Refine(
  withoutInterruption,
  ({ response, on_failure }) => !(response?.ignore && on_failure !== undefined),
  () =>
    'must not both ignore the response and have on_failure: a queued call holds nobody up, it is tried again by itself',
)

const withoutPlaces = Type.Refine(
  withoutPolicy,
  ({ response, concurrency }) => !(response?.ignore && concurrency !== undefined),
  () =>
    'must not both ignore the response and have concurrency, which is about calls somebody waits for: queued ones have limits.concurrency',
)

/** The `config` of a web_hook: Ory's keys, then ours (design.md §4). */
export const webHookConfig = Type.Refine(
  withoutPlaces,
  (config) => unknownSecrets(config).length === 0,
  (config) => `must have every secret that its templates name: secrets lacks ${unknownSecrets(config).join(', ')}`,
)

export type WebHookConfig = Static<typeof fields>

type Texts = Pick<WebHookConfig, 'url' | 'headers' | 'secrets'>

/** Secrets that are named and not there. */
function unknownSecrets({ url, headers, secrets }: Texts): readonly string[] {
  const texts = [url, ...Object.values(headers ?? {})].filter(isTemplate)
  const named = texts.flatMap((text) => {
    const read: TextTemplate[] = []
    // What can't be read is told at its own key.
    return problemOf(() => read.push(readTextTemplate(text))) === null ? read.flatMap(secretsIn) : []
  })
  return [...new Set(named)].filter((name) => !Object.hasOwn(secrets ?? {}, name))
}
