import { createHmac } from 'node:crypto'
import type { Sign } from '../../core/action.ts'

/** Standard Webhooks: `whsec_` and base64; any other text counts as it is. */
const keyOf = (secret: string) =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)

const SHORTEST = 24
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Whether a text can sign: long enough not to be guessed, and base64 where it says so. */
export const isSigningSecret = (secret: string) =>
  (!secret.startsWith('whsec_') || BASE64.test(secret.slice('whsec_'.length))) && keyOf(secret).length >= SHORTEST

/** Signs attempts as Standard Webhooks describes it: with every secret, so that a receiver may know the old or the new one. */
export function signWith(secrets: readonly string[]): Sign {
  const keys = secrets.map(keyOf)
  return (id, at, body) => {
    const timestamp = Math.floor(at / 1000)
    const signatures = keys.map(
      (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
    )
    return { 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
  }
}
