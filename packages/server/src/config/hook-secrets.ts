import type { Path } from './path.ts'

/** Names whose values are secrets in every kind of action: a header may carry a credential, whatever it is called. */
const SECRET_NAMES = new Set(['password', 'value', 'secret', 'secrets', 'headers', 'token'])

/** Whether what stands at a path inside an action's `config` must not be shown. Kinds may mark more (`writeOnly`). */
export function isHookSecret(path: Path): boolean {
  const config = path.lastIndexOf('config', path.findIndex((step) => step === 'hooks') + 2)
  return config !== -1 && path.slice(config + 1).some((step) => typeof step === 'string' && SECRET_NAMES.has(step))
}
