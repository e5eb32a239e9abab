import { stringify } from 'yaml'
import type { JsonObject } from '../core/json.ts'
import { redact } from './redact.ts'

/**
 * The effective configuration, with every default, preset and override in it and every secret redacted. It loads again
 * to the same plan; a server refuses to run on its placeholders.
 */
export function printConfig(effective: JsonObject, format: 'yaml' | 'json'): string {
  const shown = redact(effective)
  return format === 'json'
    ? `${JSON.stringify(shown, null, 2)}\n`
    : stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false })
}
