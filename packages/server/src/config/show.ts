import type { SchemaNode } from './schema/node.ts'

/** A value as an error shows it: short, and never a secret. */
export function show(value: unknown, node: SchemaNode | null): string {
  if (value === undefined) return 'nothing'
  if (node?.writeOnly === true) {
    return typeof value === 'string'
      ? `a secret of ${value.length} characters (not shown)`
      : 'something that is not text (not shown)'
  }
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(typeof value === 'string' ? withoutPassword(value) : value)
  return text.length > 100 ? `${text.slice(0, 96)}…"` : text
}

/** A password may stand in any URL. */
export const withoutPassword = (text: string) => text.replace(/(:\/\/[^/?#@\s:]*):[^/?#@\s]*@/g, '$1:(hidden)@')

/** What a node allows, in words. */
export function needOf(node: SchemaNode): string {
  if (node.need !== undefined) return node.need
  if (node.enum !== undefined)
    return node.enum.length === 1 ? JSON.stringify(node.enum[0]) : `one of ${node.enum.join(', ')}`
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.anyOf !== undefined) return node.anyOf.map(needOf).join(', or ')
  switch (node.type ?? '') {
    case 'boolean':
      return 'true or false'
    case 'integer':
    case 'number':
      return `a ${node.type === 'integer' ? 'whole ' : ''}number${range(node)}`
    case 'array':
      return node.minItems === undefined ? 'a list' : `a list of at least ${node.minItems}`
    case 'object':
      return 'an object'
    case 'null':
      return 'null'
    default:
      return textOf(node)
  }
}

const range = ({ minimum, maximum }: SchemaNode) => {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  return minimum === undefined ? '' : ` of at least ${minimum}`
}

const textOf = ({ minLength = 0, pattern }: SchemaNode) => {
  if (pattern !== undefined) return `text of the form ${pattern}`
  return minLength > 1 ? `text of at least ${minLength} characters` : 'text'
}
