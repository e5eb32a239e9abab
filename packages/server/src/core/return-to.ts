/** Where a person may be sent afterwards: ory-identity-api.md §1.7. */
export type ReturnTo =
  | { readonly kind: 'allowed'; readonly url: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly id: string | null }

type Allowed = { readonly defaultUrl: string; readonly urls: readonly string[] }

/** Resolves a candidate against the default and judges it by the allow-list. */
export function resolveReturnTo(candidate: string, { defaultUrl, urls }: Allowed): ReturnTo {
  const url = parse(candidate, defaultUrl)
  if (url === null) {
    return {
      kind: 'refused',
      id: null,
      reason: `Unable to parse the return_to query parameter as an URL: ${candidate}`,
    }
  }
  const allowed = [defaultUrl, ...urls].some((entry) => covers(entry, url))
  if (allowed) return { kind: 'allowed', url: url.href }
  return {
    kind: 'refused',
    id: 'self_service_flow_return_to_forbidden',
    reason: `Requested return_to URL "${candidate}" is not allowed.`,
  }
}

function covers(entry: string, url: URL): boolean {
  const wildcard = /^([a-z][a-z0-9+.-]*:\/\/)\*([^/]*)(.*)$/i.exec(entry)
  const allowed = parse(wildcard ? `${wildcard[1]}placeholder${wildcard[2]}${wildcard[3]}` : entry)
  if (allowed === null || allowed.protocol !== url.protocol) return false
  const host = wildcard?.[2] === undefined ? null : wildcard[2].toLowerCase()
  // A wildcard that would cover a whole top-level domain covers nothing.
  if (host !== null && !/^\.[^.]+\..+/.test(host)) return false
  const sameHost = host === null ? url.host === allowed.host : url.host.endsWith(host) && url.host.length > host.length
  return sameHost && url.username === '' && url.password === '' && url.pathname.startsWith(allowed.pathname)
}

const parse = (text: string, base?: string) => {
  // Control characters and backslashes are where URL parsers disagree; none belongs in a redirect.
  if (/[\p{Cc}\\]/u.test(text)) return null
  return URL.canParse(text, base) ? new URL(text, base) : null
}
