import type { SetCookie } from 'cookie'
import { CONTINUITY_COOKIE } from '../core/request.ts'
import type { Session } from '../core/session.ts'
import type { Settings } from '../core/settings.ts'
import type { Random, Time } from '../core/time.ts'

type Deps = { readonly settings: Settings; readonly random: Random }

/** What a browser keeps for Cardea: the anti-CSRF secret and the sealed session token (ory-identity-api.md §1.8, §8.2). */
export type BrowserState = {
  readonly csrfCookieName: string
  csrfCookie(secret: string): SetCookie
  sessionCookie(session: Session, value: string, at: Time): SetCookie
  forgetSession(): SetCookie
  /** The ticket of a submission that waits for its person to sign in once more. */
  continuityCookie(value: string, at: Time): SetCookie
  forgetContinuity(): SetCookie
}

const CONTINUITY_LIFESPAN = 2_592_000_000

export function browserState({ settings }: Pick<Deps, 'settings'>, csrfCookieName: string): BrowserState {
  const { cookies, session } = settings
  const attributes = (from: typeof cookies) => ({
    path: from.path,
    httpOnly: true,
    ...(from.domain === null ? {} : { domain: from.domain }),
    ...(from.secure ? { secure: true } : {}),
  })
  return {
    csrfCookieName,
    csrfCookie: (secret) => ({
      ...attributes(cookies),
      name: csrfCookieName,
      value: secret,
      maxAge: 31_536_000,
      // Browsers refuse SameSite=None without Secure.
      sameSite: cookies.secure ? sameSite(cookies.sameSite) : 'lax',
    }),
    sessionCookie: ({ expiresAt }, value, at) => ({
      ...attributes(session.cookie),
      name: session.cookie.name,
      value,
      sameSite: sameSite(session.cookie.sameSite),
      ...(session.cookie.persistent
        ? { expires: new Date(expiresAt), maxAge: Math.max(0, Math.ceil((expiresAt - at) / 1000) - 1) }
        : {}),
    }),
    // Not empty: some proxies drop a cookie without a value, and with it the order to forget it.
    forgetSession: () => ({
      ...attributes(session.cookie),
      name: session.cookie.name,
      value: 'signed-out',
      sameSite: sameSite(session.cookie.sameSite),
      expires: new Date(0),
      maxAge: 0,
    }),
    continuityCookie: (value, at) => ({
      ...attributes(cookies),
      name: CONTINUITY_COOKIE,
      value,
      expires: new Date(at + CONTINUITY_LIFESPAN),
      maxAge: CONTINUITY_LIFESPAN / 1000,
      sameSite: cookies.secure ? sameSite(cookies.sameSite) : 'lax',
    }),
    forgetContinuity: () => ({
      ...attributes(cookies),
      name: CONTINUITY_COOKIE,
      value: 'taken-up',
      expires: new Date(0),
      maxAge: 0,
      sameSite: cookies.secure ? sameSite(cookies.sameSite) : 'lax',
    }),
  }
}

const sameSite = (value: 'Lax' | 'Strict' | 'None') =>
  (({ Lax: 'lax', Strict: 'strict', None: 'none' }) as const)[value]
