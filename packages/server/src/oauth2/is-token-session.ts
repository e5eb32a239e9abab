import { isJsonObject } from '../core/json.ts'
import type { TokenSession } from './token-session.ts'

/** What we have sealed ourselves is whole; this only tells it from nothing. */
export const isTokenSession = (value: unknown): value is TokenSession =>
  isJsonObject(value) &&
  typeof value['subject'] === 'string' &&
  Array.isArray(value['scope']) &&
  isJsonObject(value['claims'])
