import type { OAuth2Deps } from './deps.ts'
import { OAuthFault } from './fault.ts'

type Deps = Pick<OAuth2Deps, 'client'>

/** What a client registers of itself is small, and is fetched while somebody waits. */
const BUDGET = 2_500
const HEADERS = { accept: 'application/json' }

/** The library's `fetch`, for a client's `jwks_uri`: through the guarded client like every call that leaves (reliability.md T22, T83). */
export const guardedFetch =
  ({ client }: Deps) =>
  async (input: string | URL | Request): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input)
    const sent = await client.send({ method: 'GET', url, headers: HEADERS, body: null }, { budget: BUDGET })
    if (sent.kind === 'failed') throw new Error(`${sent.reason}: ${sent.detail}`)
    return new Response(new Uint8Array(sent.body), { status: sent.status })
  }

/** Clients share pseudonyms only if whoever owns the sector lists all their addresses (OpenID Connect Core §8.1). */
export async function checkSector({ client }: Deps, sector: string, redirects: readonly string[]): Promise<void> {
  if (URL.parse(sector)?.protocol !== 'https:') throw invalid('Value sector_identifier_uri must be an HTTPS URL.')
  const sent = await client.send({ method: 'GET', url: sector, headers: HEADERS, body: null }, { budget: BUDGET })
  if (sent.kind === 'failed' || sent.status !== 200)
    throw invalid(
      'Unable to fetch the document behind sector_identifier_uri.',
      sent.kind === 'failed' ? sent.detail : `answered ${sent.status}`,
    )
  const listed = listIn(sent.body.toString())
  if (listed === null) throw invalid('The document behind sector_identifier_uri must be a JSON array of redirect URIs.')
  const missing = redirects.find((each) => !listed.includes(each))
  if (missing !== undefined)
    throw invalid(`Redirect URL "${missing}" does not match values from sector_identifier_uri.`)
}

function listIn(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const invalid = (why: string, detail = '') =>
  new OAuthFault(
    400,
    'invalid_client_metadata',
    `The value of one of the Client Metadata fields is invalid and the server has rejected this request. ${why}`,
    detail,
  )
