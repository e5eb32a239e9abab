import type { Method } from '../define.ts'
import { type CodeLoginDeps, codeLogin } from './login.ts'
import { codeRecovery } from './recovery.ts'
import { type CodeRegistrationDeps, codeRegistration } from './registration.ts'
import { codeVerification } from './verification.ts'

export type CodeDeps = CodeLoginDeps & CodeRegistrationDeps

/** Six digits that are sent to an address. */
export const codeMethod = (deps: CodeDeps): Method => ({
  login: codeLogin(deps),
  registration: codeRegistration(deps),
  recovery: codeRecovery(deps),
  verification: codeVerification(deps),
})
