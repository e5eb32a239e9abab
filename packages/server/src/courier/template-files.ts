import type { MessagePart } from '../core/courier-settings.ts'
import type { TemplateName } from '../core/mail.ts'

/** Where Kratos looks for a template in `courier.template_override_path`. */
const FOLDERS: Record<TemplateName, string> = {
  recovery_valid: 'recovery/valid',
  recovery_invalid: 'recovery/invalid',
  recovery_code_valid: 'recovery_code/valid',
  recovery_code_invalid: 'recovery_code/invalid',
  verification_valid: 'verification/valid',
  verification_invalid: 'verification/invalid',
  verification_code_valid: 'verification_code/valid',
  verification_code_invalid: 'verification_code/invalid',
  login_code_valid: 'login_code/valid',
  registration_code_valid: 'registration_code/valid',
  verifiable_address_changed: 'verifiable_address_changed',
  authenticator_key_added: 'authenticator_key_added',
  registration_duplicate: 'registration_duplicate',
  stub: 'test_stub',
}

const NAMES: { readonly [P in MessagePart]: { readonly file: string; readonly family: string } } = {
  subject: { file: 'email.subject.gotmpl', family: 'email.subject' },
  text: { file: 'email.body.plaintext.gotmpl', family: 'email.body.plaintext' },
  html: { file: 'email.body.gotmpl', family: 'email.body' },
  sms: { file: 'sms.body.gotmpl', family: 'sms.body' },
}

/** The folder and file of a part; `family` is how the names of files begin that it may call. */
export const templateFile = (template: TemplateName, part: MessagePart) => ({
  folder: FOLDERS[template],
  ...NAMES[part],
})
