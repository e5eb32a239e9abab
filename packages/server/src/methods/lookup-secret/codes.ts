import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Random } from '../../core/time.ts'
import type { Seal } from '../../crypto/seal.ts'

/** One code on paper, and when it was used. */
export type LookupCode = { readonly code: string; readonly usedAt: string | null }

export const lookupOf = (person: IdentityWithCredentials | null): Credential | null => {
  const found = person?.credentials.find(({ type }) => type === 'lookup_secret')
  return found !== undefined && entriesIn(found.config).length > 0 ? found : null
}

/** Of a used code no more is remembered than that it was. */
const NEVER = new Set(['', '0001-01-01T00:00:00Z'])

/** The codes of a credential. They can be shown again, so they are not hashed but sealed. */
export const codesIn = (config: JsonObject, cipher: Pick<Seal, 'open'>): readonly LookupCode[] =>
  entriesIn(config).flatMap(({ code, usedAt }) => {
    const opened = cipher.open(code)
    return opened === null ? [] : [{ code: opened, usedAt }]
  })

function entriesIn({ recovery_codes }: JsonObject): readonly LookupCode[] {
  if (!isList(recovery_codes)) return []
  return recovery_codes.flatMap((entry): LookupCode[] => {
    if (!isJsonObject(entry) || typeof entry.code !== 'string' || entry.code === '') return []
    const { code, used_at } = entry
    return [{ code, usedAt: typeof used_at === 'string' && !NEVER.has(used_at) ? used_at : null }]
  })
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** The configuration of a credential with these codes. */
export const toConfig = (codes: readonly LookupCode[], cipher: Pick<Seal, 'seal'>): JsonObject => ({
  recovery_codes: codes.map(({ code, usedAt }) => ({
    code: cipher.seal(code),
    ...(usedAt === null ? {} : { used_at: usedAt }),
  })),
})

const COUNT = 12
const LENGTH = 8
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** The last whole multiple of the alphabet's length in a byte: what lies beyond is passed over, so that each letter is equally likely. */
const FAIR = 256 - (256 % ALPHABET.length)

/** Twelve new codes of eight letters and digits, no two alike (ory-identity-api.md §7.5). */
export function newCodes(random: Pick<Random, 'bytes'>): readonly string[] {
  const codes = new Set<string>()
  while (codes.size < COUNT) codes.add(newCode(random))
  return [...codes]
}

function newCode(random: Pick<Random, 'bytes'>): string {
  let code = ''
  while (code.length < LENGTH) {
    const fair = [...random.bytes(LENGTH)].filter((byte) => byte < FAIR)
    code += fair.map((byte) => ALPHABET[byte % ALPHABET.length] ?? '').join('')
  }
  return code.slice(0, LENGTH)
}
