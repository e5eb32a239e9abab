import type { Log } from '../core/log.ts'
import type { TokenPatch } from './read-token-answer.ts'
import { withClaims } from './token-claims.ts'
import { RESERVED_ACCESS_CLAIMS, RESERVED_ID_CLAIMS, type TokenSession } from './token-session.ts'

type Amending = { readonly log: Log; readonly where: string; readonly grant: string }

/** Applies what an action wants. It can take away, never give: what it may not do is left undone and written down (reliability.md I47). */
export function amendToken({ log, where, grant }: Amending, before: TokenSession, patch: TokenPatch): TokenSession {
  const session = withClaims({ log }, { session: before, grant }, patch.session, where)
  const refuse = (what: string, names: readonly string[]) => {
    if (names.length > 0) log('warn', 'token_amendment_refused', { where, what, names })
  }
  const reservedId = Object.keys(patch.idToken.set).filter((name) => RESERVED_ID_CLAIMS.has(name))
  const reservedAccess = Object.keys(patch.accessToken.set).filter((name) => RESERVED_ACCESS_CLAIMS.has(name))
  refuse('reserved claims of the ID token', reservedId)
  refuse('reserved claims of the access token', reservedAccess)
  refuse('scopes that were not granted', foreign(patch.scope, session.scope))
  refuse('audiences that were not granted', foreign(patch.audience, session.audience))

  const scope = patch.scope === null ? session.scope : session.scope.filter((each) => patch.scope?.includes(each))
  const audience =
    patch.audience === null ? session.audience : session.audience.filter((each) => patch.audience?.includes(each))
  return {
    ...session,
    scope,
    audience,
    accessToken: patched(session.accessToken, patch.accessToken, RESERVED_ACCESS_CLAIMS),
    idToken: patched(session.idToken, patch.idToken, RESERVED_ID_CLAIMS),
    lifetimes: shortest(session.lifetimes ?? {}, patch.lifetimes),
  }
}

const foreign = (wanted: readonly string[] | null, granted: readonly string[]) =>
  (wanted ?? []).filter((each) => !granted.includes(each))

function patched(
  claims: TokenSession['accessToken'],
  { set, remove }: TokenPatch['accessToken'],
  reserved: ReadonlySet<string>,
): TokenSession['accessToken'] {
  if (Object.keys(set).length === 0 && remove.length === 0) return claims
  const allowed = Object.entries(set).filter(([name]) => !reserved.has(name))
  const kept = Object.entries(claims ?? {}).filter(([name]) => !remove.includes(name))
  return Object.fromEntries([...kept, ...allowed])
}

type Lifetimes = TokenPatch['lifetimes']

function shortest(one: Lifetimes, other: Lifetimes): Lifetimes {
  const names = ['accessToken', 'idToken', 'refreshToken'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const times = [one[name], other[name]].flatMap((each) => each ?? [])
      return times.length === 0 ? [] : [[name, Math.min(...times)] as const]
    }),
  )
}
