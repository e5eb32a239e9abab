import type { Method } from '../define.ts'
import { lookupSecretLogin } from './login.ts'
import { type LookupSecretDeps, lookupSecretSettings } from './settings.ts'

export type { LookupSecretDeps }

/** Codes to keep on paper for the day the telephone is lost. */
export const lookupSecretMethod = (deps: LookupSecretDeps): Method => ({
  login: lookupSecretLogin(deps),
  settings: lookupSecretSettings(deps),
})
