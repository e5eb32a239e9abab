import type { SecretDeps } from '../../flows/sent-secret.ts'
import type { Method } from '../define.ts'
import { codeRecovery } from './recovery.ts'
import { codeVerification } from './verification.ts'

/** Six digits that are sent to an address. */
export const codeMethod = (deps: SecretDeps): Method => ({
  recovery: codeRecovery(deps),
  verification: codeVerification(deps),
})
