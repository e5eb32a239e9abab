import type { JsonObject } from '../../core/json.ts'
import { creationOptions, type KeyDeps } from '../../flows/keys.ts'
import type { SecurityKey } from '../../core/keys.ts'

type Wanted = {
  readonly challenge: string
  readonly userHandle: string
  readonly userName: string
  readonly exclude: readonly SecurityKey[]
}

/** A passkey is kept by its authenticator, so that nobody has to say who they are (ory-identity-api.md §7.6). */
export function passkeyOptions(deps: KeyDeps, wanted: Wanted): JsonObject {
  const { rp, timeouts, residentKey, userVerification, attachment, attestation } = deps.settings.methods.passkey
  return creationOptions(deps, {
    ...wanted,
    rp,
    timeout: timeouts.registration,
    selection: {
      ...(attachment === null ? {} : { authenticatorAttachment: attachment }),
      requireResidentKey: residentKey === 'required',
      residentKey,
      userVerification,
    },
    attestation,
  })
}
