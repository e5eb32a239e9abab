import { createHash } from 'node:crypto'
import type { Cost } from '../../core/budget.ts'
import type { RecoveryFlow } from '../../core/flow.ts'
import type { AddressVia, RecoveryAddress } from '../../core/identity.ts'
import { identityId } from '../../core/ids.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import { challengeFor, mailData, mailOr, publicUrl, type SecretDeps } from '../../flows/sent-secret.ts'
import { isEmail } from '../../identities/formats.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Addressee, Attempt, Reading, Submitted } from '../define.ts'
import { attemptCode, digitsOf } from './attempt-code.ts'
import { textOf } from './text-of.ts'

type Step = Submitted<RecoveryFlow>

/** Longer ones are no address, and no message repeats them. */
const LONGEST = 320

/**
 * Recovery in which a person says any of their addresses and may have the code sent to another one, which they then have
 * to know in full (ory-identity-api.md §3.4, v2).
 */
export function chooseAddress(deps: SecretDeps, step: Step): Reading<RecoveryFlow> {
  const { flow, fields, at } = step
  if (textOf(fields.screen) === 'previous') return ready(() => goBack(deps, step))
  const given = (name: string) => textOf(fields[name])
  if (['recovery_address', 'recovery_confirm_address'].some((name) => given(name).length > LONGEST)) {
    return invalid('recovery_address', messages.tooLong(LONGEST, given('recovery_address').length))
  }
  switch (flow.state) {
    case 'recovery_awaiting_address':
      return given('recovery_address') === ''
        ? missing('recovery_address')
        : ready(() => start(deps, step), [{ kind: 'mail', to: normaliseIdentifier(given('recovery_address')) }])
    case 'recovery_awaiting_address_choice':
      return given('recovery_select_address') === ''
        ? missing('recovery_select_address')
        : ready(() => select(deps, step, given('recovery_select_address')), [{ kind: 'code' }])
    case 'recovery_confirming_address':
      return given('recovery_confirm_address') === ''
        ? missing('recovery_confirm_address')
        : ready(
            () => confirm(deps, step, given('recovery_confirm_address')),
            [{ kind: 'mail', to: normaliseIdentifier(given('recovery_confirm_address')) }],
          )
    case 'recovery_awaiting_code':
    case 'sent_email': {
      const code = digitsOf(given('code'))
      // No code: another one is wanted.
      if (code === '') return ready(() => resend(deps, step), [{ kind: 'mail', to: flow.challenge?.address ?? '' }])
      const right = { flow, code, at, wrong: messages.recoveryCodeInvalid(), proof: 'code_recovery' } as const
      return {
        ...ready(() => attemptCode(deps, right), [{ kind: 'code' }]),
        ...(flow.csrfExempt ? { withoutCsrf: true } : {}),
      }
    }
    case 'choose_method':
    case 'passed_challenge':
      return invalid('', messages.noRecoveryStrategy())
    default:
      return flow.state satisfies never
  }
}

const ready = (
  attempt: () => Promise<Attempt<RecoveryFlow>>,
  costs: readonly Cost[] = [],
): Extract<Reading<RecoveryFlow>, { kind: 'ready' }> => ({
  kind: 'ready',
  costs,
  attempt,
})
const invalid = (field: string, message: UiMessage): Reading<RecoveryFlow> => ({
  kind: 'invalid',
  messages: [{ field, message }],
})
const missing = (field: string) => invalid(field, messages.propertyMissing(field))

/** What the person typed at first, and whose it is. */
async function known(deps: SecretDeps, typed: string) {
  const value = normaliseIdentifier(typed)
  const identity = await deps.identities.findByAddress('recover', { value })
  return { value, identity, addresses: sorted(identity?.recoveryAddresses ?? []) }
}

const sorted = (addresses: readonly RecoveryAddress[]) => addresses.toSorted((a, b) => (a.value < b.value ? -1 : 1))

/** Nobody's address, or somebody's only one: both look as if a code had been sent. */
async function start(deps: SecretDeps, step: Step): Promise<Attempt<RecoveryFlow>> {
  const typed = textOf(step.fields.recovery_address)
  const { value, identity, addresses } = await known(deps, typed)
  if (addresses.length < 2) {
    const via = addresses[0]?.via ?? viaOf(value)
    return sendTo(deps, step, { value, via, identity }, typed)
  }
  return pending(
    deps,
    { ...step.flow, state: 'recovery_awaiting_address_choice', memory: { typed } },
    [
      ...addresses.map((address) =>
        submitNode('code', 'recovery_select_address', hashOf(address.value), messages.maskedAddress(masked(address))),
      ),
      inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
      hiddenAddress(typed),
    ],
    messages.chooseRecoveryAddress(),
  )
}

/** The address that was typed needs no more proof of being known; any other has to be typed in full. */
async function select(deps: SecretDeps, step: Step, hash: string): Promise<Attempt<RecoveryFlow>> {
  const typed = typedIn(step)
  const { value, identity, addresses } = await known(deps, typed)
  const chosen = addresses.find((address) => hashOf(address.value) === hash)
  if (chosen === undefined) return { kind: 'failed', messages: [{ field: '', message: messages.noRecoveryStrategy() }] }
  if (chosen.value === value) return sendTo(deps, step, { value, via: chosen.via, identity }, typed)
  const isPhone = chosen.via === 'sms'
  return pending(
    deps,
    { ...step.flow, state: 'recovery_confirming_address', memory: { typed, chosen: hash } },
    [
      inputNode({
        group: 'code',
        name: 'recovery_confirm_address',
        type: isPhone ? 'tel' : 'email',
        required: true,
        label: isPhone ? messages.phoneNumber() : messages.email(),
      }),
      hiddenAddress(typed),
      submitNode('code', 'method', 'code', messages.continue()),
      inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
      submitNode('code', 'screen', 'previous', messages.backInRecovery()),
    ],
    messages.confirmRecoveryAddress(),
  )
}

