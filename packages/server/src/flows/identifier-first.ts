import type { Cost } from '../core/budget.ts'
import { isFirstFactor } from '../core/factors.ts'
import type { LoginFlow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import { csrfNode, inputNode, merged } from '../core/nodes.ts'
import { METHODS, type MethodName } from '../core/trigger.ts'
import type { UiNode } from '../core/ui.ts'
import { linkedProviders } from '../identities/social-credential.ts'
import { normaliseIdentifier } from '../identities/normalise.ts'
import type { Attempt, Reading, Submitted } from '../methods/define.ts'
import { inFlow } from '../methods/in-flow.ts'
import type { FlowDeps } from './define.ts'
import { asksIdentifierFirst } from './style.ts'

type Deps = Pick<FlowDeps, 'settings' | 'methods' | 'store'>

export const isIdentifierStep = (deps: Deps, flow: LoginFlow, { method }: JsonObject) =>
  method === 'identifier_first' && asksIdentifierFirst(deps, flow)

/**
 * Somebody says who they are, and is shown what they can sign in with (ory-identity-api.md §7.8). It is a step of the
 * sign-in itself and belongs to no method, so no action is asked.
 */
export function readIdentifierStep(deps: Deps, submitted: Submitted<LoginFlow>): Reading<LoginFlow> {
  const identifier = textOf(submitted.fields.identifier)
  if (identifier === '') return { kind: 'invalid', messages: [unknown] }
  return {
    kind: 'ready',
    costs: costs(deps, submitted.flow, identifier),
    attempt: () => attempt(deps, submitted, identifier),
  }
}

/** Where everybody is sent a code at once, it is paid for by those too to whom none goes. */
function costs(deps: Deps, flow: LoginFlow, identifier: string): readonly Cost[] {
  const { mitigate } = deps.settings.security.accountEnumeration
  const [only, ...others] = mitigate ? waysIn(deps, flow, null, true) : []
  return only?.name === 'code' && others.length === 0 ? [{ kind: 'mail', to: normaliseIdentifier(identifier) }] : []
}

const textOf = (value: Json | undefined) => (typeof value === 'string' ? value.trim() : '')

const unknown = { field: 'identifier', message: messages.noAccount() }

async function attempt(deps: Deps, submitted: Submitted<LoginFlow>, identifier: string): Promise<Attempt<LoginFlow>> {
  const { flow, transientPayload } = submitted
  const { mitigate } = deps.settings.security.accountEnumeration
  // Where nobody may learn who has an account, everybody is shown the same: all there is.
  const person = mitigate ? null : await findBy(deps, normaliseIdentifier(identifier))
  const ways = waysIn(deps, flow, person, mitigate)
  if (ways.length === 0) return { kind: 'failed', messages: [unknown] }

  const known: LoginFlow = { ...flow, ui: { ...flow.ui, messages: [], nodes: [hiddenIdentifier(flow, identifier)] } }
  const [only, ...others] = ways
  // Who can do nothing else has a code sent at once.
  if (only?.name === 'code' && others.length === 0) return askForCode(deps, submitted, known, identifier)
  const memory = Object.fromEntries(ways.map(({ name, memory: kept }) => [name, kept]))
  return {
    kind: 'pending',
    flow: {
      ...known,
      active: 'identifier_first',
      transientPayload,
      memory: { ...flow.memory, ...memory },
      ui: { ...known.ui, nodes: [...known.ui.nodes, csrfNode(''), ...merged(ways.flatMap(({ nodes }) => nodes))] },
    },
    effects: [],
    answer: 'refused',
  }
}

async function findBy({ store }: Deps, identifier: string): Promise<IdentityWithCredentials | null> {
  for (const type of ['password', 'code', 'webauthn'] as const) {
    const found = await store.identities.findByIdentifier(type, identifier)
    if (found !== null) return found
  }
  return null
}

type WayIn = { readonly name: MethodName; readonly nodes: readonly UiNode[]; readonly memory: JsonObject }

/** In Ory's order of this form (§5.1). */
const ORDER: readonly MethodName[] = ['oidc', 'webauthn', 'passkey', 'password', 'code']

/** What somebody can sign in with; or everything, where that is not to be told. */
const waysIn = (deps: Deps, flow: LoginFlow, person: IdentityWithCredentials | null, all: boolean): readonly WayIn[] =>
  METHODS.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)).flatMap((name): WayIn[] => {
    const method = deps.settings.methods[name].enabled ? inFlow(deps.methods, name, flow) : null
    if (method === null || !method.isOffered(null)) return []
    const isTheirs = person?.credentials.some(
      (credential) => credential.type === name && isFirstFactor(deps.settings.methods, credential),
    )
    if (!all && isTheirs !== true) return []
    const { nodes, memory } = method.show(null)
    return [{ name, memory, nodes: nodes.filter((node) => isShown(node, name, all ? null : person)) }]
  })

function isShown(node: UiNode, name: MethodName, person: IdentityWithCredentials | null): boolean {
  if (node.type !== 'input') return true
  const { name: field, value } = node.attributes
  if (field === 'identifier') return false
  return name !== 'oidc' || person === null || linkedProviders(person).some((provider) => provider === value)
}

/** Who it is stays in the form, out of the way. */
function hiddenIdentifier({ ui }: LoginFlow, identifier: string): UiNode {
  const node = ui.nodes.find((each) => each.type === 'input' && each.attributes.name === 'identifier')
  const asked =
    node?.type === 'input'
      ? node
      : inputNode({ group: 'identifier_first', name: 'identifier', type: 'hidden', required: true })
  return { ...asked, messages: [], attributes: { ...asked.attributes, type: 'hidden', value: identifier } }
}

async function askForCode(
  deps: Deps,
  submitted: Submitted<LoginFlow>,
  flow: LoginFlow,
  identifier: string,
): Promise<Attempt<LoginFlow>> {
  const reading = deps.methods.code?.login?.read({
    ...submitted,
    flow,
    memory: isJsonObject(flow.memory.code) ? flow.memory.code : {},
    fields: { identifier },
  })
  if (reading === undefined || reading.kind === 'invalid') return { kind: 'failed', messages: reading?.messages ?? [] }
  return reading.attempt()
}
