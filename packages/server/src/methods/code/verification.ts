import type { VerificationFlow } from '../../core/flow.ts'
import type { AddressVia } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { UiNode } from '../../core/ui.ts'
import { challengeFor, isAnswer, mailData, mailOr, publicUrl, type SecretDeps } from '../../flows/sent-secret.ts'
import { isEmail } from '../../identities/formats.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Addressee, AddressMethod, Asked, Attempt, Challenged, Reading, Submitted } from '../define.ts'
import { attemptCode, digitsOf } from './attempt-code.ts'
import { textOf } from './text-of.ts'

/** A code that proves that an address is read (ory-identity-api.md §3.5). */
export const codeVerification = (deps: SecretDeps): AddressMethod<VerificationFlow> => ({
  impliedBy: ['code'],
  nodes: () => [
    inputNode({ group: 'code', name: 'email', type: 'email', required: true, label: messages.email() }),
    submitNode('code', 'method', 'code', messages.continue()),
  ],
  read: (submitted) => read(deps, submitted),
  challenge: (flow, to, asked) => challenge(deps, flow, to, asked),
})

/** Longer ones are no address, and no message repeats them. */
const LONGEST = 320

function read(deps: SecretDeps, submitted: Submitted<VerificationFlow>): Reading<VerificationFlow> {
  const { flow, fields, transientPayload, at, request } = submitted
  const email = textOf(fields.email)
  if (email.length > LONGEST) {
    return { kind: 'invalid', messages: [{ field: 'email', message: messages.tooLong(LONGEST, email.length) }] }
  }
  if (email !== '')
    return {
      kind: 'ready',
      costs: [{ kind: 'mail', to: normaliseIdentifier(email) }],
      attempt: () => send(deps, { ...flow, transientPayload }, email, { at, request }),
    }

  const code = digitsOf(textOf(fields.code))
  if (code === '') {
    const field = flow.challenge === null ? 'email' : 'code'
    return { kind: 'invalid', messages: [{ field, message: messages.propertyMissing(field) }] }
  }
  if (request.method === 'GET')
    return { kind: 'ready', withoutCsrf: true, costs: [{ kind: 'code' }], attempt: () => fillIn(deps, submitted, code) }
  return {
    kind: 'ready',
    costs: [{ kind: 'code' }],
    // Whoever has the code need not come from the page it is asked for on (ory-identity-api.md §1.8).
    withoutCsrf: true,
    attempt: () => attemptCode(deps, { flow, code, at, wrong: messages.verificationCodeInvalid() }),
  }
}

/**
 * The link of a mail fills the code in and verifies nothing. In another browser than the one that asked for it, the
 * code is what makes the flow its own; a wrong one counts there, or links could be tried without end.
 */
async function fillIn(
  deps: SecretDeps,
  { flow, isOwner, at }: Submitted<VerificationFlow>,
  code: string,
): Promise<Attempt<VerificationFlow>> {
  const isRight = isAnswer(deps, flow, 'code', code, at)
  if (!isOwner && !isRight) return attemptCode(deps, { flow, code: '', at, wrong: messages.verificationCodeInvalid() })
  const nodes = flow.ui.nodes.map(
    (node): UiNode =>
      node.type === 'input' && node.attributes.name === 'code'
        ? { ...node, attributes: { ...node.attributes, value: code } }
        : node,
  )
  return {
    kind: 'pending',
    flow: { ...flow, ui: { ...flow.ui, nodes } },
    effects: [],
    answer: 'form',
    ...(isOwner ? {} : { handOver: true }),
  }
}

async function send(
  deps: SecretDeps,
  flow: VerificationFlow,
  address: string,
  asked: Asked,
): Promise<Attempt<VerificationFlow>> {
  const value = normaliseIdentifier(address)
  // What is no e-mail address counts as the number of a phone (ory-identity-api.md §3.5).
  const via: AddressVia = isEmail(address) ? 'email' : 'sms'
  const identity = await deps.identities.findByAddress('verify', { value, via })
  const challenged = await challenge(deps, flow, { value, via, identity }, asked)
  return { kind: 'pending', ...challenged, answer: 'form', hidesPayload: true }
}

async function challenge(
  deps: SecretDeps,
  flow: VerificationFlow,
  to: Addressee,
  { at, request }: Asked,
): Promise<Challenged<VerificationFlow>> {
  const { lifespan } = deps.settings.methods.code
  const code = deps.codes.code()
  const isKnown = to.identity !== null
  const data = mailData(deps, flow, to, lifespan)
  const verification_url = publicUrl(deps, 'self-service/verification', { code, flow: flow.id })
  const mails = await deps.mail(
    isKnown
      ? {
          template: 'verification_code_valid',
          to: to.value,
          via: to.via,
          data: { ...data, verification_code: code, verification_url },
          request,
        }
      : { template: 'verification_code_invalid', to: to.value, via: to.via, data, request },
  )
  return {
    flow: {
      ...flow,
      state: 'sent_email',
      active: 'code',
      challenge: challengeFor(deps, flow, to, code, { kind: 'code', at, expiresAt: at + lifespan }),
      ui: sentForm(deps, flow, to),
    },
    effects: mailOr(deps, isKnown || deps.settings.selfservice.verification.notifyUnknownRecipients, mails, to, at),
  }
}

function sentForm(deps: SecretDeps, flow: VerificationFlow, to: Addressee): VerificationFlow['ui'] {
  return {
    action: publicUrl(deps, 'self-service/verification', { flow: flow.id }),
    method: 'POST',
    nodes: [
      inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
      inputNode({
        group: 'code',
        name: 'code',
        type: 'text',
        required: true,
        autocomplete: 'one-time-code',
        label: messages.verificationCode(),
      }),
      submitNode('code', 'method', 'code', messages.continue()),
      // A native client needs no token (ory-identity-api.md §15, 31).
      ...(flow.type === 'api' ? [] : [csrfNode('')]),
      submitNode('code', 'email', to.value, messages.resendCode()),
    ],
    messages: [to.via === 'sms' ? messages.verificationCodeTexted() : messages.verificationCodeSent()],
  }
}
