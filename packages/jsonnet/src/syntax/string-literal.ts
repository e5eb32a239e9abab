import { place, type Source } from '../source.ts'
import type { Node } from './ast.ts'
import { problem } from './cursor.ts'
import { unescape } from './escapes.ts'
import { isString, type Token } from './tokens.ts'

/** The literal a string token stands for; verbatim strings and blocks are taken as they are. */
export function readString(source: Source, token: Token): Extract<Node, { kind: 'string' }> {
  const { kind, text, from, to } = token
  if (!isString(kind)) throw problem(source, token, 'Not a string')
  if (kind !== 'STRING_DOUBLE' && kind !== 'STRING_SINGLE')
    return { kind: 'string', value: text, spelling: kind, from, to }
  const read = unescape(text)
  // go-jsonnet names the place twice.
  if ('problem' in read) throw problem(source, token, `${place({ source, from, to })} ${read.problem}`)
  return { kind: 'string', value: read.text, spelling: kind, from, to }
}
