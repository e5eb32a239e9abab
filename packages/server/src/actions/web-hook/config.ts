import { type Static, Type } from 'typebox'
import { parseDuration } from '../../core/duration.ts'

const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
const closed = { additionalProperties: false }

const auth = Type.Union([
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
])

const response = Type.Refine(
  Type.Object(
    {
      ignore: Type.Optional(Type.Boolean({ description: 'Queue the call and do not wait for its answer.' })),
      parse: Type.Optional(Type.Boolean({ description: 'Let the answer refuse the flow or change the identity.' })),
    },
    closed,
  ),
  ({ ignore, parse }) => !(ignore && parse),
  () => 'must not both ignore and parse the response: a queued call has no answer to parse',
)

const fields = Type.Object(
  {
    url: Type.Refine(
      Type.String({ description: 'Where the call goes.' }),
      (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
      () => 'must be an http or https URL',
    ),
    method: Type.String({ pattern: TOKEN, description: 'The HTTP method.' }),
    id: Type.Optional(Type.String({ description: 'A name that survives every edit.' })),
    body: Type.Optional(Type.String({ description: 'A Jsonnet template: base64://, file:// or http(s)://.' })),
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: TOKEN }), Type.String({ pattern: '^[^\\r\\n\\u0000]*$' }), closed),
    ),
    auth: Type.Optional(auth),
    response: Type.Optional(response),
    can_interrupt: Type.Optional(Type.Boolean({ description: 'Deprecated: let the answer refuse the flow.' })),
    emit_analytics_event: Type.Optional(Type.Boolean({ description: 'Whether the Ory-Webhook headers are sent.' })),
    timeout: Type.Optional(
      Type.Refine(
        Type.String({ description: 'One budget for all attempts.' }),
        (text) => (parseDuration(text) ?? 0) > 0,
        () => 'must be a duration such as 3s or 500ms',
      ),
    ),
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: 'Tries of a blocking call.' })),
    enabled: Type.Optional(Type.Boolean({ description: 'Switches the hook off without deleting it.' })),
  },
  closed,
)

/** The `config` of a web_hook: Ory's keys, and `timeout`, `attempts`, `enabled`. */
export const webHookConfig = Type.Refine(
  fields,
  ({ response, can_interrupt }) => !(response?.ignore && can_interrupt),
  () => 'must not both ignore the response and let it interrupt: remove response.ignore or can_interrupt',
)

export type WebHookConfig = Static<typeof fields>
