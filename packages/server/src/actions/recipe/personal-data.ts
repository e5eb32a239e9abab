import type { RenderedCall } from '../../core/delivery.ts'
import { createHash } from 'node:crypto'
import type { Identity, RecoveryAddress, VerifiableAddress } from '../../core/identity.ts'
import { isJsonObject, type Json } from '../../core/json.ts'

/** A text that tells who somebody is, and what it is. */
export type PersonalText = { readonly text: string; readonly what: 'address' | 'number' | 'name' }

// One sign before the @ will do: more of them would be looked at again from each place, for as long as a stranger likes.
const MAIL = /[^\s@/?&=]@[^\s@/?&=]+\.[^\s@/?&=]/
const NUMBER = /(?:^|[^\w.+-])\+\d[\d\s().-]{6,}\d(?![\w.])/
const NAME_LIKE = /name|first|last|given|family|nick|surname/i
const REACHED_BY = /mail|phone|mobile|tel/i

/** What of somebody tells who they are. */
export type Person = Pick<Identity, 'traits'> & {
  readonly verifiableAddresses: readonly Pick<VerifiableAddress, 'value' | 'via'>[]
  readonly recoveryAddresses: readonly Pick<RecoveryAddress, 'value' | 'via'>[]
}

/** Everything that tells who this is: addresses, numbers and names, as they stand and as vendors compare them. */
export function personalTexts(identity: Person): readonly PersonalText[] {
  const addresses = [...identity.verifiableAddresses, ...identity.recoveryAddresses].map(
    ({ value, via }): PersonalText => ({
      text: value,
      what: via === 'sms' ? 'number' : 'address',
    }),
  )
  const found = [...addresses, ...inTraits(identity.traits, '')]
  const known = new Map(found.filter(({ text }) => text.length > 1).map((each) => [each.text.toLowerCase(), each]))
  return [...known.values()]
}

function inTraits(value: Json, path: string): readonly PersonalText[] {
  if (typeof value === 'string') {
    if (MAIL.test(value)) return [{ text: value, what: 'address' }]
    if (REACHED_BY.test(path)) return [{ text: value, what: 'number' }]
    return NAME_LIKE.test(path) ? [{ text: value, what: 'name' }] : []
  }
  if (isJsonObject(value)) return Object.entries(value).flatMap(([key, inner]) => inTraits(inner, `${path}.${key}`))
  return Array.isArray(value) ? value.flatMap((inner: Json) => inTraits(inner, path)) : []
}

const HASHES = ['md5', 'sha1', 'sha256'] as const

/**
 * Where a call says who somebody is although its recipe must not: in clear, in another case, percent-encoded or as a
 * plain hash. Null if it doesn't. A name counts where it stands as a word of its own.
 */
export function personalDataIn(call: RenderedCall, persons: readonly PersonalText[]): string | null {
  const hashes = persons.flatMap(({ text, what }) =>
    [text, text.toLowerCase(), text.replace(/\D/g, ''), `+${text.replace(/\D/g, '')}`]
      .filter((each) => each.length > 3)
      .flatMap((each) => HASHES.map((name) => [createHash(name).update(each).digest('hex'), what] as const)),
  )
  for (const [place, text] of textsOf(call)) {
    const what = whatIsSaid(text, persons, hashes)
    if (what !== null) return `${place} holds ${what}`
  }
  return null
}

function whatIsSaid(
  text: string,
  persons: readonly PersonalText[],
  hashes: readonly (readonly [string, PersonalText['what']])[],
): string | null {
  const lower = text.toLowerCase()
  if (MAIL.test(text)) return 'what looks like an e-mail address'
  if (NUMBER.test(` ${text}`)) return 'what looks like a phone number'
  const hash = hashes.find(([digest]) => lower.includes(digest))
  if (hash !== undefined) return `a hash of the person’s ${hash[1]}`
  const said = persons.find((person) => isSaid(lower, person))
  return said === undefined ? null : `the person’s ${said.what}`
}

function isSaid(lower: string, { text, what }: PersonalText): boolean {
  const digits = text.replace(/\D/g, '')
  if (what === 'number' && digits.length >= 7) return lower.replace(/[\s().+-]/g, '').includes(digits)
  const wanted = text.toLowerCase()
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + 1)) {
    const [before, after] = [lower[at - 1] ?? ' ', lower[at + wanted.length] ?? ' ']
    if (what !== 'name' || !(isLetter(before) || isLetter(after))) return true
  }
  return false
}

const isLetter = (sign: string) => /[\p{L}\p{N}_]/u.test(sign)

/** Every text of a call with its place: the parts of the address, the headers, the leaves of the body. */
function* textsOf({ url, headers, body }: RenderedCall): Generator<readonly [string, string]> {
  const [path = '', query = ''] = url.replace(/^https?:\/\/[^/?]*/, '').split('?', 2)
  yield ['the path', decoded(path)]
  for (const [name, value] of new URLSearchParams(query)) yield [`the query’s ${name}`, value]
  for (const [name, value] of Object.entries(headers)) yield [`the header ${name}`, value]
  if (body !== null) yield* leavesOf(parsed(body), 'the body')
}

function* leavesOf(value: Json, place: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [place, value]
  else if (typeof value === 'number') yield [place, String(value)]
  else if (Array.isArray(value)) {
    for (const [at, inner] of value.entries()) yield* leavesOf(inner, `${place}[${at}]`)
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      yield [`a key of ${place}`, key]
      yield* leavesOf(inner, place === 'the body' ? key : `${place}.${key}`)
    }
  }
}

/** A body that is no JSON is looked at as the text it is, without its percent-encoding. */
function parsed(body: string): Json {
  try {
    return JSON.parse(body)
  } catch {
    return decoded(body.replaceAll('+', ' '))
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
