import { type Cost, secondFactorCost } from '../../core/budget.ts'
import type { LoginFlow } from '../../core/flow.ts'
import type { IdentityWithCredentials } from '../../core/identity.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { Settings } from '../../core/settings.ts'
import type { FieldMessage, InputNode, UiMessage, UiNode } from '../../core/ui.ts'
import { answered, challengeFor, isAnswer, mailData, mailOr, type SecretDeps } from '../../flows/sent-secret.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Store } from '../../store/store.ts'
import type { Addressee, Asked, Attempt, Challenged, MethodInFlow, Reading, Submitted } from '../define.ts'
import { digitsOf, tooOften } from './attempt-code.ts'
import { onlyVia, signInAddresses } from './sign-in-addresses.ts'
import { textOf } from './text-of.ts'

export type CodeLoginDeps = Omit<SecretDeps, 'settings' | 'identities'> & {
  readonly identities: SecretDeps['identities'] & Pick<Store['identities'], 'findByIdentifier'>
  readonly identifierLabel: () => UiMessage
  readonly settings: SecretDeps['settings'] & Pick<Settings, 'security'>
}

/** A code that is sent to somebody's address: instead of a password, or after it (ory-identity-api.md §7.2). */
export const codeLogin = (deps: CodeLoginDeps): MethodInFlow<LoginFlow> => ({
  takesPart: ({ requestedAal }) => {
    const { passwordless, mfa } = deps.settings.methods.code
    return requestedAal === 'aal2' ? mfa : passwordless
  },
  impliedBy: ['code', 'resend', 'address'],
  nodes: ({ flow, person }) => {
    if (flow.requestedAal === 'aal2') return person === null ? [] : addressNodes(deps, flow, person)
    const identifier = { group: 'default', name: 'identifier', type: 'text', value: '', required: true } as const
    const ask = [
      inputNode({ ...identifier, label: deps.identifierLabel() }),
      submitNode('code', 'method', 'code', messages.sendLoginCode()),
    ]
    if (person === null) return ask
    if (addressesOf(deps, flow, person).length === 0) return []
    return deps.settings.featureFlags.refreshLoginChooseAddress ? addressNodes(deps, flow, person) : ask
  },
  atOnce: async ({ flow, person }, asked) => {
    if (flow.requestedAal !== 'aal2' || flow.refresh || person === null) return null
    const [only, ...others] = flow.ui.nodes.filter((node) => !isNamed(node, 'csrf_token'))
    const [address] = addressesOf(deps, flow, person)
    // With another way to go on, it is theirs to choose.
    if (only === undefined || address === undefined || others.length > 0 || !isNamed(only, 'address')) return null
    return send(deps, flow, { ...address, identity: person }, address.value, asked)
  },
  read: (submitted) => read(deps, submitted),
})

const isNamed = (node: UiNode, name: string): node is InputNode =>
  node.type === 'input' && node.attributes.name === name

const addressesOf = ({ settings }: CodeLoginDeps, { requestUrl }: LoginFlow, person: IdentityWithCredentials) =>
  onlyVia(signInAddresses(person, settings.methods.code.missingCredentialFallback), person, requestUrl)

const addressNodes = (deps: CodeLoginDeps, flow: LoginFlow, person: IdentityWithCredentials): readonly UiNode[] =>
  addressesOf(deps, flow, person).map(({ value, via }) =>
    submitNode('code', 'address', value, messages.sendCodeTo(value, via)),
  )

function read(deps: CodeLoginDeps, submitted: Submitted<LoginFlow>): Reading<LoginFlow> {
  const { fields, flow, person } = submitted
  const [code, resend] = [digitsOf(textOf(fields.code)), textOf(fields.resend)]
  const typed = textOf(fields.address) || textOf(fields.identifier)
  // Whoever it is must be said with every step of a first sign-in (ory-identity-api.md §7.2).
  const needsIdentifier = flow.requestedAal !== 'aal2' || (code === '' && resend === '')
  if (typed === '' && needsIdentifier) {
    const missing: FieldMessage = { field: 'identifier', message: messages.propertyMissing('identifier') }
    return { kind: 'invalid', messages: [missing] }
  }
  if (code !== '' && resend === '') {
    const costs: readonly Cost[] = flow.requestedAal === 'aal2' ? secondFactorCost(person, 'code') : [{ kind: 'code' }]
    return { kind: 'ready', costs, attempt: () => attemptCode(deps, submitted, typed, code) }
  }
  const again = typed === '' ? (flow.challenge?.address ?? '') : typed
  return {
    kind: 'ready',
    costs: [{ kind: 'mail', to: normaliseIdentifier(again) }],
    attempt: () =>
      flow.requestedAal === 'aal2' ? sendToOwn(deps, submitted, person, again) : sendTo(deps, submitted, again),
  }
}

/** To whoever signs in with this address. */
async function sendTo(
  deps: CodeLoginDeps,
  { flow, transientPayload, at, request }: Submitted<LoginFlow>,
  typed: string,
): Promise<Attempt<LoginFlow>> {
  const value = normaliseIdentifier(typed)
  const identity = await findBy(deps, value)
  const known = identity === null ? undefined : addressesIn(deps, identity).find((address) => address.value === value)
  if (known === undefined && !deps.settings.security.accountEnumeration.mitigate) return unknown
  // Nobody learns from the answer who has an account: a code that nobody was sent is awaited just as well.
  const to: Addressee = {
    value,
    via: known?.via ?? (value.includes('@') ? 'email' : 'sms'),
    identity: known === undefined ? null : identity,
  }
  const sent = await send(deps, { ...flow, transientPayload }, to, typed, { at, request })
  return { kind: 'pending', ...sent, answer: 'refused' }
}

