import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { Sign } from '../../core/action.ts'

/** A secret that signs, in one of the two ways of Standard Webhooks. */
type SigningKey =
  | { readonly version: 'v1'; readonly key: Buffer }
  /** Ed25519: whoever checks it holds a public key, which can sign nothing. */
  | { readonly version: 'v1a'; readonly key: KeyObject }

const SHORTEST = 24
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** `whsec_` and base64; `whsk_` and the base64 of an Ed25519 key; any other text counts as it is. Null: it can't sign. */
function keyOf(secret: string): SigningKey | null {
  const [, prefix = '', text = ''] = /^(whsec_|whsk_)(.*)$/s.exec(secret) ?? []
  if (prefix !== '' && !BASE64.test(text)) return null
  if (prefix === 'whsk_') {
    const key = privateKeyOf(Buffer.from(text, 'base64'))
    return key === null ? null : { version: 'v1a', key }
  }
  const key = prefix === '' ? Buffer.from(secret) : Buffer.from(text, 'base64')
  return key.length < SHORTEST ? null : { version: 'v1', key }
}

/** RFC 8410 §7: what stands before the 32 bytes of a key in its usual document. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key alone, or followed by its public half, as libraries keep it. */
const privateKeyOf = (bytes: Buffer): KeyObject | null =>
  bytes.length === 32 || bytes.length === 64
    ? createPrivateKey({ key: Buffer.concat([PKCS8, bytes.subarray(0, 32)]), format: 'der', type: 'pkcs8' })
    : null

/** Whether a text can sign: long enough not to be guessed, and a key where it says so. */
export const isSigningSecret = (secret: string) => keyOf(secret) !== null

/** Signs attempts as Standard Webhooks describes it: with every secret, so that a receiver may know the old or the new one. */
export function signWith(secrets: readonly string[]): Sign {
  const keys = secrets.flatMap((secret) => keyOf(secret) ?? [])
  if (keys.length < secrets.length) throw new Error('a signing secret was not checked')
  return (id, at, body) => {
    const timestamp = Math.floor(at / 1000)
    const signed = `${id}.${timestamp}.${body}`
    const signatures = keys.map((key) => `${key.version},${signatureOf(key, signed)}`)
    return { 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
  }
}

const signatureOf = ({ version, key }: SigningKey, text: string) =>
  version === 'v1'
    ? createHmac('sha256', key).update(text).digest('base64')
    : sign(null, Buffer.from(text), key).toString('base64')
