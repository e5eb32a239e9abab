import type { Method } from '../define.ts'
import { type PasswordLoginDeps, passwordLogin } from './login.ts'
import { type PasswordRegistrationDeps, passwordRegistration } from './registration.ts'
import { type PasswordSettingsDeps, passwordSettings } from './settings.ts'

export type PasswordDeps = PasswordLoginDeps & PasswordRegistrationDeps & PasswordSettingsDeps

/** Sign-in and sign-up with an identifier and a password, and its change. */
export const passwordMethod = (deps: PasswordDeps): Method => ({
  login: passwordLogin(deps),
  registration: passwordRegistration(deps),
  settings: passwordSettings(deps),
})
