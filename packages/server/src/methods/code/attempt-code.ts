import type { RecoveryFlow, VerificationFlow } from '../../core/flow.ts'
import { messages } from '../../core/messages.ts'
import type { Time } from '../../core/time.ts'
import type { UiMessage } from '../../core/ui.ts'
import { answered, isAnswer, type SecretDeps } from '../../flows/sent-secret.ts'
import type { Attempt, Passed } from '../define.ts'

type Given<F> = {
  readonly flow: F
  readonly code: string
  readonly at: Time
  /** What is said of a wrong one. */
  readonly wrong: UiMessage
  readonly proof?: Passed['proof']
}

/**
 * Looks at a code that was sent back. Every try counts, the right one too: after as many as are allowed the flow is over
 * (ory-identity-api.md §3.4). A code nobody was sent fails in the same way, so that strangers learn nothing.
 */
export async function attemptCode<F extends RecoveryFlow | VerificationFlow>(
  deps: SecretDeps,
  { flow, code, at, wrong, proof }: Given<F>,
): Promise<Attempt<F>> {
  const { challenge } = flow
  const failures = challenge?.failures ?? 0
  if (failures >= deps.settings.methods.code.maxSubmissions)
    return { kind: 'replaced', messages: [tooOften], effects: [] }

  const person = isAnswer(deps, flow, 'code', code, at) ? await answered(deps, flow, at) : null
  if (person !== null) {
    const proven = { kind: 'passed', ...person, aal: 'aal1' } as const
    return proof === undefined ? proven : { ...proven, proof }
  }
  const counted = challenge === null ? null : { ...challenge, failures: failures + 1 }
  return {
    kind: 'pending',
    flow: { ...flow, challenge: counted, active: 'code', ui: { ...flow.ui, messages: [wrong] } },
    effects: [],
    // Not 400: nothing is wrong with the form (ory-identity-api.md §15, 1).
    answer: 'form',
  }
}

export const tooOften = {
  field: '',
  message: messages.reason('The request was submitted too often. Please request another code.'),
}

/** A code as it was typed or pasted. */
export const digitsOf = (text: string) => text.replace(/\s/g, '')
