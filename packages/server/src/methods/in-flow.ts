import type { Flow } from '../core/flow.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import type { MethodName } from '../core/trigger.ts'
import type { UiNode } from '../core/ui.ts'
import { memoryOf } from '../flows/memory.ts'
import type { MethodInFlow, Reading, Submitted } from './define.ts'
import type { Methods } from './registry.ts'

/** A method's part in one flow that exists. */
export type MethodHere = {
  isOffered(person: IdentityWithCredentials | null): boolean
  /** Its part of a form that is shown anew, and what it keeps for when the form comes back. */
  show(person: IdentityWithCredentials | null): { readonly nodes: readonly UiNode[]; readonly memory: JsonObject }
  readonly impliedBy: readonly string[]
  read(submitted: Omit<Submitted<Flow>, 'flow' | 'memory'>): Reading
}

/** What a method does in this very flow; null where it has no part in it. */
export function inFlow(methods: Methods, name: MethodName, flow: Flow): MethodHere | null {
  const method = methods[name]
  switch (flow.name) {
    case 'login':
      return here(method?.login, name, flow)
    case 'registration':
      return here(method?.registration, name, flow)
    case 'settings':
      return here(method?.settings, name, flow)
    case 'recovery':
      return here(method?.recovery, name, flow)
    case 'verification':
      return here(method?.verification, name, flow)
    default:
      return flow satisfies never
  }
}

function here<F extends Flow>(method: MethodInFlow<F> | undefined, name: MethodName, flow: F): MethodHere | null {
  if (method === undefined || method.takesPart?.(flow) === false) return null
  const kept = memoryOf(flow, name)
  return {
    isOffered: (person) => method.isOffered?.({ flow, person }) ?? true,
    show: (person) => {
      const memory = method.prepare?.({ flow, person, memory: kept }) ?? kept
      return { memory, nodes: method.nodes({ flow, person, memory }) }
    },
    impliedBy: method.impliedBy ?? [],
    read: (submitted) => method.read({ ...submitted, flow, memory: kept }),
  }
}
