import type { Command } from 'commander'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { UsageError } from './usage-error.ts'

export type AdminOptions = { readonly endpoint: string; readonly token?: string }

/** The options of every command that asks a running server. */
export const withAdminOptions = (command: Command): Command =>
  command
    .option(
      '-e, --endpoint <url>',
      'the admin API of the server (or CARDEA_ADMIN_URL)',
      process.env['CARDEA_ADMIN_URL'] ?? 'http://localhost:4434',
    )
    .option(
      '--token <token>',
      'the bearer token of the admin API (or CARDEA_ADMIN_TOKEN)',
      process.env['CARDEA_ADMIN_TOKEN'],
    )

/** A trial may take as long as the receiver is given. */
const PATIENCE = 40_000

type Asking = { readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly body?: JsonObject }

/** Asks the admin API; whatever goes wrong is told in a sentence. */
export async function askAdmin(
  options: AdminOptions,
  path: string,
  asking: Asking = {},
): Promise<{ json: Json; headers: Headers }> {
  const { json, headers, problem } = await tryAdmin(options, path, asking)
  if (problem === null) return { json, headers }
  throw new UsageError(problem.text)
}

type Tried = {
  readonly json: Json
  readonly headers: Headers
  /** What was wrong, in a sentence; null where nothing was. */
  readonly problem: { readonly status: number; readonly text: string } | null
}

/** Asks the admin API where a refusal is an answer too. */
export async function tryAdmin(
  { endpoint, token }: AdminOptions,
  path: string,
  { method = 'GET', body }: Asking = {},
): Promise<Tried> {
  const url = URL.parse(path.replace(/^\//, ''), endpoint.endsWith('/') ? endpoint : `${endpoint}/`)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--endpoint must be a URL, not "${endpoint}".`)
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw unreachable(endpoint, error)
  })
  const text = await answer.text()
  const json = parse(text)
  if (answer.ok && json !== undefined) return { json, headers: answer.headers, problem: null }
  const problem = { status: answer.status, text: refusal(answer.status, json, endpoint) }
  return { json: json ?? null, headers: answer.headers, problem }
}

function parse(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

function unreachable(endpoint: string, error: unknown): UsageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const why = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause)
  return new UsageError(
    `The server does not answer at ${endpoint} (${why}).\nStart it, or say where its admin API is: --endpoint http://localhost:4434`,
  )
}

function refusal(status: number, json: Json | undefined, endpoint: string): string {
  if (status === 401) return `The admin API at ${endpoint} wants a token: --token, or CARDEA_ADMIN_TOKEN.`
  const error = isJsonObject(json) && isJsonObject(json['error']) ? json['error'] : {}
  const said = [error['reason'], error['message']].find((text) => typeof text === 'string' && text !== '')
  return typeof said === 'string'
    ? said
    : `${endpoint} answered ${status}, and not as an admin API of Cardea does. Is this its admin port?`
}
