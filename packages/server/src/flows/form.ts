import type { Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { clearMessages, csrfNode, merged, sortNodes, withMessages, withValues } from '../core/nodes.ts'
import { METHODS, type MethodName } from '../core/trigger.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage, Ui, UiMessage, UiNode } from '../core/ui.ts'
import { inFlow } from '../methods/in-flow.ts'
import type { Caller, FlowDeps } from './define.ts'
import { asksIdentifierFirst, asksProfileFirst, carriesProfile, identifierStep } from './style.ts'

type FormDeps = Pick<FlowDeps, 'settings' | 'methods' | 'csrf' | 'traits'>

type Content = { readonly person: IdentityWithCredentials | null; readonly infos: readonly UiMessage[] }

/** A flow with its form as it is shown anew: its traits, then what each enabled method adds, in Ory's order. */
export function renderForm<F extends Flow>(deps: FormDeps, flow: F, caller: Caller, { person, infos }: Content): F {
  const traits = flow.name === 'registration' ? traitNodes(deps, flow, flow.identitySchema) : []
  const shown = shownMethods(deps, flow).flatMap((name) => {
    const method = deps.settings.methods[name].enabled ? inFlow(deps.methods, name, flow) : null
    return method?.isOffered(person) ? [{ name, ...method.show(person) }] : []
  })
  const offered = merged([...traits, ...shown.flatMap((part) => part.nodes)])
  const nodes = person === null && asksIdentifierFirst(deps, flow) ? identifierStep(offered) : offered
  const memory = { ...flow.memory, ...Object.fromEntries(shown.map((part) => [part.name, part.memory])) }
  const ui: Ui = {
    action: actionUrl(deps, flow),
    method: 'POST',
    nodes: sortNodes(flow.name, withCsrfNode(flow, nodes)),
    messages: infos,
  }
  return maskCsrf(deps, { ...flow, memory: withoutEmpty(memory), ui }, caller)
}

/** A method that keeps nothing takes no room in a flow's row. */
const withoutEmpty = (memory: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(memory).filter(([, kept]) => !isJsonObject(kept) || Object.keys(kept).length > 0))

export const actionUrl = ({ settings }: Pick<FormDeps, 'settings'>, flow: Flow) =>
  new URL(`self-service/${flow.name}?flow=${flow.id}`, settings.serve.public.baseUrl).href

/** A verification by code has its token last, and a native one has none (ory-identity-api.md §5). */
function withCsrfNode(flow: Flow, nodes: readonly UiNode[]): readonly UiNode[] {
  if (flow.name !== 'verification') return [csrfNode(''), ...nodes]
  if (flow.type === 'api') return nodes
  return flow.active === 'link' ? [csrfNode(''), ...nodes] : [...nodes, csrfNode('')]
}

/** Recovery and verification show the one method that is to be used; all others show whatever is enabled. */
function shownMethods(deps: FormDeps, flow: Flow): readonly MethodName[] {
  const { name } = flow
  if (name === 'recovery' || name === 'verification') return [deps.settings.selfservice[name].use]
  return asksProfileFirst(deps, flow) ? ['oidc', 'profile'] : METHODS
}

/** The fields of a sign-up; in its second step they are filled in already, and out of the way. */
const traitNodes = (deps: FormDeps, flow: Flow, schemaId: string | null): readonly UiNode[] =>
  deps.traits
    .nodes(schemaId)
    .map((node) =>
      node.type === 'input' && carriesProfile(deps, flow)
        ? { ...node, attributes: { ...node.attributes, type: 'hidden' } }
        : node,
    )

/** Puts a new one-time form of the browser's secret into the form; native clients have the field with nothing in it. */
export function maskCsrf<F extends Flow>(
  { csrf }: Pick<FormDeps, 'csrf'>,
  flow: F,
  { csrfCookie }: Pick<Caller, 'csrfCookie'>,
): F {
  const token = flow.type === 'api' || csrfCookie === null ? '' : csrf.mask(csrfCookie)
  const nodes = flow.ui.nodes.map((node) =>
    node.type === 'input' && node.attributes.name === 'csrf_token'
      ? { ...node, attributes: { ...node.attributes, value: token } }
      : node,
  )
  return { ...flow, ui: { ...flow.ui, nodes } }
}

type Next = { readonly fields: JsonObject; readonly messages: readonly FieldMessage[]; readonly at: Time }

/** The same form once more: what was typed stays (never a password), what was wrong is said, the CSRF token is new. */
export function renderAgain(deps: Pick<FormDeps, 'csrf'>, flow: Flow, caller: Caller, next: Next): Flow {
  const cleared = withTyped(flow, next.fields)
  const told = { ...reopened(flow), ui: withMessages(cleared, next.messages), updatedAt: next.at }
  return maskCsrf(deps, told, caller)
}

/** What was typed. A profile is replaced as a whole, so what was left out of it is gone from the form too; an address is asked for anew. */
function withTyped(flow: Flow, fields: JsonObject): Ui {
  const ui = clearMessages(flow.ui)
  if (flow.name === 'recovery' || flow.name === 'verification') return ui
  if (flow.name !== 'settings' || fields.traits === undefined) return withValues(ui, fields)
  const nodes = ui.nodes.map((node): UiNode => {
    if (node.type !== 'input' || !node.attributes.name.startsWith('traits.')) return node
    const { value: _, ...attributes } = node.attributes
    return { ...node, attributes }
  })
  return withValues({ ...ui, nodes }, fields)
}

/** What is wrong now is no success any more (a row of docs/compatibility.md: Ory leaves both standing). */
const reopened = (flow: Flow): Flow => (flow.name === 'settings' ? { ...flow, state: 'show_form' } : flow)