const addressesIn = ({ settings }: CodeLoginDeps, person: IdentityWithCredentials) =>
  signInAddresses(person, settings.methods.code.missingCredentialFallback)

async function findBy(deps: CodeLoginDeps, value: string): Promise<IdentityWithCredentials | null> {
  const { identities, settings } = deps
  const found = await identities.findByIdentifier('code', value)
  if (found !== null || !settings.methods.code.missingCredentialFallback) return found
  return (await identities.findByAddress('verify', { value })) ?? identities.findByAddress('recover', { value })
}

/** To an address of somebody who is known already; to no other. */
async function sendToOwn(
  deps: CodeLoginDeps,
  { flow, transientPayload, at, request }: Submitted<LoginFlow>,
  person: IdentityWithCredentials | null,
  typed: string,
): Promise<Attempt<LoginFlow>> {
  const value = normaliseIdentifier(typed)
  const own = person === null ? undefined : addressesOf(deps, flow, person).find((address) => address.value === value)
  if (own === undefined) return unknown
  const sent = await send(deps, { ...flow, transientPayload }, { ...own, identity: person }, value, { at, request })
  return { kind: 'pending', ...sent, answer: 'refused' }
}

const unknown: Attempt<LoginFlow> = {
  kind: 'failed',
  messages: [{ field: '', message: messages.noCodeCredential() }],
}

async function send(
  deps: CodeLoginDeps,
  flow: LoginFlow,
  to: Addressee,
  shown: string,
  { at, request }: Asked,
): Promise<Challenged<LoginFlow>> {
  const { lifespan } = deps.settings.methods.code
  const code = deps.codes.code()
  const about = mailData(deps, flow, to, lifespan)
  const data = { ...about, login_code: code }
  const isKnown = to.identity !== null
  // To nobody goes what could go to nobody, and that does not go out either: it takes as long.
  const mails = await deps.mail(
    isKnown
      ? { template: 'login_code_valid', to: to.value, via: to.via, data, request }
      : { template: 'recovery_code_invalid', to: to.value, via: to.via, data: about, request },
  )
  const confirms = flow.refresh || flow.requestedAal === 'aal2'
  return {
    effects: mailOr(deps, isKnown, mails, to, at),
    flow: {
      ...flow,
      state: 'sent_email',
      active: 'code',
      challenge: challengeFor(deps, flow, to, code, { kind: 'code', at, expiresAt: at + lifespan }),
      ui: {
        ...flow.ui,
        messages: [confirms ? messages.loginCodeSentAgain() : messages.loginCodeSent()],
        nodes: [
          hiddenIdentifier(flow, to.value, shown),
          inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
          codeField(),
          submitNode('code', 'method', 'code', messages.continue()),
          submitNode('code', 'resend', 'code', messages.resendCode()),
          // A native client loses it here (ory-identity-api.md §15, 31).
          ...(flow.type === 'api' ? [] : [csrfNode('')]),
        ],
      },
    },
  }
}

/** Who it is stays in the form, out of the way; an address that was chosen takes its place (§5.1). */
function hiddenIdentifier({ ui }: LoginFlow, address: string, shown: string): InputNode {
  const chosen = ui.nodes.find((node) => isNamed(node, 'address') && node.attributes.value === address)
  const asked = ui.nodes.find((node) => isNamed(node, 'identifier'))
  const node = chosen ?? asked
  if (node?.type !== 'input') return inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: shown })
  return { ...node, messages: [], attributes: { ...node.attributes, name: 'identifier', type: 'hidden', value: shown } }
}

const codeField = () =>
  inputNode({
    group: 'code',
    name: 'code',
    type: 'text',
    required: true,
    autocomplete: 'one-time-code',
    label: messages.loginCode(),
  })

/**
 * Looks at a code that was sent back. Every wrong one counts, and after as many as are allowed the right one is none any
 * more. A code nobody was sent fails in the same way.
 */
async function attemptCode(
  deps: CodeLoginDeps,
  { flow, at, person }: Submitted<LoginFlow>,
  typed: string,
  code: string,
): Promise<Attempt<LoginFlow>> {
  const { challenge } = flow
  const failures = challenge?.failures ?? 0
  if (failures >= deps.settings.methods.code.maxSubmissions) return again(flow, typed, failures, tooOften.message)

  const isFor = typed === '' || normaliseIdentifier(typed) === challenge?.address
  const isOwn = flow.requestedAal !== 'aal2' || (person !== null && challenge?.identityId === person.id)
  const who = isFor && isOwn && isAnswer(deps, flow, 'code', code, at) ? await answered(deps, flow, at) : null
  if (who === null) return again(flow, typed, failures + 1, messages.loginCodeInvalid())
  return { kind: 'passed', ...who, aal: flow.requestedAal === 'aal2' ? 'aal2' : 'aal1' }
}

/** The form after a wrong code, in the order Ory has then (§5.1). */
function again(flow: LoginFlow, typed: string, failures: number, said: UiMessage): Attempt<LoginFlow> {
  const value = typed === '' ? (flow.challenge?.address ?? '') : typed
  const nodes = [
    csrfNode(''),
    inputNode({ group: 'default', name: 'identifier', type: 'hidden', value }),
    codeField(),
    submitNode('code', 'resend', 'code', messages.resendCode()),
    inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
    submitNode('code', 'method', 'code', messages.continue()),
  ]
  return {
    kind: 'pending',
    flow: {
      ...flow,
      active: 'code',
      challenge: flow.challenge === null ? null : { ...flow.challenge, failures },
      ui: { ...flow.ui, nodes, messages: [said] },
    },
    effects: [],
    answer: 'refused',
    hidesPayload: true,
  }
}
