import { fail, type Machine, save } from '../runtime/machine.ts'
import { toText } from '../runtime/manifest.ts'
import { textOf, type Value } from '../runtime/values.ts'
import type { Site } from '../source.ts'
import { type Code, codeOf } from './code.ts'

/** Code that fails with a message. */
export function errorCode(message: Code, site: Site): Code {
  const raise = (m: Machine, value: Value): Value | undefined => {
    const text = toText(m, value, site)
    return text === undefined ? save(m, (late) => fail(m, textOf(late), site)) : fail(m, text, site)
  }
  return codeOf(
    (m, env) => {
      const value = message.run(m, env)
      return value === undefined ? save(m, (late) => raise(m, late)) : raise(m, value)
    },
    [message],
  )
}
