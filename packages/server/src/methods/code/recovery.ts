import type { RecoveryFlow } from '../../core/flow.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { UiNode } from '../../core/ui.ts'
import { challengeFor, mailData, mailOr, publicUrl, type SecretDeps } from '../../flows/sent-secret.ts'
import { isEmail } from '../../identities/formats.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Addressee, Asked, Attempt, Challenged, Reading, RecoveryMethod, Submitted } from '../define.ts'
import { attemptCode, digitsOf } from './attempt-code.ts'
import { chooseAddress } from './choose-address.ts'
import { textOf } from './text-of.ts'

/** A code that is sent to an address of somebody who can no longer sign in (ory-identity-api.md §3.4). */
export const codeRecovery = (deps: SecretDeps): RecoveryMethod => ({
  impliedBy: ['code'],
  nodes: () =>
    deps.settings.featureFlags.chooseRecoveryAddress
      ? [
          inputNode({
            group: 'code',
            name: 'recovery_address',
            type: 'text',
            required: true,
            label: messages.recoveryAddress(),
          }),
          submitNode('code', 'method', 'code', messages.continue()),
        ]
      : [
          inputNode({ group: 'code', name: 'email', type: 'email', required: true, label: messages.email() }),
          submitNode('code', 'method', 'code', messages.continue()),
        ],
  read: (submitted) =>
    deps.settings.featureFlags.chooseRecoveryAddress ? chooseAddress(deps, submitted) : read(deps, submitted),
  challenge: (flow, to, asked) => challenge(deps, flow, to, asked),
  issue: (flow, to, { at, expiresAt }) => {
    const secret = deps.codes.code()
    const ui = {
      ...sentForm(deps, flow, to),
      nodes: [codeField(), submitNode('code', 'method', 'code', messages.continue())],
    }
    const issued = challengeFor(deps, flow, to, secret, { kind: 'code', at, expiresAt, byAdmin: true })
    return { secret, flow: { ...flow, state: 'sent_email', active: 'code', challenge: issued, ui } }
  },
})

function read(
  deps: SecretDeps,
  { flow, fields, transientPayload, at, request }: Submitted<RecoveryFlow>,
): Reading<RecoveryFlow> {
  const email = textOf(fields.email)
  // An address asks for a new code, whatever else was sent along.
  if (email !== '') {
    if (!isEmail(email))
      return { kind: 'invalid', messages: [{ field: 'email', message: messages.emailInvalid(email) }] }
    return {
      kind: 'ready',
      costs: [{ kind: 'mail', to: normaliseIdentifier(email) }],
      attempt: () => send(deps, { ...flow, transientPayload }, email, { at, request }),
    }
  }
  if (flow.challenge?.kind === 'link') {
    return { kind: 'invalid', messages: [{ field: '', message: messages.noRecoveryStrategy() }] }
  }
  const code = digitsOf(textOf(fields.code))
  if (flow.challenge === null) return { kind: 'invalid', messages: [missing('email')] }
  if (code === '') return { kind: 'invalid', messages: [missing('code')] }
  return {
    kind: 'ready',
    costs: [{ kind: 'code' }],
    ...(flow.csrfExempt ? { withoutCsrf: true } : {}),
    attempt: () => attemptRecoveryCode(deps, flow, code, at),
  }
}

const missing = (field: string) => ({ field, message: messages.propertyMissing(field) })

export const attemptRecoveryCode = (deps: SecretDeps, flow: RecoveryFlow, code: string, at: number) =>
  attemptCode(deps, { flow, code, at, wrong: messages.recoveryCodeInvalid(), proof: 'code_recovery' })

async function send(deps: SecretDeps, flow: RecoveryFlow, email: string, asked: Asked): Promise<Attempt<RecoveryFlow>> {
  const value = normaliseIdentifier(email)
  const identity = await deps.identities.findByAddress('recover', { value, via: 'email' })
  const challenged = await challenge(deps, flow, { value, via: 'email', identity }, asked)
  // What was typed is shown again as it was typed.
  return { kind: 'pending', ...challenged, answer: 'form' }
}

/** A fresh code is awaited, and on its way. Somebody nobody knows is treated alike, but written to only if that is wanted. */
async function challenge(
  deps: SecretDeps,
  flow: RecoveryFlow,
  to: Addressee,
  { at, request }: Asked,
): Promise<Challenged<RecoveryFlow>> {
  const { lifespan } = deps.settings.methods.code
  const code = deps.codes.code()
  const isKnown = to.identity !== null
  const data = mailData(deps, flow, to, lifespan)
  const mails = await deps.mail(
    isKnown
      ? { template: 'recovery_code_valid', to: to.value, via: to.via, data: { ...data, recovery_code: code }, request }
      : { template: 'recovery_code_invalid', to: to.value, via: to.via, data, request },
  )
  return {
    flow: {
      ...flow,
      state: 'sent_email',
      active: 'code',
      challenge: challengeFor(deps, flow, to, code, { kind: 'code', at, expiresAt: at + lifespan }),
      ui: sentForm(deps, flow, to),
    },
    effects: mailOr(deps, isKnown || deps.settings.selfservice.recovery.notifyUnknownRecipients, mails, to, at),
  }
}

const codeField = () =>
  inputNode({
    group: 'code',
    name: 'code',
    type: 'text',
    required: true,
    pattern: '[0-9]+',
    maxlength: 6,
    autocomplete: 'one-time-code',
    label: messages.recoveryCode(),
  })

function sentForm(deps: SecretDeps, flow: RecoveryFlow, to: Addressee): RecoveryFlow['ui'] {
  const nodes: readonly UiNode[] = [
    csrfNode(''),
    codeField(),
    inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
    submitNode('code', 'method', 'code', messages.continue()),
    submitNode('code', 'email', to.value, messages.resendCode()),
  ]
  return {
    action: publicUrl(deps, 'self-service/recovery', { flow: flow.id }),
    method: 'POST',
    nodes,
    messages: [messages.recoveryCodeSent()],
  }
}
