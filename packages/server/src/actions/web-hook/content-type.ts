/** How a body is written: as the text of a JSON document, as a form, or as the text the template gives. */
export type Encoding = 'json' | 'form' | 'text'

/**
 * What a content type asks for; null where we can't write it. Ory knows the first two, exactly as they are written here:
 * with a parameter, JSON is refused (ory-actions.md §4.2).
 */
export function encodingOf(contentType: string): Encoding | null {
  const type = contentType.trim().toLowerCase()
  if (contentType === 'application/json') return 'json'
  if (contentType === 'application/x-www-form-urlencoded') return 'form'
  if (/^application\/[\w.-]+\+json$/.test(type)) return 'json'
  return /^(?:text\/[\w.+-]+|application\/(?:xml|[\w.-]+\+xml))(?:\s*;.*)?$/.test(type) ? 'text' : null
}
