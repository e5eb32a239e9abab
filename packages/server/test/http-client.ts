import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts'

/** What a server answered, read once. */
export type HttpAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body where it is a JSON object; else an empty one. */
  readonly json: JsonObject
}

type Asking = {
  readonly method?: string
  readonly headers?: { readonly [name: string]: string }
  /** An object is sent as JSON, URLSearchParams as a form, anything else as it is. */
  readonly body?: JsonObject | URLSearchParams | string | Buffer
}

/** A client that follows no redirect and keeps its cookies, as a browser keeps them for one host. */
export type HttpClient = {
  readonly cookies: Map<string, string>
  get(url: string, headers?: Asking['headers']): Promise<HttpAnswer>
  send(url: string, asking: Asking): Promise<HttpAnswer>
}

export function httpClient({ keepsCookies }: { readonly keepsCookies: boolean }): HttpClient {
  const cookies = new Map<string, string>()
  const send = async (url: string, { method = 'POST', headers = {}, body }: Asking): Promise<HttpAnswer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...typeOf(body), ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(body === undefined ? {} : { body: encode(body) }),
    })
    if (keepsCookies) for (const line of answer.headers.getSetCookie()) keep(cookies, line)
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, json: parse(text) }
  }
  return { cookies, send, get: (url, headers = {}) => send(url, { method: 'GET', headers }) }
}

const typeOf = (body: Asking['body']): { readonly [name: string]: string } =>
  body instanceof URLSearchParams
    ? { 'content-type': 'application/x-www-form-urlencoded' }
    : isJsonObject(body)
      ? { 'content-type': 'application/json' }
      : {}

const encode = (body: NonNullable<Asking['body']>): string | Uint8Array<ArrayBuffer> => {
  if (Buffer.isBuffer(body)) return new Uint8Array(body)
  if (typeof body === 'string') return body
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body)
}

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (/max-age=0/i.test(line)) cookies.delete(name)
  else cookies.set(name, value)
}

function parse(text: string): JsonObject {
  try {
    const value: Json = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** What lies at a dotted path of a JSON value: `ui.nodes.0.attributes.name`. */
export const at = (value: Json | undefined, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((found, step) => {
    if (Array.isArray(found)) return found[Number(step)]
    return isJsonObject(found) ? found[step] : undefined
  }, value)

/** The text at a path, for whoever would fail without it anyway. */
export function textAt(value: Json | undefined, path: string): string {
  const found = at(value, path)
  if (typeof found !== 'string') throw new Error(`no text at ${path} of ${JSON.stringify(value)?.slice(0, 2_000)}`)
  return found
}
