import type { AddressPatch } from '../core/decision.ts'
import type { AddressVia, Credential, RecoveryAddress, VerifiableAddress, VerifiableStatus } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Random, Time } from '../core/time.ts'
import type { Keyword, Marked } from './keyword.ts'
import { normaliseIdentifier, normalisePhone } from './normalise.ts'
import type { IdentitySchema } from './schema.ts'
import type { Violation } from './violations.ts'

/** What follows from the traits of an identity. */
export type Derived = {
  readonly traits: JsonObject
  readonly credentials: readonly Credential[]
  readonly verifiableAddresses: readonly VerifiableAddress[]
  readonly recoveryAddresses: readonly RecoveryAddress[]
}

/** What is known already. Addresses told anew replace what was known of them (ory-actions.md §4.9). */
export type Known = {
  readonly credentials: readonly Credential[]
  readonly verifiableAddresses: readonly VerifiableAddress[]
  readonly recoveryAddresses: readonly RecoveryAddress[]
  readonly verifiableTold?: readonly AddressPatch[] | undefined
}

export type Derivation =
  | { readonly kind: 'derived'; readonly derived: Derived }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] }

type Chance = { readonly random: Pick<Random, 'rowId'>; readonly at: Time }

/** Checks traits and works out identifiers and addresses from them, as the schema's keywords say (ory-identity-api.md §9.1). */
export function derive(schema: IdentitySchema, traits: Json, known: Known, chance: Chance): Derivation {
  const violations = schema.checkAll(traits)
  if (violations.length > 0 || !isJsonObject(traits)) return { kind: 'invalid', violations }
  return { kind: 'derived', derived: follow(schema, traits, known, chance) }
}

/** What follows from traits that were checked when they were stored, though the schema may have changed since. */
export function follow(schema: IdentitySchema, traits: JsonObject, known: Known, chance: Chance): Derived {
  const marked = schema.marked(traits).filter(({ value }) => isText(value))
  return {
    traits: withPhones(traits, marked),
    credentials: credentialsOf(marked, known.credentials, chance.at),
    verifiableAddresses: verifiableOf(marked, known, chance),
    recoveryAddresses: recoveryOf(marked, known.recoveryAddresses, chance),
  }
}

const isText = (value: Json) => typeof value === 'string' && value !== ''
const textOf = ({ value }: Marked) => (typeof value === 'string' ? value : '')

const isPhone = ({ format, verifiedVia, recoveredVia, identifies, codeVia }: Keyword) =>
  format === 'tel' ||
  (format === null && [verifiedVia, recoveredVia, identifies.includes('code') ? codeVia : null].includes('sms'))

/** A phone number is stored as E.164, wherever it came from; an e-mail address as it was typed. */
const withPhones = (traits: JsonObject, marked: readonly Marked[]): JsonObject =>
  marked
    .filter(({ keyword }) => isPhone(keyword))
    .reduce(
      (changed, mark) => replaceAt(changed, mark.path.slice(1), normalisePhone(textOf(mark)) ?? textOf(mark)),
      traits,
    )

function replaceAt(node: JsonObject, path: readonly string[], value: string): JsonObject {
  const replaced = replaceIn(node, path, value)
  return isJsonObject(replaced) ? replaced : node
}

function replaceIn(node: Json, [step, ...rest]: readonly string[], value: string): Json {
  if (step === undefined) return value
  if (isList(node)) return node.map((item, i) => (String(i) === step ? replaceIn(item, rest, value) : item))
  if (!isJsonObject(node)) return node
  return Object.fromEntries(
    Object.entries(node).map(([name, item]): [string, Json] => [
      name,
      name === step ? replaceIn(item, rest, value) : item,
    ]),
  )
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** A trait marked as an identifier makes its credential at once, though it can't sign anybody in before it is set up. */
function credentialsOf(marked: readonly Marked[], known: readonly Credential[], at: Time): readonly Credential[] {
  const derived = (['password', 'webauthn', 'code'] as const).flatMap((type): Credential[] => {
    const marks = marked.filter(({ keyword }) => keyword.identifies.includes(type))
    const identifiers = [...new Set(marks.map((mark) => normaliseIdentifier(textOf(mark))))]
    // Whoever loses every identifier keeps the last ones (ory-actions.md §4.9).
    if (identifiers.length === 0) return []
    const before = known.find((credential) => credential.type === type)
    const config: JsonObject =
      type === 'code' ? { ...before?.config, addresses: channelsOf(marks) } : (before?.config ?? {})
    if (before !== undefined && sameList(before.identifiers, identifiers)) return [{ ...before, config }]
    return [
      { type, identifiers, config, version: before?.version ?? 1, createdAt: before?.createdAt ?? at, updatedAt: at },
    ]
  })
  return [...known.filter(({ type }) => !derived.some((credential) => credential.type === type)), ...derived]
}

const channelsOf = (marks: readonly Marked[]): Json =>
  marks.map((mark) => ({ channel: mark.keyword.codeVia, address: normaliseIdentifier(textOf(mark)) }))

const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((item, i) => item === b[i])

type Reached = { readonly value: string; readonly via: AddressVia }

/** Each address once, in the order of the schema. */
const reached = (marked: readonly Marked[], via: (keyword: Keyword) => AddressVia | null): readonly Reached[] => {
  const all = marked.flatMap((mark): Reached[] => {
    const channel = via(mark.keyword)
    return channel === null ? [] : [{ value: normaliseIdentifier(textOf(mark)), via: channel }]
  })
  return all.filter((address, i) => all.findIndex((other) => isSame(other, address)) === i)
}

const isSame = (a: Reached, b: Reached) => a.value === b.value && a.via === b.via

function verifiableOf(marked: readonly Marked[], known: Known, { random, at }: Chance): readonly VerifiableAddress[] {
  return reached(marked, ({ verifiedVia }) => verifiedVia).map((address): VerifiableAddress => {
    const before = known.verifiableAddresses.find((other) => isSame(other, address))
    if (known.verifiableTold === undefined && before !== undefined) return before
    const told = known.verifiableTold?.find(
      (other) => (other.via ?? 'email') === address.via && normaliseIdentifier(other.value) === address.value,
    )
    const state = stateOf(told, at)
    if (before !== undefined && isSameState(before, state)) return before
    return {
      id: before?.id ?? random.rowId(),
      ...address,
      ...state,
      createdAt: before?.createdAt ?? at,
      updatedAt: at,
    }
  })
}

type State = Pick<VerifiableAddress, 'verified' | 'status' | 'verifiedAt'>

/** `verified` without a time is verified now; a status alone verifies nothing (ory-actions.md §4.9). */
function stateOf(told: AddressPatch | undefined, at: Time): State {
  const verified = told?.verified ?? false
  return {
    verified,
    status: statusOf(told?.status) ?? (verified ? 'completed' : 'pending'),
    verifiedAt: verified ? (told?.verifiedAt ?? at) : (told?.verifiedAt ?? null),
  }
}

const statusOf = (text: string | undefined): VerifiableStatus | null =>
  text === 'pending' || text === 'sent' || text === 'completed' ? text : null

const isSameState = (before: VerifiableAddress, { verified, status }: State) =>
  before.verified === verified && before.status === status

const recoveryOf = (
  marked: readonly Marked[],
  known: readonly RecoveryAddress[],
  { random, at }: Chance,
): readonly RecoveryAddress[] =>
  reached(marked, ({ recoveredVia }) => recoveredVia).map(
    (address) =>
      known.find((other) => isSame(other, address)) ?? { id: random.rowId(), ...address, createdAt: at, updatedAt: at },
  )
