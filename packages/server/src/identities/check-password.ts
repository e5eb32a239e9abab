import { createHash } from 'node:crypto'
import { WireError } from '../core/errors.ts'
import { messages } from '../core/messages.ts'
import type { HasherSettings, PasswordSettings } from '../core/settings.ts'
import type { FieldMessage, UiMessage } from '../core/ui.ts'
import type { OutgoingClient } from '../net/outgoing.ts'

/** What is wrong with a new password; nothing, if it may be used. */
export type CheckPassword = (password: string, identifiers: readonly string[]) => Promise<readonly FieldMessage[]>

/** The password policy (ory-identity-api.md §7.1): length, likeness to an identifier, known breaches. */
export const createPasswordCheck =
  (
    settings: PasswordSettings,
    client: Pick<OutgoingClient, 'send'>,
    { algorithm }: Pick<HasherSettings, 'algorithm'>,
  ): CheckPassword =>
  async (password, identifiers) => {
    const wrong =
      checkLength(settings.minLength, algorithm === 'bcrypt' ? BCRYPT_LIMIT : LONGEST, password) ??
      (settings.similarityCheck && identifiers.some((identifier) => isSimilar(identifier, password))
        ? messages.passwordTooSimilar()
        : null) ??
      (settings.haveIBeenPwned.enabled ? await checkBreaches(settings.haveIBeenPwned, client, password) : null)
    return wrong === null ? [] : [{ field: 'password', message: wrong }]
  }

/** bcrypt reads no further, so the rest would not protect anybody. */
const BCRYPT_LIMIT = 72
/** What nobody types; hashing more would be work for nothing (reliability.md T67). */
const LONGEST = 4_096

/** Bytes, not characters, as in Ory (§15, 17). */
function checkLength(least: number, most: number, password: string): UiMessage | null {
  const length = Buffer.byteLength(password)
  if (length < least) return messages.passwordTooShort(least, length)
  return length > most ? messages.passwordTooLong(most, length) : null
}

/** Longer ones are not compared: the work grows with the product of both. */
const LONGEST_COMPARED = 256
const LEAST_DISTANCE = 5
const GREATEST_SHARE = 0.5

/** Few changes lead from one to the other, or more than half of the password is in the identifier. */
export function isSimilar(identifier: string, password: string): boolean {
  const [a, b] = [identifier.toLowerCase(), password.toLowerCase()]
  if (Buffer.byteLength(a) > LONGEST_COMPARED || Buffer.byteLength(b) > LONGEST_COMPARED || b === '') return false
  return (
    distance(Array.from(a), Array.from(b)) < LEAST_DISTANCE || common(Buffer.from(a), Buffer.from(b)) > GREATEST_SHARE
  )
}

/** Levenshtein's, row by row. */
function distance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, from] of a.entries()) {
    const next = [i + 1]
    for (const [j, to] of b.entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[j], row[j + 1], row[j]]
      next.push(Math.min(left + 1, above + 1, diagonal + (from === to ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** The longest text that is in both, as a share of the password. */
function common(identifier: Buffer, password: Buffer): number {
  let longest = 0
  let row: readonly number[] = []
  for (const from of identifier) {
    const next: number[] = []
    for (const [j, to] of password.entries()) {
      const length = from === to ? (row[j - 1] ?? 0) + 1 : 0
      next.push(length)
      longest = Math.max(longest, length)
    }
    row = next
  }
  return longest / password.length
}

const TRIES = 3
const BUDGET = 1000

/** Only five digits of the hash leave the house; the service answers with all that begin like it. */
async function checkBreaches(
  { host, maxBreaches, ignoreNetworkErrors }: PasswordSettings['haveIBeenPwned'],
  client: Pick<OutgoingClient, 'send'>,
  password: string,
): Promise<UiMessage | null> {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  const range = await fetchRange(client, `https://${host}/range/${digest.slice(0, 5)}`)
  if (range === null) {
    if (ignoreNetworkErrors) return null
    throw new WireError(502, 'A third-party upstream service could not be reached. Please try again later.', {
      id: 'upstream_error',
      reason: 'Unable to check if the password has been leaked. Please try again later.',
    })
  }
  const breaches = countOf(range, digest.slice(5))
  return breaches > maxBreaches ? messages.passwordBreached(breaches) : null
}

async function fetchRange(client: Pick<OutgoingClient, 'send'>, url: string): Promise<string | null> {
  // Padding hides from whoever sees the traffic how many hashes begin alike.
  const call = { method: 'GET', url, headers: { 'Add-Padding': 'true' }, body: null }
  for (let i = 0; i < TRIES; i++) {
    const answer = await client.send(call, { budget: BUDGET })
    if (answer.kind === 'answered' && answer.status === 200) return answer.body.toString('utf8')
  }
  return null
}

const countOf = (range: string, suffix: string) => {
  const line = range.split(/\r?\n/).find((entry) => entry.slice(0, suffix.length).toUpperCase() === suffix)
  const count = Number(line?.slice(suffix.length + 1))
  return Number.isFinite(count) ? count : 0
}
