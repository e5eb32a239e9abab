import type { JsonObject } from '../src/core/json.ts'
import { type HttpAnswer, type HttpClient, httpClient, textAt } from './http-client.ts'

export const CLIENTS = ['api', 'ajax', 'form'] as const
/** A native client, a browser that is driven by script, a browser that posts forms. */
export type Client = (typeof CLIENTS)[number]

/** A flow in somebody's hands. */
export type Journey = {
  readonly http: HttpClient
  readonly flowId: string
  readonly started: HttpAnswer
  /** Submits the flow's form; the anti-CSRF token is added where it belongs. */
  submit(fields: JsonObject): Promise<HttpAnswer>
  /** The same without looking at the flow again first, so without a token. */
  submitBlindly(fields: JsonObject): Promise<HttpAnswer>
  /** The flow as it stands now. */
  fetch(): Promise<HttpAnswer>
}

const JSON_ONLY = { accept: 'application/json' }

/** Starts a flow as this kind of client does. What the server answers instead of a flow stands in `started`. */
export async function startJourney(
  publicUrl: string,
  flow: 'login' | 'registration',
  client: Client,
  { http = httpClient({ keepsCookies: client !== 'api' }), query = '' } = {},
): Promise<Journey> {
  const kind = client === 'api' ? 'api' : 'browser'
  const headers = client === 'form' ? { accept: 'text/html' } : JSON_ONLY
  const started = await http.get(`${publicUrl}/self-service/${flow}/${kind}${query}`, headers)
  const location = started.headers.get('location')
  const flowId = client === 'form' ? (URL.parse(location ?? '')?.searchParams.get('flow') ?? '') : idOf(started)
  const fetchFlow = () => http.get(`${publicUrl}/self-service/${flow}/flows?id=${flowId}`, JSON_ONLY)
  const submitBlindly = (fields: JsonObject) => {
    const url = `${publicUrl}/self-service/${flow}?flow=${flowId}`
    if (client !== 'form') return http.send(url, { headers: JSON_ONLY, body: fields })
    return http.send(url, { headers: { accept: 'text/html' }, body: toForm(fields) })
  }
  return {
    http,
    flowId,
    started,
    fetch: fetchFlow,
    submitBlindly,
    submit: async (fields) => {
      const token = client === 'api' ? {} : { csrf_token: tokenOf((await fetchFlow()).json) }
      return submitBlindly({ ...fields, ...token })
    },
  }
}

const idOf = ({ json }: HttpAnswer) => (typeof json.id === 'string' ? json.id : '')

const tokenOf = (flow: JsonObject) => {
  const { ui } = flow
  const nodes = typeof ui === 'object' && ui !== null && 'nodes' in ui && Array.isArray(ui.nodes) ? ui.nodes : []
  const node = nodes.find((each) => textAt(each, 'attributes.name') === 'csrf_token')
  return textAt(node, 'attributes.value')
}

/** Nested fields as browsers post them: `traits.email=…`. */
function toForm(fields: JsonObject): URLSearchParams {
  const form = new URLSearchParams()
  const add = (path: string, value: JsonObject[string]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, item] of Object.entries(value)) add(path === '' ? key : `${path}.${key}`, item)
    } else form.append(path, String(value))
  }
  add('', fields)
  return form
}

export const PASSWORD = 'a-horse-with-9-batteries'

/** Registers somebody through a native client and returns what the server answered. */
export async function register(publicUrl: string, email: string, traits: JsonObject = {}): Promise<HttpAnswer> {
  const journey = await startJourney(publicUrl, 'registration', 'api')
  return journey.submit({ method: 'password', password: PASSWORD, traits: { email, ...traits } })
}
