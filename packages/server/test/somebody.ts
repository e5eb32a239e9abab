import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts'
import type { FlowName } from '../src/core/trigger.ts'
import type { TestApp } from './app.ts'
import { at, type HttpAnswer, type HttpClient, httpClient } from './http-client.ts'
import { type Client, PASSWORD } from './journeys.ts'

/** An answer, and the flow it is about: its body, or what a page would fetch where the answer leads. */
export type Told = HttpAnswer & { readonly location: string; readonly flow: JsonObject }

/** Somebody with one client, who keeps its cookies or its token, and goes where answers lead. */
export type Somebody = {
  readonly client: Client
  readonly http: HttpClient
  start(name: FlowName, query?: string): Promise<Told>
  /** Sends a form as its page would, with the token in it. */
  submit(flow: JsonObject, fields: JsonObject): Promise<Told>
  /** Opens a link of a mail, or goes where an answer leads. */
  open(url: string): Promise<Told>
  see(name: FlowName, id: string): Promise<Told>
  whoami(): Promise<Told>
  /** The token of a native client's session; empty without one. */
  token(): string
  signUp(email: string, traits?: JsonObject, query?: string): Promise<Told>
  signIn(email: string, password?: string): Promise<Told>
}

export function somebody({ publicUrl }: Pick<TestApp, 'publicUrl'>, client: Client): Somebody {
  const http = httpClient({ keepsCookies: client !== 'api' })
  const known: string[] = []
  const headers = () => {
    const token = client === 'api' ? known.at(-1) : undefined
    const accept = client === 'form' ? 'text/html' : 'application/json'
    return { accept, ...(token === undefined ? {} : { 'x-session-token': token }) }
  }
  const told = async (answer: HttpAnswer): Promise<Told> => {
    known.push(...tokensIn(answer.json))
    const location = answer.headers.get('location') ?? textIn(answer.json, 'redirect_browser_to')
    const [, name = '', id = ''] = FLOW_AT.exec(location) ?? []
    if (name === '') return { ...answer, location, flow: answer.json }
    const url = `${publicUrl}/self-service/${name}/flows?id=${id}`
    const { json } = await http.get(url, { ...headers(), accept: 'application/json' })
    return { ...answer, location, flow: json }
  }
  const open = async (url: string) => told(await http.get(url, headers()))
  const start = (name: FlowName, query = '') =>
    open(`${publicUrl}/self-service/${name}/${client === 'api' ? 'api' : 'browser'}${query}`)
  const submit = async (flow: JsonObject, fields: JsonObject) => {
    const token = client === 'api' ? '' : valueIn(flow, 'csrf_token')
    const all = { ...(token === '' ? {} : { csrf_token: token }), ...fields }
    const body = client === 'form' ? new URLSearchParams(pairsOf(all)) : all
    return told(await http.send(textIn(flow, 'ui.action'), { headers: headers(), body }))
  }
  return {
    client,
    http,
    start,
    submit,
    open,
    see: (name, id) => open(`${publicUrl}/self-service/${name}/flows?id=${id}`),
    token: () => known.at(-1) ?? '',
    whoami: () => open(`${publicUrl}/sessions/whoami`),
    signUp: async (email, traits = {}, query = '') =>
      submit((await start('registration', query)).flow, {
        method: 'password',
        password: PASSWORD,
        traits: { email, ...traits },
      }),
    signIn: async (email, password = PASSWORD) =>
      submit((await start('login')).flow, { method: 'password', identifier: email, password }),
  }
}

/** A page of the UI, or the door a script is sent to, with a flow in it. */
const FLOW_AT =
  /\/(?:self-service\/)?(login|registration|settings|recovery|verification)(?:\/flows)?\?(?:.*&)?(?:flow|id)=([0-9a-f-]{36})/

const tokensIn = (json: JsonObject): readonly string[] =>
  [json.session_token, ...listIn(json, 'continue_with').map((step) => at(step, 'ory_session_token'))].flatMap(
    (token) => (typeof token === 'string' ? [token] : []),
  )

/** Nested fields as browsers post them: `traits.email=…`. */
const pairsOf = (fields: JsonObject, before = ''): [string, string][] =>
  Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    isJsonObject(value)
      ? pairsOf(value, `${before}${name}.`)
      : [[`${before}${name}`, typeof value === 'string' ? value : JSON.stringify(value)]],
  )

export const textIn = (value: Json | undefined, path: string) => {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

export const listIn = (value: Json | undefined, path: string): readonly Json[] => {
  const found = at(value, path)
  return Array.isArray(found) ? found : []
}

/** The names of a form's fields and links, in their order. */
export const namesIn = (flow: JsonObject): readonly string[] =>
  listIn(flow, 'ui.nodes').map((node) => textIn(node, 'attributes.name') || textIn(node, 'attributes.id'))

/** The value of a field; of several with one name, the first that has one. */
export const valueIn = (flow: JsonObject, name: string): string =>
  listIn(flow, 'ui.nodes')
    .filter((node) => textIn(node, 'attributes.name') === name)
    .map((node) => textIn(node, 'attributes.value'))
    .find((value) => value !== '') ?? ''

/** Everything a form says: ids of messages, those of a field after its name. */
export const saidIn = (flow: JsonObject): readonly string[] => [
  ...listIn(flow, 'ui.messages').map((message) => JSON.stringify(at(message, 'id'))),
  ...listIn(flow, 'ui.nodes').flatMap((node) =>
    listIn(node, 'messages').map(
      (message) => `${textIn(node, 'attributes.name')}: ${JSON.stringify(at(message, 'id'))}`,
    ),
  ),
]
