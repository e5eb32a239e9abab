import { isDeepStrictEqual } from 'node:util'
import type { Effect } from '../../core/effect.ts'
import type { RegistrationFlow } from '../../core/flow.ts'
import type { Identity } from '../../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode, withValues } from '../../core/nodes.ts'
import type { FieldMessage, UiMessage, UiNode } from '../../core/ui.ts'
import type { TraitForms } from '../../flows/define.ts'
import { challengeFor, mailData, type SecretDeps } from '../../flows/sent-secret.ts'
import { remembering } from '../../flows/memory.ts'
import { isTwoStep } from '../../flows/style.ts'
import type { BuildIdentity } from '../../identities/build.ts'
import type { Attempt, MethodInFlow, Reading, Submitted } from '../define.ts'
import { digitsOf, tooOften } from './attempt-code.ts'
import { type SignInAddress, signInAddresses } from './sign-in-addresses.ts'
import { textOf } from './text-of.ts'

export type CodeRegistrationDeps = SecretDeps & {
  readonly buildIdentity: BuildIdentity
  readonly traitForms: Pick<TraitForms, 'nodes'>
  readonly validateTraits: (schemaId: Identity['schemaId'] | null, traits: JsonObject) => readonly FieldMessage[]
}

/** Signing up with nothing but an address that answers (ory-identity-api.md §7.2). */
export const codeRegistration = (deps: CodeRegistrationDeps): MethodInFlow<RegistrationFlow> => ({
  takesPart: () => deps.settings.methods.code.passwordless,
  impliedBy: ['code', 'resend'],
  nodes: () => [submitNode('code', 'method', 'code', messages.sendRegistrationCode())],
  read: (submitted) => read(deps, submitted),
})

function read(deps: CodeRegistrationDeps, submitted: Submitted<RegistrationFlow>): Reading<RegistrationFlow> {
  const { flow, fields } = submitted
  const [code, resend] = [digitsOf(textOf(fields.code)), textOf(fields.resend)]
  const traits = isJsonObject(fields.traits) ? fields.traits : {}
  const wrong = deps.validateTraits(flow.identitySchema, traits)
  if (wrong.length > 0) return { kind: 'invalid', messages: wrong }
  if (code === '' || resend !== '') {
    return { kind: 'ready', costs: [{ kind: 'registration' }], attempt: () => send(deps, submitted, traits) }
  }
  return { kind: 'ready', costs: [{ kind: 'code' }], attempt: async () => attemptCode(deps, submitted, traits, code) }
}

/** Each address gets a code of its own; any of them will do, and verifies its address. */
async function send(
  deps: CodeRegistrationDeps,
  { flow, transientPayload, at, request }: Submitted<RegistrationFlow>,
  traits: JsonObject,
): Promise<Attempt<RegistrationFlow>> {
  const draft = deps.buildIdentity({ schemaId: flow.identitySchema, traits, credentials: [] })
  if (draft.kind === 'invalid') return { kind: 'failed', messages: draft.messages }
  const addresses = signInAddresses(draft.identity, false)
  const [first] = addresses
  if (first === undefined) return { kind: 'failed', messages: [{ field: '', message: messages.noIdentifiers() }] }

  const { lifespan } = deps.settings.methods.code
  const sent: { readonly to: SignInAddress; readonly code: string; readonly effects: readonly Effect[] }[] = []
  for (const to of addresses) {
    const code = deps.codes.code()
    const about = { ...mailData(deps, { ...flow, transientPayload }, { ...to, identity: null }, lifespan), traits }
    const data = { ...about, registration_code: code }
    sent.push({
      to,
      code,
      effects: await deps.mail({ template: 'registration_code_valid', to: to.value, via: to.via, data, request }),
    })
  }
  const issued = { kind: 'code', at, expiresAt: at + lifespan } as const
  const challenged: RegistrationFlow = {
    ...flow,
    transientPayload,
    state: 'sent_email',
    active: 'code',
    challenge: challengeFor(deps, flow, { ...first, identity: null }, sent[0]?.code ?? '', issued),
    ui: {
      ...flow.ui,
      messages: [messages.registrationCodeSent()],
      nodes: [
        ...traitNodes(deps, flow, traits),
        inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
        codeField(),
        submitNode('code', 'method', 'code', messages.continue()),
        submitNode('code', 'resend', 'code', messages.resendCode()),
        ...backNode(deps),
      ],
    },
  }
  const awaited = sent.map(({ to, code }) => ({ address: to.value, via: to.via, hash: deps.codes.hash(code, flow.id) }))
  return {
    kind: 'pending',
    flow: remembering(challenged, 'code', { traits, awaited }),
    effects: sent.flatMap(({ effects }) => effects),
    answer: 'refused',
  }
}

