import type { Credentials } from '../core/credentials.ts'
import type { Milliseconds } from '../core/time.ts'
import type { Timings } from '../core/timings.ts'

/** A call as it goes out. */
export type OutgoingCall = {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
  /** What has to be got or shown first; a static credential is a header like any other. */
  readonly credentials?: Credentials
}

export type FailureReason =
  | 'timeout'
  | 'aborted'
  | 'refused_address'
  | 'invalid_request'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'no_token'
  | 'closed'
  | 'bad_answer'
  | 'too_large'
  | 'unreadable'
  | 'redirect_not_followed'

export type Answered = {
  readonly kind: 'answered'
  readonly status: number
  /** Names in lower case; of a repeated header the values joined by a comma. */
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer
  /** Where the time went; the client always says. */
  readonly timings?: Timings
}

/** What a call came to. Whatever the network does, it is a value; `detail` is for the log and the operator. */
export type Sent = Answered | Failed

export type Failed = {
  readonly kind: 'failed'
  readonly reason: FailureReason
  readonly detail: string
  /** Where an answer began, but its body is not one we read. */
  readonly status?: number
  readonly timings?: Timings
}

export type SendOptions = {
  /** From looking up the name to the last byte of the answer, redirects included. */
  readonly budget: Milliseconds
  readonly signal?: AbortSignal
  /** No redirect is followed, whatever is configured. */
  readonly staysHere?: true
}

/** The one door out: every call to a receiver, a template or a provider goes through here. */
export type OutgoingClient = {
  send(call: OutgoingCall, options: SendOptions): Promise<Sent>
  close(): Promise<void>
}
