import { ALGORITHMS, fromBase32, toBase32, type TotpKey } from './one-time-password.ts'

type Label = { readonly issuer: string; readonly account: string }

/** A key as authenticator apps read it from a QR code (Key Uri Format). */
export function totpUrl({ issuer, account }: Label, { secret, algorithm, digits, period }: TotpKey): string {
  const query = [
    ['algorithm', algorithm],
    ['digits', String(digits)],
    ['issuer', issuer],
    ['period', String(period)],
    ['secret', toBase32(secret)],
  ]
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  // Apps do not agree on what a plus means.
  return `otpauth://totp/${label}?${query.map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

/** What nobody says about a key: what every app takes it for. */
export const USUAL = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** The key in such a URL; null where it is none that codes can be made of. */
export function parseTotpUrl(text: string): TotpKey | null {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'otpauth:' || url.hostname !== 'totp') return null
  const secret = fromBase32(url.searchParams.get('secret') ?? '')
  const named = (url.searchParams.get('algorithm') ?? USUAL.algorithm).toUpperCase()
  const algorithm = ALGORITHMS.find((known) => known === named)
  const digits = Number(url.searchParams.get('digits') ?? USUAL.digits)
  const period = Number(url.searchParams.get('period') ?? USUAL.period)
  const isUsable = [6, 7, 8].includes(digits) && Number.isInteger(period) && period >= 1 && period <= 300
  return secret === null || secret.length === 0 || algorithm === undefined || !isUsable
    ? null
    : { secret, algorithm, digits, period }
}
