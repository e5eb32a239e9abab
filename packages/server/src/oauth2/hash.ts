import { hash } from 'node:crypto'

/** What is stored in place of a code or token: they are long and random, so a plain hash is enough. */
export const hashOf = (value: string) => hash('sha256', value, 'base64url')

/** The hash of a token inside an ID token: the left half, for RS256 and ES256 (OpenID Connect Core §3.1.3.6). */
export const halfHash = (value: string) => hash('sha256', value, 'buffer').subarray(0, 16).toString('base64url')