/** A wrong one is not said to be wrong: it looks as if a code had been sent there. */
async function confirm(deps: SecretDeps, step: Step, confirmed: string): Promise<Attempt<RecoveryFlow>> {
  const typed = typedIn(step)
  const { identity, addresses } = await known(deps, typed)
  const value = normaliseIdentifier(confirmed)
  const chosen = addresses.find((address) => hashOf(address.value) === step.flow.memory.chosen)
  const isRight = chosen !== undefined && chosen.value === value
  return sendTo(
    deps,
    step,
    { value, via: isRight ? chosen.via : viaOf(value), identity: isRight ? identity : null },
    typed,
  )
}

const NOBODY = identityId('00000000-0000-0000-0000-000000000000')

async function resend(deps: SecretDeps, step: Step): Promise<Attempt<RecoveryFlow>> {
  const { challenge } = step.flow
  if (challenge === null) return { kind: 'failed', messages: [{ field: '', message: messages.noRecoveryStrategy() }] }
  // Nobody is looked for as well.
  const identity = await deps.identities.find(challenge.identityId ?? NOBODY)
  return sendTo(deps, step, { value: challenge.address, via: challenge.via, identity }, typedIn(step))
}

/** Back to the choice; or to the address, where there was none. */
async function goBack(deps: SecretDeps, step: Step): Promise<Attempt<RecoveryFlow>> {
  const typed = typedIn(step)
  const hadChoice = typeof step.flow.memory.chosen === 'string' || step.flow.memory.choice === true
  if (typed !== '' && hadChoice) return start(deps, { ...step, fields: { recovery_address: typed } })
  return pending(deps, { ...step.flow, state: 'recovery_awaiting_address', challenge: null, memory: {} }, [
    inputNode({
      group: 'code',
      name: 'recovery_address',
      type: 'text',
      required: true,
      label: messages.recoveryAddress(),
    }),
    submitNode('code', 'method', 'code', messages.continue()),
  ])
}

const typedIn = ({ flow, fields }: Step) =>
  typeof flow.memory.typed === 'string' ? flow.memory.typed : textOf(fields.recovery_address)

async function sendTo(deps: SecretDeps, step: Step, to: Addressee, typed: string): Promise<Attempt<RecoveryFlow>> {
  const { flow: before, at, request, transientPayload } = step
  const { lifespan } = deps.settings.methods.code
  const code = deps.codes.code()
  const flow: RecoveryFlow = { ...before, transientPayload }
  const data = mailData(deps, flow, to, lifespan)
  const isKnown = to.identity !== null
  const mails = await deps.mail(
    isKnown
      ? { template: 'recovery_code_valid', to: to.value, via: to.via, data: { ...data, recovery_code: code }, request }
      : { template: 'recovery_code_invalid', to: to.value, via: to.via, data, request },
  )
  const choice = before.state === 'recovery_awaiting_address_choice' || before.memory.choice === true
  const sent = pending(
    deps,
    {
      ...flow,
      state: 'recovery_awaiting_code',
      active: 'code',
      challenge: challengeFor(deps, flow, to, code, { kind: 'code', at, expiresAt: at + lifespan }),
      memory: { ...before.memory, typed, choice },
    },
    [
      inputNode({
        group: 'code',
        name: 'code',
        type: 'text',
        required: true,
        pattern: '[0-9]+',
        maxlength: 6,
        autocomplete: 'one-time-code',
        label: messages.recoveryCode(),
      }),
      submitNode('code', 'method', 'code', messages.continue()),
      inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
      submitNode('code', 'recovery_confirm_address', to.value, messages.resendCode()),
      hiddenAddress(typed),
      submitNode('code', 'screen', 'previous', messages.backInRecovery()),
    ],
    messages.recoveryCodeSentTo(masked(to)),
  )
  const isSent = isKnown || deps.settings.selfservice.recovery.notifyUnknownRecipients
  return { ...sent, effects: mailOr(deps, isSent, mails, to, at) }
}

const viaOf = (value: string): AddressVia => (isEmail(value) ? 'email' : 'sms')

const hiddenAddress = (value: string) => inputNode({ group: 'code', name: 'recovery_address', type: 'hidden', value })

function pending(
  deps: SecretDeps,
  flow: RecoveryFlow,
  nodes: readonly UiNode[],
  ...said: readonly UiMessage[]
): Extract<Attempt<RecoveryFlow>, { kind: 'pending' }> {
  const ui = {
    action: publicUrl(deps, 'self-service/recovery', { flow: flow.id }),
    method: 'POST',
    nodes: [csrfNode(''), ...nodes],
    messages: said,
  } as const
  return { kind: 'pending', flow: { ...flow, ui }, effects: [], answer: 'form' }
}

const hashOf = (value: string) => createHash('sha256').update(value).digest('base64')

/** Enough to recognise an address by, too little to learn it (ory-identity-api.md §5.5). */
export const masked = ({ value, via }: { readonly value: string; readonly via: AddressVia }) => {
  if (via === 'sms' || !value.includes('@')) return `${value.slice(0, 3)}****${value.slice(-2)}`
  const at = value.lastIndexOf('@')
  return `${value.slice(0, Math.min(2, at))}****${value.slice(at)}`
}
