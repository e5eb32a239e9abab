import type { RenderedCall } from '../../core/delivery.ts'

const NAMED = /\$\{secrets\.([a-z][a-z0-9_]*)\}/g

/** The secrets that a text names. */
export const secretsNamedIn = (text: string): readonly string[] =>
  [...text.matchAll(NAMED)].map(([, name = '']) => name)

/**
 * Bodies are computed, so a secret's place in one is only known afterwards: until then a mark stands there that whoever
 * writes a trait cannot guess. It survives JSON and forms as it is.
 */
export const markSecrets = (source: string, nonce: string) =>
  source.replace(NAMED, (_, name: string) => `S${nonce}.${name}.S`)

type Places = Pick<RenderedCall, 'body' | 'bodySecrets'>

/** The body without marks, and where secrets belong. */
export function placesOfSecrets(marked: string, as: 'json' | 'form' | 'text', nonce: string): Places {
  const [first = '', ...rest] = marked.split(new RegExp(`S${nonce}\\.([a-z][a-z0-9_]*)\\.S`))
  const places: { at: number; name: string; as: typeof as }[] = []
  let body = first
  // Names and what follows them alternate.
  for (let at = 0; at < rest.length; at += 2) {
    places.push({ at: body.length, name: rest[at] ?? '', as })
    body += rest[at + 1] ?? ''
  }
  return places.length === 0 ? { body } : { body, bodySecrets: places }
}
