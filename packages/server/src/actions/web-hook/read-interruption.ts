import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { FieldMessage } from '../../core/ui.ts'
import { plainText } from './plain-text.ts'
import { asObject, integer, objects, type Read, reading, text } from './read.ts'

const MOST_MESSAGES = 100
const LARGEST_CONTEXT = 4096

/** The messages of a refusal, each at its field (ory-actions.md §4.7). */
export function readInterruption(body: Json): Read<readonly FieldMessage[]> {
  const read = reading(() => {
    const entries = objects(asObject(body ?? {}, 'the body'), 'messages')
    return { entries: entries.length, messages: entries.flatMap(readEntry) }
  })
  if (read.kind === 'unreadable') return read
  // An entry without texts refuses without words; no entry at all is no refusal.
  if (read.value.entries === 0) return { kind: 'unreadable', detail: 'got no validation errors' }
  return { kind: 'read', value: read.value.messages.slice(0, MOST_MESSAGES) }
}

function readEntry(entry: JsonObject): readonly FieldMessage[] {
  const field = fieldOf(text(entry, 'instance_ptr'))
  return objects(entry, 'messages').map((message) => ({
    field,
    message: {
      id: integer(message, 'id'),
      text: plainText(text(message, 'text')),
      type: text(message, 'type') === 'error' ? 'error' : 'info',
      ...contextOf(message.context),
    },
  }))
}

const contextOf = (context: Json | undefined) =>
  isJsonObject(context) && JSON.stringify(context).length <= LARGEST_CONTEXT ? { context } : {}

/** `#/traits/email` is the field `traits.email`; the root is the form itself; anything else is taken at its word. */
export function fieldOf(pointer: string): string {
  if (pointer === '#') return ''
  if (!pointer.startsWith('#/')) return plainText(pointer)
  const parts = pointer.slice(2).split('/')
  return plainText(parts.map((part) => unescape(part).replaceAll('.', '\\.')).join('.'))
}

/** RFC 6901 §3 and §6. */
function unescape(part: string): string {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}
