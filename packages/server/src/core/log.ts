import type { JsonObject } from './json.ts'

/** Writes one line for operators. Fields never hold a secret, a body or a header's value. */
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', event: string, fields: JsonObject) => void
