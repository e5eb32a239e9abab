import type { JsonObject } from './json.ts'
import type { Aal } from './session.ts'

/** Where somebody came from who signed in with a provider, and what it said of them: actions see it (design.md §3). */
export type Upstream = {
  /** The provider's id in the configuration. */
  readonly provider: string
  readonly claims: JsonObject
  /** How the provider says it has recognised them (OpenID Connect Core 1.0 §2). */
  readonly acr: string | null
  readonly amr: readonly string[]
}

/** A person as a provider knows them, once it was asked. */
export type UpstreamPerson = Upstream & {
  /** Who they are there, for ever. */
  readonly subject: string
  readonly aal: Aal
  /** Sealed: whoever reads the database learns none of them. Empty where the provider gave none. */
  readonly tokens: { readonly id: string; readonly access: string; readonly refresh: string }
}