/** In two steps there is a way back to the choice between methods (ory-identity-api.md §5.3). */
const backNode = ({ settings }: CodeRegistrationDeps): readonly UiNode[] =>
  isTwoStep({ settings })
    ? [submitNode('profile', 'screen', 'credential-selection', messages.backInRegistration())]
    : []

/** What was typed stays in the form, out of the way. */
export function traitNodes(
  { traitForms }: Pick<CodeRegistrationDeps, 'traitForms'>,
  { ui, identitySchema }: RegistrationFlow,
  traits: JsonObject,
): readonly UiNode[] {
  const hidden = traitForms
    .nodes(identitySchema)
    .map(
      (node): UiNode =>
        node.type === 'input' ? { ...node, attributes: { ...node.attributes, type: 'hidden' } } : node,
    )
  return withValues({ ...ui, nodes: [csrfNode(''), ...hidden] }, { traits }).nodes
}

const codeField = () =>
  inputNode({
    group: 'code',
    name: 'code',
    type: 'text',
    required: true,
    autocomplete: 'one-time-code',
    label: messages.registrationCode(),
  })

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

function attemptCode(
  deps: CodeRegistrationDeps,
  { flow, memory, at }: Submitted<RegistrationFlow>,
  traits: JsonObject,
  code: string,
): Attempt<RegistrationFlow> {
  const { challenge } = flow
  const failures = challenge?.failures ?? 0
  if (failures >= deps.settings.methods.code.maxSubmissions)
    return again(deps, flow, traits, failures, tooOften.message)
  // The code was sent for these traits and for no others.
  if (challenge !== null && !isDeepStrictEqual(memory.traits, traits)) {
    return { kind: 'failed', messages: [{ field: '', message: messages.traitsMismatch() }] }
  }
  const awaited = (isList(memory.awaited) ? memory.awaited : []).filter(isJsonObject)
  const answered = awaited.find(({ hash }) => typeof hash === 'string' && deps.codes.matches(code, flow.id, hash))
  if (answered === undefined || challenge === null || challenge.expiresAt <= at) {
    return again(deps, flow, traits, failures + 1, messages.registrationCodeInvalid())
  }
  const built = deps.buildIdentity({
    schemaId: flow.identitySchema,
    traits,
    credentials: [],
    verifiableAddresses: [
      { value: textOf(answered.address), via: answered.via === 'sms' ? 'sms' : 'email', verified: true },
    ],
  })
  if (built.kind === 'invalid') return { kind: 'failed', messages: built.messages }
  return { kind: 'passed', identity: built.identity, aal: 'aal1', effects: [] }
}

/** The form after a wrong code, in the order Ory has then (§5.3). */
function again(
  deps: CodeRegistrationDeps,
  flow: RegistrationFlow,
  traits: JsonObject,
  failures: number,
  said: UiMessage,
): Attempt<RegistrationFlow> {
  const nodes = [
    ...traitNodes(deps, flow, traits),
    codeField(),
    submitNode('code', 'resend', 'code', messages.resendCode()),
    inputNode({ group: 'code', name: 'method', type: 'hidden', value: 'code' }),
    submitNode('code', 'method', 'code', messages.continue()),
    ...backNode(deps),
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
