import { Type } from 'typebox'
import { isMailAddress } from '../../courier/addresses.ts'
import { TEMPLATE_NAMES } from '../../core/mail.ts'
import {
  choice,
  duration,
  flag,
  group,
  headers,
  list,
  optionalCallAuth,
  optionalGroup,
  optionalHeaders,
  optionalResource,
  optionalText,
  record,
  text,
  webUrl,
  whole,
} from './parts.ts'

const email = () =>
  optionalGroup('The mail.', {
    subject: optionalResource('A template of the subject.'),
    body: optionalGroup('The text.', {
      plaintext: optionalResource('A template of the plain text.'),
      html: optionalResource('A template of the HTML.'),
    }),
  })
const sms = () =>
  optionalGroup('The message.', {
    body: optionalGroup('The text.', { plaintext: optionalResource('A template of the text.') }),
  })
const valid = () => optionalGroup('To somebody we know.', { email: email(), sms: sms() })
const invalid = () => optionalGroup('To an address nobody has.', { email: email() })

const request = record('The call that sends a message.', {
  url: webUrl('Where it goes.'),
  method: text('The HTTP method.', { default: 'POST' }),
  headers: headers('Headers the call carries.'),
  body: optionalResource('A Jsonnet template of the body.'),
  auth: optionalCallAuth(),
})

const CONNECTION = {
  pattern: '^smtps?://.*',
  need: 'smtp://user:password@host:port/ or smtps://…',
  secretPart: 'password',
}
const ADDRESS = { need: 'one mail address, without a name' }

/** `courier`. */
export const courier = group('How mail and messages are sent.', {
  templates: group('Texts of one’s own.', {
    recovery: optionalGroup('Recovery by link.', { valid: valid(), invalid: invalid() }),
    recovery_code: optionalGroup('Recovery by code.', { valid: valid(), invalid: invalid() }),
    verification: optionalGroup('Verification by link.', { valid: valid(), invalid: invalid() }),
    verification_code: optionalGroup('Verification by code.', { valid: valid(), invalid: invalid() }),
    registration_code: optionalGroup('A code to sign up.', { valid: valid() }),
    login_code: optionalGroup('A code to sign in.', { valid: valid() }),
    verifiable_address_changed: optionalGroup('An address was changed.', { email: email(), sms: sms() }),
  }),
  template_override_path: optionalText('A folder of templates that replace the built-in ones.'),
  message_retries: whole('How often a message is tried again.', 5, { minimum: 0 }),
  worker: group(
    'The worker that sends.',
    {
      pull_count: whole('How many messages it takes at once.', 10, { minimum: 1 }),
      pull_wait: duration('How long it waits when there are none.', '1s'),
    },
    { open: true },
  ),
  delivery_strategy: choice('Send mail by SMTP or by a call.', ['smtp', 'http'], 'smtp'),
  http: optionalGroup('The call, for delivery_strategy http.', { request_config: Type.Optional(request) }),
  smtp: group('The mail server, for delivery_strategy smtp.', {
    connection_uri: optionalText('smtp://user:password@host:port/ or smtps://…', CONNECTION),
    client_cert_path: text('A client certificate.', { default: '' }),
    client_key_path: text('Its key.', { default: '' }),
    from_address: Type.Refine(
      text('Who the mail is from.', { default: 'no-reply@ory.kratos.sh', ...ADDRESS }),
      isMailAddress,
    ),
    from_name: optionalText('The sender’s name.'),
    headers: headers('Headers of the mail.'),
    local_name: text('Who we say we are.', { default: 'localhost' }),
  }),
  senders: list(
    'Senders of their own for some of the mail. What one leaves out is as in `courier.smtp`.',
    record('A sender.', {
      templates: Type.Array(Type.Enum([...TEMPLATE_NAMES]), {
        description: 'The templates whose mail it sends.',
        minItems: 1,
      }),
      connection_uri: optionalText('smtp://user:password@host:port/ or smtps://…', CONNECTION),
      client_cert_path: optionalText('A client certificate.'),
      client_key_path: optionalText('Its key.'),
      from_address: Type.Optional(
        Type.Refine(Type.String({ description: 'Who the mail is from.', ...ADDRESS }), isMailAddress),
      ),
      from_name: optionalText('The sender’s name.'),
      headers: optionalHeaders('Headers of the mail.'),
      local_name: optionalText('Who we say we are.'),
    }),
  ),
  channels: list(
    'Other ways than mail.',
    record('A channel.', {
      id: Type.Enum(['sms'], { description: 'What it is for.' }),
      type: choice('How it sends.', ['http'], 'http'),
      request_config: request,
    }),
  ),
})

/** `clients.smtp`. */
export const mailClient = group('Connections to mail servers.', {
  disallow_private_ip_ranges: flag('Refuse private and loopback addresses.', false),
})
