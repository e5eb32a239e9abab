import type { MessagePart } from '../core/courier-settings.ts'
import type { TemplateName } from '../core/mail.ts'

type Parts = { readonly [P in MessagePart]: string }

const page = (content: string) => `<!DOCTYPE html>
<html lang="en">
<body style="margin:0;padding:24px 12px;background:#f4f1ea;font-family:'Segoe UI',Helvetica,Arial,sans-serif;color:#23302d">
<div style="max-width:480px;margin:0 auto;padding:28px 32px;background:#fffdf8;border-radius:8px;line-height:1.5">
${content}
</div>
</body>
</html>
`
const paragraph = (text: string) => `<p style="margin:0 0 16px">${text}</p>`
const small = (text: string) => `<p style="margin:0;font-size:14px;color:#5b6b66">${text}</p>`
const bigCode = (field: string) =>
  `<p style="margin:0 0 16px;font-size:30px;font-weight:600;letter-spacing:4px">{{ ${field} }}</p>`
const button = (field: string, label: string) =>
  `<p style="margin:0 0 16px"><a href="{{ ${field} }}" style="display:inline-block;padding:10px 18px;background:#2f7565;color:#fffdf8;border-radius:6px;text-decoration:none">${label}</a></p>
${small(`If the button does nothing, open this address: <a href="{{ ${field} }}" style="color:#2f7565">{{ ${field} }}</a>`)}
<p style="margin:0 0 16px"></p>`

const EXPIRY = '{{ .ExpiresInMinutes }} {{ if eq .ExpiresInMinutes 1 }}minute{{ else }}minutes{{ end }}'
const NOT_YOU = 'If you did not ask for this, you can ignore this message: nothing changes.'
/** Lets a phone offer the code to the site it was asked for, and to no other. */
const ORIGIN = (field: string) => '{{ if .RequestURLDomain }}\n\n@{{ .RequestURLDomain }} #{{ ' + field + ' }}{{ end }}'

type CodeWords = { readonly field: string; readonly subject: string; readonly lead: string; readonly sms: string }

/** A mail with a code, and the same for a phone. */
const code = ({ field, subject, lead, sms }: CodeWords): Parts => ({
  subject: `${subject}: {{ ${field} }}`,
  text: `${lead}\n\n{{ ${field} }}\n\nThe code works for ${EXPIRY}.\n${NOT_YOU}\n`,
  html: page([paragraph(lead), bigCode(field), paragraph(`The code works for ${EXPIRY}.`), small(NOT_YOU)].join('\n')),
  sms: `${sms}: {{ ${field} }}\nIt works for ${EXPIRY}. ${NOT_YOU}${ORIGIN(field)}\n`,
})

type LinkWords = { readonly field: string; readonly subject: string; readonly lead: string; readonly label: string }

const link = ({ field, subject, lead, label }: LinkWords): Parts => ({
  subject,
  text: `${lead}\n\n{{ ${field} }}\n\nThe link works once, and for ${EXPIRY}.\n${NOT_YOU}\n`,
  html: page(
    [paragraph(lead), button(field, label), paragraph(`The link works once, and for ${EXPIRY}.`), small(NOT_YOU)].join(
      '\n',
    ),
  ),
  sms: `${lead} {{ ${field} }}\n`,
})

const notice = (subject: string, paragraphs: readonly string[]): Parts => ({
  subject,
  text: `${paragraphs.join('\n\n')}\n`,
  html: page(paragraphs.map(paragraph).join('\n')),
  sms: `${paragraphs[0] ?? ''}\n`,
})

const RECOVERY_UNKNOWN = notice('Somebody tried to get into an account with your address', [
  'Somebody, perhaps you, asked to get back into an account with the address {{ .To }}. There is no account with this address.',
  'If it was you, you may have signed up with another address: try that one. If it was not you, there is nothing to do.',
])
const VERIFICATION_UNKNOWN = notice('Somebody tried to verify your address', [
  'Somebody, perhaps you, asked to verify the address {{ .To }}. There is no account with this address.',
  'If it was you, you may have signed up with another address: try that one. If it was not you, there is nothing to do.',
])

const VERIFY_LEAD = 'Please verify your address with this code:'

/** What Cardea says where an operator has no words of their own. */
export const DEFAULT_TEMPLATES: Record<TemplateName, Parts> = {
  recovery_code_valid: code({
    field: '.RecoveryCode',
    subject: 'Your recovery code',
    lead: 'Use this code to get back into your account:',
    sms: 'Your recovery code',
  }),
  recovery_code_invalid: RECOVERY_UNKNOWN,
  recovery_valid: link({
    field: '.RecoveryURL',
    subject: 'Get back into your account',
    lead: 'Open this link to get back into your account:',
    label: 'Get back in',
  }),
  recovery_invalid: RECOVERY_UNKNOWN,
  verification_code_valid: {
    ...code({
      field: '.VerificationCode',
      subject: 'Your verification code',
      lead: VERIFY_LEAD,
      sms: 'Your verification code',
    }),
    text: `${VERIFY_LEAD}\n\n{{ .VerificationCode }}\n\n{{ if .VerificationURL }}Or open this link, which fills it in:\n\n{{ .VerificationURL }}\n\n{{ end }}Both work for ${EXPIRY}.\n${NOT_YOU}\n`,
    html: page(
      [
        paragraph(VERIFY_LEAD),
        bigCode('.VerificationCode'),
        `{{ if .VerificationURL }}${paragraph('Or open this link, which fills it in:')}\n${button('.VerificationURL', 'Verify address')}{{ end }}`,
        paragraph(`Both work for ${EXPIRY}.`),
        small(NOT_YOU),
      ].join('\n'),
    ),
  },
  verification_code_invalid: VERIFICATION_UNKNOWN,
  verification_valid: link({
    field: '.VerificationURL',
    subject: 'Verify your address',
    lead: 'Open this link to verify your address:',
    label: 'Verify address',
  }),
  verification_invalid: VERIFICATION_UNKNOWN,
  login_code_valid: code({
    field: '.LoginCode',
    subject: 'Your sign-in code',
    lead: 'Use this code to sign in:',
    sms: 'Your login code',
  }),
  registration_code_valid: code({
    field: '.RegistrationCode',
    subject: 'Your sign-up code',
    lead: 'Use this code to finish creating your account:',
    sms: 'Your registration code',
  }),
  verifiable_address_changed: notice('An address of your account was changed', [
    'An e-mail address or telephone number of your account was changed{{ if .ChangedAt }} on {{ .ChangedAt }}{{ end }}.',
    'If you did this, there is nothing to do. If you did not, contact support at once: somebody else may be in your account.',
    '{{ if .Identity.id }}Account: {{ .Identity.id }}{{ end }}',
  ]),
  authenticator_key_added: notice('A new way to sign in was added to your account', [
    'A new way to sign in was added to your account{{ if .AddedAt }} on {{ .AddedAt }}{{ end }}.',
    'If you did this, there is nothing to do. If you did not, contact support at once: somebody else may be in your account.',
    '{{ if .Identity.id }}Account: {{ .Identity.id }}{{ end }}',
  ]),
  registration_duplicate: notice('You already have an account', [
    'Somebody, perhaps you, tried to sign up with {{ .To }}. There is an account with this address already, so nothing was changed.',
    'If it was you, sign in instead; if you do not remember how, ask to recover your account. If it was not you, there is nothing to do.',
  ]),
  stub: { subject: '{{ .Subject }}', text: '{{ .Body }}\n', html: page('<p>{{ .Body }}</p>'), sms: '{{ .Body }}\n' },
}
