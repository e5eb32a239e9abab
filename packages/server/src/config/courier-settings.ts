import type {
  CourierSettings,
  EmailChannel,
  SmtpSettings,
  TemplateSender,
  HttpChannel,
  MessagePart,
  TemplateOverride,
} from '../core/courier-settings.ts'
import { parseDuration } from '../core/duration.ts'
import type { Config } from './schema/schema.ts'

type Courier = Config['courier']
type Request = NonNullable<NonNullable<Courier['http']>['request_config']>

/** How messages leave, as the courier reads it. */
export function courierSettings({ courier, clients }: Pick<Config, 'courier' | 'clients'>): CourierSettings {
  const privateAddresses = clients.smtp.disallow_private_ip_ranges ? 'refused' : 'allowed'
  // Of several, the last one counts, as in Kratos.
  const sms = courier.channels.findLast(({ id }) => id === 'sms')
  return {
    email: emailChannel(courier, privateAddresses),
    senders: courier.delivery_strategy === 'http' ? [] : sendersOf(courier, privateAddresses),
    sms: sms === undefined ? null : httpChannel(sms.request_config),
    templates: overridesOf(courier.templates),
    templateFolder: courier.template_override_path || null,
    messageRetries: courier.message_retries,
    pullCount: courier.worker.pull_count,
    pullWait: parseDuration(courier.worker.pull_wait) ?? 1_000,
  }
}

function emailChannel(
  { delivery_strategy: strategy, http, smtp }: Courier,
  privateAddresses: SmtpSettings['privateAddresses'],
): EmailChannel | null {
  if (strategy === 'http') {
    return http?.request_config === undefined ? null : { kind: 'http', ...httpChannel(http.request_config) }
  }
  const settings = smtpSettings(smtp, privateAddresses)
  return settings === null ? null : { kind: 'smtp', ...settings }
}

/** What a sender leaves out is as in `courier.smtp`. */
const sendersOf = (
  { senders, smtp }: Courier,
  privateAddresses: SmtpSettings['privateAddresses'],
): readonly TemplateSender[] =>
  senders.flatMap(({ templates, ...own }) => {
    const settings = smtpSettings({ ...smtp, ...own }, privateAddresses)
    return settings === null ? [] : [{ templates, smtp: settings }]
  })

function smtpSettings(smtp: Courier['smtp'], privateAddresses: SmtpSettings['privateAddresses']): SmtpSettings | null {
  if (smtp.connection_uri === undefined) return null
  return {
    connectionUri: smtp.connection_uri,
    clientCertPath: smtp.client_cert_path || null,
    clientKeyPath: smtp.client_key_path || null,
    fromAddress: smtp.from_address,
    fromName: smtp.from_name ?? null,
    headers: smtp.headers,
    localName: smtp.local_name,
    privateAddresses,
  }
}

function httpChannel({ url, method, headers, body, auth }: Request): HttpChannel {
  return { url, method, headers, body: body || null, auth: authOf(auth) }
}

function authOf(auth: Request['auth']): HttpChannel['auth'] {
  if (auth === undefined) return null
  if (auth.type === 'basic_auth') return { type: auth.type, user: auth.config.user, password: auth.config.password }
  return { type: auth.type, name: auth.config.name, value: auth.config.value, in: auth.config.in }
}

type Mail = {
  readonly subject?: string
  readonly body?: { readonly plaintext?: string; readonly html?: string }
}
type Sms = { readonly body?: { readonly plaintext?: string } }
type Texts = { readonly email?: Mail; readonly sms?: Sms }

type Cases = { readonly valid?: Texts; readonly invalid?: Texts }

function overridesOf({
  verifiable_address_changed: changed,
  ...others
}: Courier['templates']): readonly TemplateOverride[] {
  const cases = Object.entries(others).flatMap(([key, { valid, invalid }]: readonly [string, Cases]) => [
    ...partsOf(`${key}_valid`, `courier.templates.${key}.valid`, valid ?? {}),
    ...partsOf(`${key}_invalid`, `courier.templates.${key}.invalid`, invalid ?? {}),
  ])
  const name = 'verifiable_address_changed'
  return [...cases, ...partsOf(name, `courier.templates.${name}`, changed ?? {})]
}

function partsOf(template: string, where: string, { email, sms }: Texts): readonly TemplateOverride[] {
  const parts: readonly (readonly [MessagePart, string, string | undefined])[] = [
    ['subject', 'email.subject', email?.subject],
    ['text', 'email.body.plaintext', email?.body?.plaintext],
    ['html', 'email.body.html', email?.body?.html],
    ['sms', 'sms.body.plaintext', sms?.body?.plaintext],
  ]
  return parts.flatMap(([part, path, location]) =>
    location === undefined || location === '' ? [] : [{ template, part, location, where: `${where}.${path}` }],
  )
}
