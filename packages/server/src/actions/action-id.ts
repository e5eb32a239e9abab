import { createHash } from 'node:crypto'
import { type ActionId, actionId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Place } from '../core/place.ts'

type Entry = { readonly hook: string; readonly config: JsonObject | null }

/**
 * What the actions of a list are known by, whatever else of them is edited: their own `id`, else their place with a hash
 * of kind, method and URL. Neither secrets nor the position in the list count; those that are alike are numbered, as each
 * of them has a delivery of its own.
 */
export function actionIdsOf(place: Place, entries: readonly Entry[]): readonly ActionId[] {
  const alike = new Map<ActionId, number>()
  return entries.map((entry) => {
    const id = baseId(place, entry)
    const count = (alike.get(id) ?? 0) + 1
    alike.set(id, count)
    return count === 1 ? id : actionId(`${id}:${count}`)
  })
}

function baseId(place: Place, { hook, config }: Entry): ActionId {
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
