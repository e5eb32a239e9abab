import { WireError } from '../core/errors.ts'
import type { FlowId } from '../core/ids.ts'
import { resolveReturnTo } from '../core/return-to.ts'
import type { Settings } from '../core/settings.ts'
import type { FlowName, MethodName } from '../core/trigger.ts'

type ReturnSettings = Pick<Settings, 'selfservice' | 'serve' | 'oauth2Server'>

const allowedUrls = ({ selfservice, serve, oauth2Server }: ReturnSettings) => [
  ...selfservice.allowedReturnUrls,
  // What a client asks of our own OAuth2 server begins there, and leads to registered addresses only.
  ...(oauth2Server === null ? [] : [new URL('oauth2/auth', oauth2Server.publicUrl).href]),
  new URL('self-service', serve.public.baseUrl).href,
]

/** Refuses a `return_to` that is not on the allow-list; an empty one counts as absent (ory-identity-api.md §1.7). */
export function checkReturnTo(settings: ReturnSettings, candidate: string | null): string | null {
  if (candidate === null || candidate === '') return null
  return resolved(settings, candidate, settings.selfservice.defaultReturnUrl) === null ? null : candidate
}

/** Where a completed flow leads: an explicit `return_to` wins over the configured ones (§3.6). */
export function returnUrl(
  settings: ReturnSettings,
  flow: { readonly id: FlowId; readonly name: FlowName; readonly returnTo: string | null },
  method: MethodName,
): string {
  const { afterMethodReturnUrl, afterReturnUrl, uiUrl } = settings.selfservice.flows[flow.name]
  // Settings lead back to themselves, where nothing else is said.
  const usual =
    flow.name === 'settings'
      ? `${uiUrl}${uiUrl.includes('?') ? '&' : '?'}flow=${flow.id}`
      : settings.selfservice.defaultReturnUrl
  const fallback = afterMethodReturnUrl[method] ?? afterReturnUrl ?? usual
  return flow.returnTo === null ? fallback : resolved(settings, flow.returnTo, fallback)
}

function resolved(settings: ReturnSettings, candidate: string, defaultUrl: string): string {
  const answer = resolveReturnTo(candidate, { defaultUrl, urls: allowedUrls(settings) })
  if (answer.kind === 'allowed') return answer.url
  throw new WireError(400, null, { reason: answer.reason, ...(answer.id === null ? {} : { id: answer.id }) })
}
