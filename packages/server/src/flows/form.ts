import type { Flow } from '../core/flow.ts'
import type { JsonObject } from '../core/json.ts'
import { clearMessages, csrfNode, sortNodes, withMessages, withValues } from '../core/nodes.ts'
import { METHODS } from '../core/trigger.ts'
import type { Time } from '../core/time.ts'
import type { FieldMessage, Ui, UiMessage, UiNode } from '../core/ui.ts'
import type { Caller, FlowDeps } from './define.ts'

type FormDeps = Pick<FlowDeps, 'settings' | 'methods' | 'csrf' | 'traits'>

/** The form of a flow that has just been opened: its traits, then what each enabled method adds, in Ory's order. */
export function renderForm(deps: FormDeps, flow: Flow, caller: Caller, infos: readonly UiMessage[]): Ui {
  const token = flow.type === 'api' ? '' : deps.csrf.mask(caller.csrfCookie ?? '')
  const traits = flow.name === 'registration' ? deps.traits.nodes(flow.identitySchema) : []
  return {
    action: new URL(`self-service/${flow.name}?flow=${flow.id}`, deps.settings.serve.public.baseUrl).href,
    method: 'POST',
    nodes: sortNodes(flow.name, [csrfNode(token), ...traits, ...methodNodes(deps, flow)]),
    messages: infos,
  }
}

function methodNodes({ settings, methods }: FormDeps, flow: Flow): readonly UiNode[] {
  return METHODS.filter((name) => settings.methods[name].enabled).flatMap((name) =>
    flow.name === 'login'
      ? (methods[name]?.login?.nodes(flow) ?? [])
      : (methods[name]?.registration?.nodes(flow) ?? []),
  )
}

type Next = { readonly fields: JsonObject; readonly messages: readonly FieldMessage[]; readonly at: Time }

/** The same form once more: what was typed stays (never a password), what was wrong is said, the CSRF token is new. */
export function renderAgain<F extends Flow>({ csrf }: Pick<FormDeps, 'csrf'>, flow: F, caller: Caller, next: Next): F {
  const cleared = withValues(clearMessages(flow.ui), next.fields)
  const token = flow.type === 'api' || caller.csrfCookie === null ? '' : csrf.mask(caller.csrfCookie)
  const nodes = cleared.nodes.map((node) =>
    node.type === 'input' && node.attributes.name === 'csrf_token'
      ? { ...node, attributes: { ...node.attributes, value: token } }
      : node,
  )
  return { ...flow, ui: withMessages({ ...cleared, nodes }, next.messages), updatedAt: next.at }
}
