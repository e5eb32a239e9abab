import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../core/time.ts'

const LENGTH = 32

/** The anti-CSRF secret of a browser and its one-time forms (ory-identity-api.md §1.8). */
export type CsrfTokens = {
  newSecret(): string
  isSecret(value: string): boolean
  /** A fresh one-time form: pad ‖ secret XOR pad, so that a compressed page never holds the same bytes twice (BREACH). */
  mask(secret: string): string
  /** Accepts a masked token and the bare secret, as nosurf does. */
  matches(token: string, secret: string): boolean
}

export const createCsrfTokens = (random: Pick<Random, 'bytes'>): CsrfTokens => ({
  newSecret: () => Buffer.from(random.bytes(LENGTH)).toString('base64'),
  isSecret: (value) => decode(value).length === LENGTH,
  mask: (secret) => {
    const pad = Buffer.from(random.bytes(LENGTH))
    return Buffer.concat([pad, xor(decode(secret), pad)]).toString('base64')
  },
  matches: (token, secret) => {
    const [given, own] = [unmask(decode(token)), decode(secret)]
    return given.length === LENGTH && own.length === LENGTH && timingSafeEqual(given, own)
  },
})

/** The cookie's name says for which public URL it is, so that two servers on one host don't disturb each other. */
export const csrfCookieName = (publicUrl: string) =>
  `csrf_token_${createHash('sha256').update(publicUrl).digest('hex')}`

const decode = (text: string) => Buffer.from(text, 'base64')

const unmask = (bytes: Buffer) =>
  bytes.length === 2 * LENGTH ? xor(bytes.subarray(LENGTH), bytes.subarray(0, LENGTH)) : bytes

const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
