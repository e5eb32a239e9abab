/** A mail server as `courier.smtp.connection_uri` names it (ory-identity-api.md §11). */
export type SmtpServer = {
  readonly host: string
  readonly port: number
  /** From the first byte, before anything is said, or not at all. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly verifies: boolean
  /** The name in its certificate, where that is not the host's. */
  readonly serverName: string | null
  readonly user: string
  readonly password: string
}

/** Null for what is no URI of a mail server. */
export function parseSmtpUri(uri: string): SmtpServer | null {
  const scheme = /^(smtps?):\/\//i.exec(uri)?.[1]?.toLowerCase()
  // The platform reads ports and hosts of schemes that it knows.
  const url = scheme === undefined ? null : URL.parse(uri.replace(/^smtps?:/i, 'https:'))
  if (url === null || url.hostname === '') return null
  const isOn = (name: string) => ['true', '1', 't'].includes((url.searchParams.get(name) ?? '').toLowerCase())
  const tls = scheme === 'smtps' ? 'implicit' : isOn('disable_starttls') ? 'none' : 'starttls'
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (user === null || password === null) return null
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: portOf(uri, url, tls),
    tls,
    verifies: !isOn('skip_ssl_verify'),
    serverName: url.searchParams.get('server_name'),
    user,
    password,
  }
}

/** Port 443 counts as none to the platform, as it is the one of https. */
function portOf(uri: string, url: URL, tls: SmtpServer['tls']): number {
  if (url.port !== '') return Number(url.port)
  if (/^[^/?#]*\/\/[^/?#]*:443(?:[/?#]|$)/.test(uri)) return 443
  return tls === 'implicit' ? 465 : tls === 'starttls' ? 587 : 25
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
