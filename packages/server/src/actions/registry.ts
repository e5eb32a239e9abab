import type { ActionDeps } from './deps.ts'
import type { ActionKind } from './define.ts'
import { notifyPreviousAddresses } from './notify-previous-addresses.ts'
import { requireVerifiedAddress } from './require-verified-address.ts'
import { revokeActiveSessions } from './revoke-active-sessions.ts'
import { session } from './session.ts'
import { showVerificationUi } from './show-verification-ui.ts'
import { verification } from './verification.ts'
import { verifyNewAddress } from './verify-new-address.ts'
import { webHook } from './web-hook/web-hook.ts'

/** Every kind of action by the name a configuration gives it. */
export const actionKinds = {
  web_hook: webHook,
  session,
  revoke_active_sessions: revokeActiveSessions,
  require_verified_address: requireVerifiedAddress,
  verification,
  show_verification_ui: showVerificationUi,
  verify_new_address: verifyNewAddress,
  notify_previous_addresses: notifyPreviousAddresses,
} satisfies { readonly [name: string]: ActionKind<ActionDeps> }
