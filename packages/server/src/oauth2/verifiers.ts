import { OAuthFault } from './fault.ts'

/** What a verifier holds; one that can't be opened is an OAuth error for the client. */
export function contentOf<C>(
  opened: { readonly kind: 'open'; readonly content: C } | { readonly kind: 'expired' | 'unknown' },
  kind: string,
): C {
  if (opened.kind === 'open') return opened.content
  if (opened.kind === 'unknown') throw garbage(kind)
  throw new OAuthFault(
    401,
    'request_unauthorized',
    `The request could not be authorized. The ${kind} request has expired, please try again.`,
  )
}

export const garbage = (kind: string) =>
  new OAuthFault(
    403,
    'access_denied',
    `The resource owner or authorization server denied the request. The ${kind} verifier is unknown.`,
  )
