import { compile, JsonnetError } from '@cardea/jsonnet'
import type { HttpChannel } from '../core/courier-settings.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { Milliseconds } from '../core/time.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import type { MailSent, SealedMessage } from '../outbox/deliver-mail.ts'
import { isMailAddress, isPhoneNumber } from './addresses.ts'
import type { RenderedMessage } from './message.ts'

export type HttpDeps = {
  readonly client: Pick<OutgoingClient, 'send'>
  /** Reads what a `file://`, `http(s)://` or `base64://` leads to. */
  readonly readTemplate: (location: string) => Promise<string>
}

const BUDGET: Milliseconds = 20_000

/** What is sent where no body is configured: what Ory's default names. */
const DEFAULT_BODY = `function(ctx)
  local data = ctx.template_data;
  local named = ['to', 'recovery_code', 'recovery_url', 'verification_url', 'verification_code', 'login_code', 'registration_code'];
  { recipient: ctx.recipient, template_type: ctx.template_type, subject: ctx.subject, body: ctx.body }
  + { [name]: if std.objectHas(data, name) then data[name] else null for name in named }
`

/** Sends a message by one call of an HTTP channel (ory-identity-api.md §11). */
export async function sendHttp(
  deps: HttpDeps,
  channel: HttpChannel,
  message: RenderedMessage,
  { id, signal }: Pick<SealedMessage, 'id'> & { readonly signal: AbortSignal },
): Promise<MailSent> {
  const isAddress = message.channel === 'email' ? isMailAddress : isPhoneNumber
  if (!isAddress(message.recipient)) return failed('final', `the recipient cannot be reached by ${message.channel}`)
  const headers = headersOf(channel, id)
  const body = await bodyOf(deps, channel, message, headers['content-type'] ?? '')
  if (body.kind === 'failed') return failed('retry', body.reason)
  const sent = await deps.client.send(
    { method: channel.method, url: channel.url, headers, body: body.text },
    { budget: BUDGET, signal },
  )
  if (sent.kind === 'failed') {
    return { kind: sent.reason === 'aborted' ? 'given_up' : 'retry', status: sent.status ?? null, reason: sent.detail }
  }
  if (sent.status >= 200 && sent.status < 300) return { kind: 'sent', status: sent.status }
  return { kind: 'retry', status: sent.status, reason: `answered ${sent.status}` }
}

const failed = (kind: 'retry' | 'final', reason: string): MailSent => ({ kind, status: null, reason })

function headersOf({ headers, auth }: HttpChannel, id: string): { readonly [name: string]: string } {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const all = { 'content-type': 'application/json', 'idempotency-key': id, ...given }
  if (auth === null) return all
  if (auth.type === 'basic_auth') {
    return { ...all, authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` }
  }
  const value = auth.value.replace(/[\r\n\0]/g, '')
  if (auth.in === 'header') return { ...all, [auth.name.toLowerCase()]: value }
  const cookie = `${auth.name}=${value.replace(/[^\x21-\x7e]|["\\;,]/g, '')}`
  return { ...all, cookie: given['cookie'] === undefined ? cookie : `${given['cookie']}; ${cookie}` }
}

type Body = { readonly kind: 'body'; readonly text: string } | { readonly kind: 'failed'; readonly reason: string }

async function bodyOf(
  deps: HttpDeps,
  channel: HttpChannel,
  message: RenderedMessage,
  contentType: string,
): Promise<Body> {
  try {
    const source = channel.body === null ? DEFAULT_BODY : await deps.readTemplate(channel.body)
    const program = compile(source, { filename: 'body' })
    const options = { tla: { ctx: { value: contextOf(message) } }, limits: { milliseconds: 1_000 } }
    const isForm = contentType.toLowerCase().startsWith('application/x-www-form-urlencoded')
    return isForm ? formOf(program.evaluateValue(options)) : { kind: 'body', text: program.evaluate(options) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const what = error instanceof JsonnetError ? 'the template failed' : 'the template could not be had'
    return { kind: 'failed', reason: `${what}: ${error.message.trim().slice(0, 300)}` }
  }
}

/** What a Jsonnet template sees as `ctx`. */
const contextOf = (message: RenderedMessage): JsonObject => ({
  recipient: message.recipient,
  subject: message.subject,
  body: message.text,
  ...(message.html === null ? {} : { html_body: message.html }),
  template_type: message.template,
  template_data: message.data,
  message_type: message.channel,
  request_headers: message.requestHeaders,
})

function formOf(value: unknown): Body {
  const wrong: Body = { kind: 'failed', reason: 'a form body must be a flat object of strings' }
  if (!isJsonObject(value)) return wrong
  const fields = Object.entries(value).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' ? [[name, text]] : [],
  )
  if (fields.length < Object.keys(value).length) return wrong
  const form = new URLSearchParams(fields)
  form.sort()
  return { kind: 'body', text: form.toString() }
}
