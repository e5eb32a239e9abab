import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Credentials } from '../../core/credentials.ts'
import type { WebHookConfig } from './config.ts'

/** What has to be got or shown for a call; null where a header says it all, or nothing does. */
export function credentialsOf(auth: WebHookConfig['auth']): Credentials | null {
  if (auth?.type === 'client_certificate') {
    return { kind: 'certificate', certificate: auth.config.cert, key: auth.config.key }
  }
  if (auth?.type !== 'oauth2_client_credentials') return null
  const { token_url, client_id, client_secret, scope = null, audience = null, client_auth = 'basic' } = auth.config
  return {
    kind: 'client_credentials',
    tokenUrl: token_url,
    clientId: client_id,
    clientSecret: client_secret,
    scope,
    audience,
    sends: client_auth,
  }
}

/** What is wrong with a certificate and its key; null if nothing is. Neither is shown. */
export function certificateProblem({ cert, key }: { readonly cert: string; readonly key: string }): string | null {
  const certificate = read(() => new X509Certificate(cert))
  if (certificate === null) return 'cert must be a certificate as PEM'
  const own = read(() => createPrivateKey(key))
  if (own === null) return 'key must be a private key as PEM, without a passphrase'
  return certificate.checkPrivateKey(own) ? null : 'key must be the key of the certificate cert'
}

function read<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch {
    return null
  }
}
