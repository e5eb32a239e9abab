import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'

/** A provider did not do its part. `told` is for the person, the message itself for the log. */
export class ProviderError extends Error {
  readonly told: string

  constructor(told: string, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? {} : { cause })
    this.name = 'ProviderError'
    this.told = told
  }
}

/** How Ory begins to say it (ory-identity-api.md §7.3). */
export const unable = (because: string) => `Unable to complete OpenID Connect flow because ${because}`

/** What a person is told of whatever went wrong with a provider; the details are the operator's. */
export function refusalOf(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    const { error: code, error_description: description } = error
    return new ProviderError(providerSaid(code, description ?? null), `the provider refused: ${chain(error)}`, error)
  }
  return new ProviderError(
    unable('the answer of the provider could not be used. Please try again.'),
    `the provider's answer could not be used: ${chain(error)}`,
    error,
  )
}

/** The provider's own words, which are for people. */
export const providerSaid = (code: string, description: string | null) =>
  unable(`the OpenID Provider returned error "${plain(code)}": ${plain(description ?? '')}`)

const MOST = 300
const plain = (text: string) => text.replace(/[\p{C}\p{Z}]+/gu, ' ').slice(0, MOST)

/** An error with all that lies behind it. */
export const chain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause === undefined ? error.message : `${error.message}: ${chain(cause)}`
}
