import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import type { Seal } from '../../crypto/seal.ts'
import type { TotpKey } from './one-time-password.ts'
import { parseTotpUrl } from './totp-url.ts'

export const totpOf = (person: IdentityWithCredentials | null): Credential | null =>
  person?.credentials.find(({ type, config }) => type === 'totp' && Boolean(config.totp_url)) ?? null

/** The key of a credential, which lies sealed; null where none of our secrets opens it. */
export function keyIn({ config }: Credential, seal: Pick<Seal, 'open'>): TotpKey | null {
  const url = typeof config.totp_url === 'string' ? seal.open(config.totp_url) : null
  return url === null ? null : parseTotpUrl(url)
}

/** Of a code only its digits count: apps show them in groups. */
export const digitsOf = (text: string) => text.replace(/\s/g, '')
