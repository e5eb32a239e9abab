import type { AddressVia } from '../core/identity.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'

/** A message as it was rendered, once: every try sends the same words. Kept sealed. */
export type RenderedMessage = {
  readonly channel: AddressVia
  readonly recipient: string
  readonly template: string
  /** Empty for a phone. */
  readonly subject: string
  readonly text: string
  /** Null for a phone. */
  readonly html: string | null
  /** What a Jsonnet template of an HTTP channel sees as `ctx.template_data`. */
  readonly data: JsonObject
  /** What it sees as `ctx.request_headers`: those of the request that caused it, as far as the operator lets them be seen. */
  readonly requestHeaders: JsonObject
}

export const packMessage = (message: RenderedMessage): string => JSON.stringify(message)

/** Null for what no `packMessage` has written. */
export function unpackMessage(text: string): RenderedMessage | null {
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) return null
  const { channel, recipient, template, subject, text: body, html, data, requestHeaders } = value
  const isWhole = typeof recipient === 'string' && typeof template === 'string' && typeof subject === 'string'
  if (!isWhole || typeof body !== 'string' || data === undefined || !isJsonObject(data)) return null
  if (channel !== 'email' && channel !== 'sms') return null
  return {
    channel,
    recipient,
    template,
    subject,
    text: body,
    html: typeof html === 'string' ? html : null,
    data,
    // Messages that an older version has queued have none.
    requestHeaders: requestHeaders !== undefined && isJsonObject(requestHeaders) ? requestHeaders : {},
  }
}
