import type { Flow } from '../core/flow.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { MethodName } from '../core/trigger.ts'

/** What a method keeps in a flow between two submissions; it stands under the method's name, so that none sees another's. */
export const memoryOf = ({ memory }: Pick<Flow, 'memory'>, method: MethodName): JsonObject => {
  const kept = memory[method]
  return isJsonObject(kept) ? kept : {}
}

/** The flow with other things kept for a method. */
export const remembering = <F extends Flow>(flow: F, method: MethodName, kept: JsonObject): F => ({
  ...flow,
  memory: { ...flow.memory, [method]: kept },
})
