/** Whether a client may have a scope: exactly, or by a pattern of its own in which `*` stands for one or more parts. */
export function isScopeAllowed(strategy: 'exact' | 'wildcard', allowed: readonly string[], scope: string): boolean {
  if (strategy === 'exact') return allowed.includes(scope)
  return allowed.some((pattern) => matches(pattern.split('.'), scope.split('.')))
}

/** `a.*` matches `a.b` and `a.b.c`, `a.*.c` matches `a.b.c`; a part is never empty, so `a.*` does not match `a.`. */
function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length > parts.length) return false
  const isPrefix = pattern.every((part, at) => (part === '*' ? (parts[at] ?? '') !== '' : part === parts[at]))
  if (!isPrefix) return false
  return pattern.length === parts.length || (pattern.at(-1) === '*' && parts.slice(pattern.length).every(Boolean))
}

/** An audience fits if a registered one has the same scheme and host and its path begins with the registered path. */
export function isAudienceAllowed(allowed: readonly string[], audience: string): boolean {
  if (allowed.includes(audience)) return true
  const wanted = URL.parse(audience)
  if (wanted === null) return false
  return allowed.some((text) => {
    const known = URL.parse(text)
    if (known === null || known.protocol !== wanted.protocol || known.host !== wanted.host) return false
    const path = known.pathname.replace(/\/+$/, '')
    return path === '' || wanted.pathname === path || wanted.pathname.startsWith(`${path}/`)
  })
}

/** A list in one parameter, separated by blanks, or in several. */
export const listOf = (values: readonly string[]): readonly string[] =>
  values.flatMap((value) => value.split(' ')).filter((value) => value !== '')
