import type { MethodName } from '../core/trigger.ts'
import type { Method } from './define.ts'
import { passwordMethod } from './password/password.ts'

type MethodDeps = Parameters<typeof passwordMethod>[0]

/** Every method that is built, in the order in which a submission is offered to them (ory-identity-api.md §3). */
export const createMethods = (deps: MethodDeps): Methods => ({ password: passwordMethod(deps) })

export type Methods = { readonly [M in MethodName]?: Method }
