import { allocate } from '../runtime/machine.ts'
import { array, emptyArray, type Lazy } from '../runtime/values.ts'
import type { Node } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { type Code, constant, immediate } from './code.ts'
import { type Place, thunkPart } from './place.ts'

const elementCost = 48

export function* compileArray(node: Extract<Node, { kind: 'array' }>, place: Place): Walk<Code> {
  if (node.items.length === 0) return constant(emptyArray)
  const inside = thunkPart(place)
  const items: Code[] = []
  for (const item of node.items) items.push(yield place.unit.compile(item, inside))
  return immediate((m, env) => {
    allocate(m, items.length * elementCost)
    const lazies: Lazy[] = []
    for (const item of items) lazies.push(item.delay(m, env))
    return array(lazies)
  })
}
