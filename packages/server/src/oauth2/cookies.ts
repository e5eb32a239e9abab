import { createHash } from 'node:crypto'
import type { Time } from '../core/time.ts'
import type { OAuth2Settings } from '../core/oauth2-settings.ts'

/** A cookie to be set; the listener adds what all of them have in common. */
export type CookieChange = {
  readonly name: string
  readonly value: string
  /** In seconds; 0 removes it. */
  readonly maxAge: number
  readonly expiresAt: Time
  readonly path: string
}

export type Cookies = { readonly [name: string]: string }

/** Several clients can be signed in to at the same time, each with a cookie of its own (ory-oauth2.md §2.2). */
export function csrfCookieName(
  settings: OAuth2Settings,
  kind: 'login' | 'consent' | 'device',
  clientId: string,
): string {
  const number = Number.parseInt(createHash('sha256').update(clientId).digest('hex').slice(0, 8), 16)
  return `${settings.cookies.names[kind]}${suffix(settings)}_${String(number).padStart(10, '0')}`
}

export const sessionCookieName = (settings: OAuth2Settings) => `${settings.cookies.names.session}${suffix(settings)}`

const suffix = ({ dev }: OAuth2Settings) => (dev ? '_dev' : '')
