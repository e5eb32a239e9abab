import { isTrimmable, trim } from '../runtime/calls.ts'
import type { Native } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import { type Code, codeOf } from './code.ts'
import type { Tail } from './place.ts'

/** A call of a library function that is known when compiling. */
export function libraryCall(native: Native, args: readonly Code[], site: Site, tail: Tail): Code {
  return codeOf((m, env) => {
    if (tail !== 'no' && isTrimmable(m)) trim(m)
    return native(
      m,
      args.map((arg) => arg.delay(m, env)),
      site,
    )
  }, [])
}
