/** An answer in OAuth's shape that says what is wrong: `error` is a code, or a sentence where Hydra's is one. */
export class OAuthFault extends Error {
  readonly status: number
  readonly error: string
  readonly description: string
  /** For the log, and for clients only where `oauth2.expose_internal_errors` says so. */
  readonly detail: string

  constructor(status: number, error: string, description: string, detail = '') {
    super(`${error}: ${description}`)
    this.name = 'OAuthFault'
    this.status = status
    this.error = error
    this.description = description
    this.detail = detail
  }
}

export const notFound = () => new OAuthFault(404, 'Unable to locate the resource', '')
export const requestNotFound = () => new OAuthFault(404, 'Not Found', 'Unable to locate the requested resource')
export const existsAlready = () =>
  new OAuthFault(409, 'Unable to insert or update resource because a resource with that value exists already', '')
export const malformed = (detail = '') =>
  new OAuthFault(400, 'The request was malformed or contained invalid parameters', '', detail)
export const invalidRequest = (why: string) =>
  new OAuthFault(
    400,
    'invalid_request',
    `The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed. ${why}`,
  )
export const unauthorized = (why: string) =>
  new OAuthFault(401, 'request_unauthorized', `The request could not be authorized. ${why}`)
