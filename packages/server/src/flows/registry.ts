import type { Flow } from '../core/flow.ts'
import type { FlowDeps, FlowRules, Opening, StartRequest } from './define.ts'
import { loginRules, openLogin } from './login.ts'
import { openRecovery, recoveryRules } from './recovery.ts'
import { openRegistration, registrationRules } from './registration.ts'
import { openSettings, settingsRules } from './settings.ts'
import { openVerification, verificationRules } from './verification.ts'

type Open = (deps: FlowDeps, request: StartRequest, returnTo: string | null) => Opening | Promise<Opening>

/** How each flow begins. */
export const openers = {
  login: openLogin,
  registration: openRegistration,
  settings: openSettings,
  recovery: openRecovery,
  verification: openVerification,
} satisfies Record<Flow['name'], Open>

/** What is particular to this flow. */
export function rulesOf(deps: FlowDeps, flow: Flow): FlowRules {
  switch (flow.name) {
    case 'login':
      return loginRules(deps, flow)
    case 'registration':
      return registrationRules(deps, flow)
    case 'settings':
      return settingsRules(deps, flow)
    case 'recovery':
      return recoveryRules(deps, flow)
    case 'verification':
      return verificationRules(deps, flow)
    default:
      return flow satisfies never
  }
}
