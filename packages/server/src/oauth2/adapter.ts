import { parseExactly } from '../core/exact-json.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import { TOKEN_KINDS, type StoredToken, type TokenKind } from '../core/oauth2.ts'
import { libraryMetadata } from './client-metadata.ts'
import type { OAuth2Deps } from './deps.ts'
import { hashOf } from './hash.ts'
import { type Scopes, scopeOf } from './request-scope.ts'
import { seconds } from './token-session.ts'

type Payload = { readonly [key: string]: unknown }

/** The library's storage of one model. It only reads; what it is asked to write waits in the request's scope. */
type Adapter = {
  upsert(id: string, payload: Payload, expiresIn: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  findByUserCode(code: string): Promise<Payload | undefined>
  consume(id: string): Promise<void>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
}

const isTokenKind = (name: string): name is TokenKind => TOKEN_KINDS.some((kind) => kind === name)

/** Gives the library a storage for each of its models by name. */
export const createAdapter =
  (deps: OAuth2Deps, scopes: Scopes) =>
  (name: string): Adapter => {
    if (isTokenKind(name)) return tokenAdapter(deps, scopes, name)
    if (name === 'Client') return { ...nothing, find: (id) => findClient(deps, scopes, id) }
    if (name === 'Grant') return { ...nothing, find: (id) => findGrant(deps, scopes, id) }
    // Sessions and interactions of the library are never stored: sign-in and consent are ours (requests.ts).
    return nothing
  }

const nothing: Adapter = {
  upsert: async () => {},
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
}

async function findClient(deps: OAuth2Deps, scopes: Scopes, id: string): Promise<Payload | undefined> {
  const client = await deps.store.oauth2.clients.find(id)
  if (client === null) return undefined
  scopeOf(scopes).client = client
  return libraryMetadata(client)
}

/** What the library calls a grant is our consent: whom it is for and what was granted. */
async function findGrant(deps: OAuth2Deps, scopes: Scopes, id: string): Promise<Payload | undefined> {
  const { consent: ahead } = scopeOf(scopes)
  const consent = ahead?.id === id ? ahead : await deps.store.oauth2.consents.find(id)
  if (consent === null) return undefined
  return {
    jti: consent.id,
    kind: 'Grant',
    accountId: consent.subject,
    clientId: consent.clientId,
    openid: { scope: [...consent.scope, NO_SCOPE].join(' ') },
  }
}

/** Stands for the right to have a token without any scope; the library wants at least one. It never leaves the server. */
export const NO_SCOPE = 'cardea:none'

function tokenAdapter(deps: OAuth2Deps, scopes: Scopes, kind: TokenKind): Adapter {
  const { tokens } = deps.store.oauth2
  const openToken = (stored: StoredToken | null, id: string | null): Payload | undefined => {
    const payload = stored === null ? null : openDocument(deps, stored.document)
    if (stored === null || payload === null) return undefined
    return {
      ...payload,
      ...(id === null ? {} : { jti: id }),
      ...(stored.consumedAt === null ? {} : { consumed: seconds(stored.consumedAt), uses: stored.uses }),
      ...(stored.pair === null ? {} : { pair: stored.pair }),
      // The library looks at the machine's clock; what has ended by ours ended long ago by its.
      ...(stored.expiresAt <= deps.clock.now() ? { exp: 1 } : {}),
    }
  }
  return {
    ...nothing,
    upsert: async (id, payload, expiresIn) => {
      const scope = scopeOf(scopes)
      const token = storedToken(deps, { kind, id, payload, expiresIn, pair: scope.pair })
      if (kind === 'ReplayDetection') scope.always.push({ write: 'noteOnce', token })
      else scope.ifAnswered.push({ kind: 'oauth2', change: { write: 'saveToken', token } })
    },
    find: async (id) => openToken(await tokens.find(kind, hashOf(id)), id),
    findByUserCode: async (code) => openToken(await tokens.findByUserCode(hashOf(code)), null),
    destroy: async (id) => {
      scopeOf(scopes).always.push({ write: 'deleteToken', kind, hash: hashOf(id) })
    },
    revokeByGrantId: async (chain) => {
      const { always } = scopeOf(scopes)
      // The library asks every model in turn; the chain is one.
      if (!always.some((each) => each.write === 'deleteChain' && each.chain === chain))
        always.push({ write: 'deleteChain', chain })
    },
  }
}

type Saved = {
  readonly kind: TokenKind
  readonly id: string
  readonly payload: Payload
  readonly expiresIn: number
  readonly pair: string
}

/** Ten years: what never expires by configuration still has a date in its row. */
const FOREVER = 10 * 365 * 24 * 60 * 60

function storedToken(deps: OAuth2Deps, { kind, id, payload, expiresIn, pair }: Saved): StoredToken {
  const { jti: _value, consumed: _consumed, ...kept } = payload
  return {
    kind,
    hash: hashOf(id),
    chain: textOf(payload['grantId']),
    pair: kind === 'AccessToken' || kind === 'RefreshToken' ? pair : null,
    clientId: textOf(payload['clientId']),
    userCodeHash: typeof payload['userCode'] === 'string' ? hashOf(payload['userCode']) : null,
    document: sealDocument(deps, kept),
    consumedAt: null,
    uses: 0,
    expiresAt: deps.clock.now() + (expiresIn || FOREVER) * 1000,
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null)

/** Claims about people lie in a token's document; `oauth2.session.encrypt_at_rest` keeps them from readers of the database. */
export function sealDocument({ settings, seals }: Pick<OAuth2Deps, 'settings' | 'seals'>, document: object): string {
  const text = JSON.stringify(document)
  return settings.encryptAtRest ? seals.sessions.seal(text) : text
}

/** A document, whether it was sealed when it was written or not. */
export function openDocument({ seals }: Pick<OAuth2Deps, 'seals'>, document: string): JsonObject | null {
  const text = document.startsWith('{') ? document : seals.sessions.open(document)
  const value: unknown = text === null ? null : parseExactly(text)
  return isJsonObject(value) ? value : null
}
