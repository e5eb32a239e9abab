import type { Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { UiNode } from '../core/ui.ts'
import type { Method, MethodInFlow, Reading, Submitted } from './define.ts'

/** A method's part in one flow that exists. */
export type MethodHere = {
  isOffered(person: IdentityWithCredentials | null): boolean
  nodes(person: IdentityWithCredentials | null): readonly UiNode[]
  readonly impliedBy: readonly string[]
  read(submitted: Omit<Submitted<Flow>, 'flow'>): Reading
}

/** What a method does in this very flow; null where it has no part in its kind. */
export function inFlow(method: Method | undefined, flow: Flow): MethodHere | null {
  switch (flow.name) {
    case 'login':
      return here(method?.login, flow)
    case 'registration':
      return here(method?.registration, flow)
    case 'settings':
      return here(method?.settings, flow)
    case 'recovery':
      return here(method?.recovery, flow)
    case 'verification':
      return here(method?.verification, flow)
    default:
      return flow satisfies never
  }
}

const here = <F extends Flow>(method: MethodInFlow<F> | undefined, flow: F): MethodHere | null =>
  method === undefined
    ? null
    : {
        isOffered: (person) => method.isOffered?.({ flow, person }) ?? true,
        nodes: (person) => method.nodes({ flow, person }),
        impliedBy: method.impliedBy ?? [],
        read: (submitted) => method.read({ ...submitted, flow }),
      }
