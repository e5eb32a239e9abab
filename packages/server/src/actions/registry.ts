import type { ActionDeps } from './deps.ts'
import type { ActionKind } from './define.ts'
import { session } from './session.ts'
import { webHook } from './web-hook/web-hook.ts'

/** Every kind of action by the name a configuration gives it. */
export const actionKinds = {
  session,
  web_hook: webHook,
} satisfies { readonly [name: string]: ActionKind<ActionDeps> }
