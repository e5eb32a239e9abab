import type { MethodName } from '../core/trigger.ts'
import { codeMethod } from './code/code.ts'
import type { SecretDeps } from '../flows/sent-secret.ts'
import type { Method } from './define.ts'
import { linkMethod } from './link/link.ts'
import { type PasswordDeps, passwordMethod } from './password/password.ts'
import { type ProfileDeps, profileMethod } from './profile/profile.ts'

type MethodDeps = PasswordDeps & ProfileDeps & SecretDeps

/** Every method that is built. */
export const createMethods = (deps: MethodDeps): Methods => ({
  password: passwordMethod(deps),
  code: codeMethod(deps),
  link: linkMethod(deps),
  profile: profileMethod(deps),
})

export type Methods = { readonly [M in MethodName]?: Method }
