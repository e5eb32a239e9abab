import type { Method } from '../define.ts'
import { type PasswordLoginDeps, passwordLogin } from './login.ts'
import { type PasswordRegistrationDeps, passwordRegistration } from './registration.ts'

/** Sign-in and sign-up with an identifier and a password. */
export const passwordMethod = (deps: PasswordLoginDeps & PasswordRegistrationDeps): Method => ({
  login: passwordLogin(deps),
  registration: passwordRegistration(deps),
})
