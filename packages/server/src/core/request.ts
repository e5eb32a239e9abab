/** What a request tells about itself: what a template may see of it, before the allow-lists. Header names are canonical. */
export type RequestFacts = {
  readonly method: string
  /** Absolute, as the client saw it: forwarded host and scheme included. */
  readonly url: string
  readonly headers: { readonly [name: string]: readonly string[] }
  readonly cookies: { readonly [name: string]: string }
  readonly clientIp: string
  /** The address at the other end of the connection; empty for a unix socket. */
  readonly peer: string
  readonly userAgent: string
  /** City and country as a proxy in front may tell them, else empty. */
  readonly location: string
}

/** Who asks: a native client, a browser driven by script, or a browser that posts forms. */
export type ClientKind = 'api' | 'ajax' | 'html'

/** What a browser holds that has to go elsewhere and come back; the name is Ory's, and it lives thirty days (ory-identity-api.md §3.3). */
export const CONTINUITY_COOKIE = 'ory_kratos_continuity'
