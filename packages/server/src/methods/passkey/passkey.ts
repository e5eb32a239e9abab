import type { Method } from '../define.ts'
import { type PasskeyLoginDeps, passkeyLogin } from './login.ts'
import { type PasskeyRegistrationDeps, passkeyRegistration } from './registration.ts'
import { type PasskeySettingsDeps, passkeySettings } from './settings.ts'

export type PasskeyDeps = PasskeyLoginDeps & PasskeyRegistrationDeps & PasskeySettingsDeps

/** Keys that know whose they are: sign-in and sign-up without a password. */
export const passkeyMethod = (deps: PasskeyDeps): Method => ({
  login: passkeyLogin(deps),
  registration: passkeyRegistration(deps),
  settings: passkeySettings(deps),
})
