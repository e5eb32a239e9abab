import type { JsonObject } from '../core/json.ts'
import { UsageError } from './usage-error.ts'

/** What `--actions` says over the files. */
export function actionsSwitch(text: string): JsonObject {
  if (text === 'on') return {}
  if (text === 'off') return { actions: { enabled: false } }
  throw new UsageError(`--actions is either on or off, not "${text}".`)
}
