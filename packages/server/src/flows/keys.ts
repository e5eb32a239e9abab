import { hasFirstFactor } from '../core/factors.ts'
import type { Flow, SettingsFlow } from '../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../core/identity.ts'
import type { JsonObject } from '../core/json.ts'
import { type KeyRing, keyRingIn, type SecurityKey, toKeyConfig } from '../core/keys.ts'
import { messages } from '../core/messages.ts'
import { inputNode } from '../core/nodes.ts'
import type { RelyingParty, Settings } from '../core/settings.ts'
import type { Random, Time } from '../core/time.ts'
import type { NodeGroup, UiMessage, UiNode } from '../core/ui.ts'
import type { Expected, KeyCeremonies, NewKey, Refusal } from '../crypto/key-ceremonies.ts'
import type { Attempt } from '../methods/define.ts'

/** What methods with keys have in common: security keys and passkeys differ in when they are asked for. */
export type KeyDeps = {
  readonly settings: Pick<Settings, 'methods' | 'serve' | 'selfservice' | 'security'>
  readonly random: Pick<Random, 'bytes'>
  readonly ceremonies: KeyCeremonies
  /** The algorithms asked for. */
  readonly algorithms: readonly number[]
  /** The SHA-512 of the script that buttons call (ory-identity-api.md §5.6). */
  readonly scriptIntegrity: string
}

type KeyMethod = 'webauthn' | 'passkey'

const CHALLENGE_BYTES = 32

export const newChallenge = ({ random }: Pick<KeyDeps, 'random'>) =>
  Buffer.from(random.bytes(CHALLENGE_BYTES)).toString('base64url')

const HANDLE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** By what authenticators know a person: 64 letters that say nothing about them, base64url (WebAuthn Level 3, §14.6.1). */
export const newUserHandle = ({ random }: Pick<KeyDeps, 'random'>) =>
  Buffer.from([...random.bytes(64)].map((byte) => HANDLE_LETTERS[byte % 64] ?? '').join('')).toString('base64url')

/** The identifier a handle is found by: its text where it is one, as Ory stores it. */
export function handleIdentifier(handle: string): string {
  const bytes = Buffer.from(handle, 'base64url')
  const text = bytes.toString('utf8')
  return /^[\x20-\x7e]+$/.test(text) && Buffer.from(text).equals(bytes) ? text : bytes.toString('base64url')
}

/** A button that calls a function of the script. Native clients have a script of their own: they get its name alone (§4.2). */
export function triggerNode(flow: Pick<Flow, 'type'>, { group, name, call, value, options, label }: Trigger): UiNode {
  const onclick = { onclick: `window.${call}(${options ?? ''})` }
  return inputNode({
    group,
    name,
    type: 'button',
    ...(value === undefined ? {} : { value }),
    ...(flow.type === 'browser' ? onclick : {}),
    onclickTrigger: call,
    label,
  })
}

type Trigger = {
  readonly group: NodeGroup
  readonly name: string
  readonly call: string
  readonly value?: string
  readonly options?: string
  readonly label: UiMessage
}

/** The script itself, for browsers. */
export const scriptNodes = (
  { settings, random, scriptIntegrity }: Pick<KeyDeps, 'settings' | 'random' | 'scriptIntegrity'>,
  { type }: Pick<Flow, 'type'>,
): readonly UiNode[] =>
  type === 'api'
    ? []
    : [
        {
          type: 'script',
          group: 'webauthn',
          attributes: {
            node_type: 'script',
            id: 'webauthn_script',
            src: new URL('.well-known/ory/webauthn.js', settings.serve.public.baseUrl).href,
            async: true,
            referrerpolicy: 'no-referrer',
            crossorigin: 'anonymous',
            integrity: scriptIntegrity,
            type: 'text/javascript',
            nonce: Buffer.from(random.bytes(24)).toString('base64'),
          },
          messages: [],
          meta: {},
        },
      ]

type Creation = {
  readonly rp: RelyingParty
  readonly userName: string
  readonly userHandle: string
  readonly challenge: string
  readonly timeout: number
  readonly exclude: readonly SecurityKey[]
  readonly selection: JsonObject
  readonly attestation?: string
}

/** What a page passes to `navigator.credentials.create` (WebAuthn Level 3, §5.4). */
export const creationOptions = (
  { algorithms }: Pick<KeyDeps, 'algorithms'>,
  { rp, userName, userHandle, challenge, timeout, exclude, selection, attestation }: Creation,
): JsonObject => ({
  publicKey: {
    rp: { name: rp.name, id: rp.id },
    user: { name: userName, displayName: userName, id: userHandle },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout,
    ...(exclude.length === 0 ? {} : { excludeCredentials: exclude.map(descriptorOf) }),
    authenticatorSelection: selection,
    ...(attestation === undefined ? {} : { attestation }),
  },
})

type Request = {
  readonly rp: RelyingParty
  readonly challenge: string
  readonly timeout: number
  /** Null: any key the authenticator finds by itself. */
  readonly allow: readonly Pick<SecurityKey, 'id'>[] | null
  readonly userVerification: string
}

/** What a page passes to `navigator.credentials.get` (WebAuthn Level 3, §5.5). */
export const requestOptions = ({ rp, challenge, timeout, allow, userVerification }: Request): JsonObject => ({
  publicKey: {
    challenge,
    timeout,
    rpId: rp.id,
    ...(allow === null ? {} : { allowCredentials: allow.map(descriptorOf) }),
    userVerification,
  },
})

const descriptorOf = ({ id }: Pick<SecurityKey, 'id'>) => ({ type: 'public-key', id })

