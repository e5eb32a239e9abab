import type { Milliseconds } from './time.ts'

/** `courier` of the configuration in force (ory-identity-api.md §10.2, §11). */
export type CourierSettings = {
  /** How mail leaves; null: no way is configured. */
  readonly email: EmailChannel | null
  /** Who sends some of the mail instead, by template. A template is named at most once. */
  readonly senders: readonly TemplateSender[]
  /** How messages to phones leave; null: they cannot. */
  readonly sms: HttpChannel | null
  /** Templates of the operator's own, by template and part. */
  readonly templates: readonly TemplateOverride[]
  /** A folder with templates under Kratos' file names. */
  readonly templateFolder: string | null
  /** How often a message is tried again after the first time. */
  readonly messageRetries: number
  /** How many messages are on their way at once, and how long the worker waits when there are none. */
  readonly pullCount: number
  readonly pullWait: Milliseconds
}

/** A sender of its own for the messages made of these templates. */
export type TemplateSender = { readonly templates: readonly string[]; readonly smtp: SmtpSettings }

export type EmailChannel = ({ readonly kind: 'smtp' } & SmtpSettings) | ({ readonly kind: 'http' } & HttpChannel)

export type SmtpSettings = {
  readonly connectionUri: string
  readonly clientCertPath: string | null
  readonly clientKeyPath: string | null
  readonly fromAddress: string
  readonly fromName: string | null
  readonly headers: { readonly [name: string]: string }
  readonly localName: string
  readonly privateAddresses: 'allowed' | 'refused'
}

/** One call for each message. */
export type HttpChannel = {
  readonly url: string
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  /** Where the Jsonnet template of the body lies; null: the default one. */
  readonly body: string | null
  readonly auth:
    | null
    | { readonly type: 'basic_auth'; readonly user: string; readonly password: string }
    | { readonly type: 'api_key'; readonly name: string; readonly value: string; readonly in: 'header' | 'cookie' }
}

/** The parts a message is made of: those of a mail, and the one of a message to a phone. */
export type MessagePart = 'subject' | 'text' | 'html' | 'sms'

export type TemplateOverride = {
  /** As in `core/mail.ts`. */
  readonly template: string
  readonly part: MessagePart
  /** `file://`, `http(s)://` or `base64://`. */
  readonly location: string
  /** Its path in the configuration. */
  readonly where: string
}
