import type { MethodName } from '../core/trigger.ts'
import { type CodeDeps, codeMethod } from './code/code.ts'
import type { SecretDeps } from '../flows/sent-secret.ts'
import type { Method } from './define.ts'
import { linkMethod } from './link/link.ts'
import { type LookupSecretDeps, lookupSecretMethod } from './lookup-secret/lookup-secret.ts'
import { type PasskeyDeps, passkeyMethod } from './passkey/passkey.ts'
import type { Oidc } from './oidc/oidc.ts'
import { type PasswordDeps, passwordMethod } from './password/password.ts'
import { type ProfileDeps, profileMethod } from './profile/profile.ts'
import { type TotpDeps, totpMethod } from './totp/totp.ts'
import { type WebAuthnDeps, webAuthnMethod } from './webauthn/webauthn.ts'

type MethodDeps = { readonly oidc: Oidc } & PasswordDeps &
  ProfileDeps &
  SecretDeps &
  CodeDeps &
  TotpDeps &
  LookupSecretDeps &
  WebAuthnDeps &
  PasskeyDeps

/** Every method that is built. */
export const createMethods = (deps: MethodDeps): Methods => ({
  password: passwordMethod(deps),
  oidc: deps.oidc.method,
  code: codeMethod(deps),
  link: linkMethod(deps),
  profile: profileMethod(deps),
  totp: totpMethod(deps),
  lookup_secret: lookupSecretMethod(deps),
  webauthn: webAuthnMethod(deps),
  passkey: passkeyMethod(deps),
})

export type Methods = { readonly [M in MethodName]?: Method }