export const credentialOf = (person: IdentityWithCredentials | null, method: KeyMethod): Credential | null =>
  person?.credentials.find(({ type }) => type === method) ?? null

export const ringOf = (person: IdentityWithCredentials | null, method: KeyMethod): KeyRing =>
  keyRingIn(credentialOf(person, method)?.config ?? {})

export const expectedBy = (rp: RelyingParty, challenge: unknown, needsVerification: boolean): Expected => ({
  challenge: typeof challenge === 'string' ? challenge : '',
  rpId: rp.id,
  origins: rp.origins,
  needsVerification,
})

/** Where an answer came from is said plainly: it is mostly a page that the configuration does not know. */
export const refusalMessage = (refusal: Refusal, otherwise: UiMessage): UiMessage =>
  refusal.kind === 'wrong_origin'
    ? messages.reason(`The key was used on "${refusal.origin}", which is not a page of this service.`)
    : otherwise

export const keyRefused = () =>
  messages.reason('The answer of the authenticator could not be verified. Please try again.')

export type Added = { readonly made: NewKey; readonly displayName: string; readonly isPasswordless: boolean }

export const keyFrom = ({ made, displayName, isPasswordless }: Added, at: Time): SecurityKey => ({
  ...made,
  displayName: displayName === '' ? 'unnamed' : displayName,
  addedAt: at,
  isPasswordless,
})

/** One button a key. The last way in cannot be removed (§5.4). */
export const removeNodes = (
  { settings }: Pick<KeyDeps, 'settings'>,
  person: IdentityWithCredentials,
  { method, name, label }: Removal,
): readonly UiNode[] =>
  ringOf(person, method).keys.map((key) => {
    const node = inputNode({
      group: method,
      name,
      type: 'submit',
      value: hexOf(key),
      label: label({ name: key.displayName, addedAt: key.addedAt }),
    })
    return staysIn(settings, person, method, key)
      ? node
      : { ...node, attributes: { ...node.attributes, disabled: true } }
  })

type Removal = {
  readonly method: KeyMethod
  readonly name: string
  readonly label: (key: { readonly name: string; readonly addedAt: Time }) => UiMessage
}

const hexOf = ({ id }: SecurityKey) => Buffer.from(id, 'base64url').toString('hex')

/** Whether somebody who signs in with it could still do so without it. */
function staysIn(
  settings: KeyDeps['settings'],
  person: IdentityWithCredentials,
  method: KeyMethod,
  key: SecurityKey,
): boolean {
  const isWayIn = method === 'passkey' || key.isPasswordless
  return !isWayIn || hasFirstFactor(settings.methods, withoutKey(person, method, key, person.updatedAt).credentials)
}

/** Takes a key away, unless its person could not get in any more. */
export function removeKey(
  { settings }: Pick<KeyDeps, 'settings'>,
  person: IdentityWithCredentials,
  { method, name }: Pick<Removal, 'method' | 'name'>,
  hex: string,
  at: Time,
): Attempt<SettingsFlow> {
  const key = ringOf(person, method).keys.find((known) => hexOf(known) === hex.toLowerCase())
  const failed = (reason: string): Attempt<SettingsFlow> => ({
    kind: 'failed',
    messages: [{ field: name, message: messages.reason(reason) }],
  })
  if (key === undefined) return failed('This key is not one of yours.')
  if (!staysIn(settings, person, method, key)) {
    return failed('The last way to sign in cannot be removed. Please set up another one first.')
  }
  const identity = withoutKey(person, method, key, at)
  return { kind: 'passed', identity, before: person, aal: 'aal1', effects: [] }
}

function withoutKey(person: IdentityWithCredentials, method: KeyMethod, key: SecurityKey, at: Time) {
  const ring = ringOf(person, method)
  return withRing(person, method, { ...ring, keys: ring.keys.filter((known) => known.id !== key.id) }, at)
}

/** The person with other keys. A credential that came with the traits stays when its last key goes. */
export function withRing(
  person: IdentityWithCredentials,
  method: KeyMethod,
  ring: KeyRing,
  at: Time,
): IdentityWithCredentials {
  const known = credentialOf(person, method)
  const others = person.credentials.filter(({ type }) => type !== method)
  const identifiers = method === 'passkey' && ring.userHandle !== null ? [handleIdentifier(ring.userHandle)] : []
  const credential: Credential = {
    type: method,
    identifiers: known?.identifiers.length ? known.identifiers : identifiers,
    config: { ...known?.config, ...toKeyConfig(ring) },
    version: known?.version ?? 1,
    createdAt: known?.createdAt ?? at,
    updatedAt: at,
  }
  const isEmpty = method === 'passkey' && ring.keys.length === 0
  return { ...person, credentials: isEmpty ? others : [...others, credential], updatedAt: at }
}

/** The key that was shown, as it is from now on: its counter counts against a copy of it. */
export function keyUsed(
  person: IdentityWithCredentials,
  method: KeyMethod,
  used: SecurityKey,
  at: Time,
): Extract<Attempt, { kind: 'passed' }>['effects'] {
  const credential = credentialOf(person, method)
  const ring = ringOf(person, method)
  const before = ring.keys.find(({ id }) => id === used.id)
  if (credential === null || before?.signCount === used.signCount) return []
  const keys = ring.keys.map((key) => (key.id === used.id ? used : key))
  const config = { ...credential.config, ...toKeyConfig({ ...ring, keys }) }
  return [{ kind: 'saveCredential', identityId: person.id, credential: { ...credential, config, updatedAt: at } }]
}

export const textIn = (fields: JsonObject, name: string) => {
  const value = fields[name]
  return typeof value === 'string' ? value.trim() : ''
}
