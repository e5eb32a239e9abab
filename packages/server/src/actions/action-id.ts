import { createHash } from 'node:crypto'
import { type ActionId, actionId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Place } from '../core/place.ts'

type Entry = { readonly hook: string; readonly config: JsonObject | null }

/**
 * What an action is known by, whatever else of it is edited: its own `id`, else its place with a hash of kind, method
 * and URL. Neither secrets nor the position in its list count.
 */
export function actionIdOf(place: Place, { hook, config }: Entry): ActionId {
  if (typeof config?.id === 'string' && config.id !== '') return actionId(config.id)
  const url = typeof config?.url === 'string' ? withoutUser(config.url) : ''
  const method = typeof config?.method === 'string' ? config.method : ''
  const hash = createHash('sha256')
    .update(JSON.stringify([hook, method, url]))
    .digest('hex')
  return actionId(`${place}:${hash.slice(0, 16)}`)
}

/** A password may stand in a URL, and it may be changed. */
const withoutUser = (text: string) => {
  const url = URL.parse(text)
  if (url === null) return text
  url.username = ''
  url.password = ''
  return url.href
}
