import { allocate, fail, type Machine, type Trace } from '../runtime/machine.ts'
import { characters } from '../runtime/text.ts'
import type { Lazy, Value } from '../runtime/values.ts'
import { later } from './elements.ts'
import { lengthValue } from './types.ts'

/**
 * What functions that only ask for a length and for elements make of a value: lists and texts have elements, other
 * values have elements that fail.
 */
export function sequence(m: Machine, value: Value, at: Trace): readonly Lazy[] {
  if (typeof value === 'string') return characters(value)
  if (typeof value === 'object' && value.kind === 'array') return value.items
  const length = lengthValue(m, value, at)
  allocate(m, length * 16)
  const isObject = typeof value === 'object' && value.kind === 'object'
  const problem = isObject ? 'Unexpected type number, expected string' : 'Value non indexable: *jsonnet.valueFunction'
  return Array.from({ length }, () => later((inner) => fail(inner, problem, at)))
}
