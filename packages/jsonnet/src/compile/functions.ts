import { allocate } from '../runtime/machine.ts'
import type { FnCode, Parameter } from '../runtime/values.ts'
import type { Node, Param } from '../syntax/ast.ts'
import type { Walk } from '../trampoline.ts'
import { type Code, immediate } from './code.ts'
import { anonymous, innerScope, type Place } from './place.ts'

const functionCost = 80

type Written = { readonly params: readonly Param[]; readonly body: Node }

export function* compileFunction(node: Extract<Node, { kind: 'function' }>, place: Place): Walk<Code> {
  return yield functionOf(node, place)
}

/** A function as written anywhere: the defaults see all parameters, and all of it is called by the bound name. */
export function* functionOf({ params, body }: Written, place: Place): Walk<Code> {
  const names = params.map((param) => param.name)
  const inner: Place = {
    ...innerScope(place, names),
    context: place.context && { label: `function <${place.bound}>` },
    bound: anonymous,
    tail: 'proper',
  }
  const parameters: Parameter[] = []
  for (const { name, fallback } of params) {
    const code: Code | undefined = fallback && (yield place.unit.compile(fallback, inner))
    parameters.push({ name, fallback: code?.run, optional: code !== undefined })
  }
  const compiled = yield place.unit.compile(body, inner)
  const required = parameters.filter((param) => !param.optional).length
  const code: FnCode = { params: parameters, required, body: compiled.run, native: undefined }
  return immediate((m, env) => {
    allocate(m, functionCost)
    return { kind: 'function', code, env }
  })
}
