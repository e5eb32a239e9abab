import type { SchemaNode } from './schema/node.ts'

/** A value as an error shows it: short, and never a secret. */
export function show(value: unknown, node: SchemaNode | null): string {
  if (value === undefined) return 'nothing'
  if (node?.writeOnly === true) {
    return typeof value === 'string'
      ? `a secret of ${characters(value)} (not shown)`
      : 'something that is not text (not shown)'
  }
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(typeof value === 'string' ? withoutPassword(value) : value)
  return text.length > 100 ? `${text.slice(0, 96)}…"` : text
}

export const characters = ({ length }: string) => `${length} character${length === 1 ? '' : 's'}`

/** A password may stand in any URL. */
export const withoutPassword = (text: string) => text.replace(/(:\/\/[^/?#@\s:]*):[^/?#@\s]*@/g, '$1:(hidden)@')

/** What a node allows, in words; some say it with regard to the value they got. */
export function needOf(node: SchemaNode, value?: unknown): string {
  if (node.need !== undefined) return node.need
  if (node.enum !== undefined)
    return node.enum.length === 1 ? JSON.stringify(node.enum[0]) : `one of ${node.enum.join(', ')}`
  if (node.const !== undefined) return JSON.stringify(node.const)
  const allowed = valuesOf(node)
  if (allowed !== null) return `one of ${allowed.join(', ')}`
  const said = node['~refine']?.[0]?.error(value)
  if (said !== undefined && said !== '') return said.replace(/^must (?:be )?/, '')
  if (node.anyOf !== undefined) return node.anyOf.map((form) => needOf(form)).join(', or ')
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

/** The texts a node allows, where it lists them. */
export function valuesOf({ enum: values, anyOf }: SchemaNode): readonly string[] | null {
  if (values !== undefined) return values.map(String)
  if (anyOf === undefined || !anyOf.every((form) => form.const !== undefined)) return null
  return anyOf.map((form) => String(form.const))
}

/** Patterns in words. */
const IN_WORDS: { readonly [pattern: string]: string } = {
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$": 'a token of RFC 9110: letters, digits, - and the like, no blanks',
}

const range = ({ minimum, maximum }: SchemaNode) => {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  return minimum === undefined ? '' : ` of at least ${minimum}`
}

const textOf = ({ minLength = 0, pattern }: SchemaNode) => {
  if (pattern !== undefined) return IN_WORDS[pattern] ?? `text of the form ${pattern}`
  return minLength > 1 ? `text of at least ${minLength} characters` : 'text'
}
