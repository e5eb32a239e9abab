import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Finding } from '../check.ts'

type Misplaced = { readonly key: readonly string[]; readonly isMeant: (config: JsonObject) => boolean }

const has = (key: string, value?: boolean): Misplaced => ({
  key: [key],
  isMeant: (config) => (value === undefined ? config[key] !== undefined : config[key] === value),
})
const responds = (key: string): Misplaced => ({
  key: ['response', key],
  isMeant: ({ response }) => isJsonObject(response) && response[key] === true,
})

/** The list says whether an action is asked or told; a key that wants the other would be ignored, so it is refused. */
const LISTS: readonly { readonly list: string; readonly keys: readonly Misplaced[]; readonly need: string }[] = [
  {
    list: 'before_issue',
    keys: [responds('ignore'), has('lane')],
    need: 'no such key: actions of this list are waited for; what is only to be told stands under after_issue',
  },
  {
    list: 'after_issue',
    keys: [responds('parse'), has('can_interrupt', true), has('on_failure'), has('attempts'), has('lane')],
    need: 'no such key: actions of this list are queued; what may refuse or change stands under before_issue',
  },
]

/** Keys of token actions that can't have an effect where they stand. */
export function misplacedKeys(configured: unknown): readonly Finding[] {
  const tokens = isJsonObject(configured) ? configured['tokens'] : null
  if (!isJsonObject(tokens)) return []
  return LISTS.flatMap(({ list, keys, need }) => {
    const group = tokens[list]
    const hooks = isJsonObject(group) ? group['hooks'] : null
    if (!Array.isArray(hooks)) return []
    return hooks.flatMap((entry, at): readonly Finding[] => {
      const config = isJsonObject(entry) ? entry['config'] : null
      if (!isJsonObject(config)) return []
      return keys
        .filter(({ isMeant }) => isMeant(config))
        .map(({ key }) => ({
          path: ['tokens', list, 'hooks', at, 'config', ...key],
          part: 'key',
          got: 'a key that would have no effect',
          need,
        }))
    })
  })
}
