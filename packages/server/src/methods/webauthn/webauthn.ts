import type { Method } from '../define.ts'
import { type WebAuthnLoginDeps, webAuthnLogin } from './login.ts'
import { type WebAuthnRegistrationDeps, webAuthnRegistration } from './registration.ts'
import { webAuthnSettings } from './settings.ts'

export type WebAuthnDeps = WebAuthnLoginDeps & WebAuthnRegistrationDeps

/** Security keys (WebAuthn): the second factor, or the only one. */
export const webAuthnMethod = (deps: WebAuthnDeps): Method => ({
  login: webAuthnLogin(deps),
  registration: webAuthnRegistration(deps),
  settings: webAuthnSettings(deps),
})
