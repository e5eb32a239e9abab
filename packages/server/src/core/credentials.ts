/** The client credentials of OAuth2 (RFC 6749 §4.4): a token is got with them, and sent. */
export type ClientCredentials = {
  readonly kind: 'client_credentials'
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | null
  readonly audience: string | null
  /** How the token endpoint is told who asks (RFC 6749 §2.3.1). */
  readonly sends: 'basic' | 'body'
}

/** A certificate that is shown when the connection is made (RFC 8446 §4.4.2). Both are PEM. */
export type ClientCertificate = { readonly kind: 'certificate'; readonly certificate: string; readonly key: string }

/** What proves who a call comes from and is no header. Never stored, never logged. */
export type Credentials = ClientCredentials | ClientCertificate
