import type { Method } from '../define.ts'
import { totpLogin } from './login.ts'
import { type TotpSettingsDeps, totpSettings } from './settings.ts'

export type TotpDeps = TotpSettingsDeps

/** Codes of an authenticator app (RFC 6238). */
export const totpMethod = (deps: TotpDeps): Method => ({ login: totpLogin(deps), settings: totpSettings(deps) })
