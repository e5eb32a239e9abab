import type { Path } from './path.ts'

/** Names whose values are secrets in every kind of action: a header may carry a credential, whatever it is called. */
const SECRET_NAMES = new Set([
  'password',
  'value',
  'secret',
  'secrets',
  'headers',
  'token',
  'client_secret',
  'cert',
  'key',
])

/** Whether what stands at a path inside an action's `config` must not be shown. Kinds may mark more (`writeOnly`). */
export function isHookSecret(path: Path): boolean {
  const hooks = path.indexOf('hooks')
  if (hooks === -1 || path[hooks + 2] !== 'config') return false
  return path.slice(hooks + 3).some((step) => typeof step === 'string' && SECRET_NAMES.has(step))
}
