import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { SecurityKey } from '../core/keys.ts'
import { isSame } from './keys.ts'

/** What an answer of an authenticator has to fit. */
export type Expected = {
  readonly challenge: string
  readonly rpId: string
  readonly origins: readonly string[]
  /** The authenticator must have checked that it is its person, not only that somebody is there. */
  readonly needsVerification: boolean
}

/** Why an answer is refused; the origin is told apart, because it is mostly a mistake in a configuration. */
export type Refusal =
  | { readonly kind: 'wrong_origin'; readonly origin: string }
  | { readonly kind: 'refused'; readonly because: string }

/** What is known of a key that has just been made. */
export type NewKey = Omit<SecurityKey, 'displayName' | 'addedAt' | 'isPasswordless'>

/** Both ceremonies of a relying party (WebAuthn Level 3, §7). */
export type KeyCeremonies = {
  register(answer: string, expected: Expected): Promise<{ readonly kind: 'made'; readonly key: NewKey } | Refusal>
  /** The key as it is from now on: its counter has moved. */
  authenticate(
    answer: string,
    expected: Expected,
    keys: readonly SecurityKey[],
  ): Promise<{ readonly kind: 'shown'; readonly key: SecurityKey } | Refusal>
}

/** The algorithms that are asked for, as Ory asks for them (COSE). */
export const ALGORITHMS = [-7, -35, -36, -257, -258, -259, -37, -38, -39, -8]

export const keyCeremonies: KeyCeremonies = {
  register: async (answer, expected) => {
    const read = readAnswer(answer, 'webauthn.create', expected)
    if (read.kind !== 'read') return read
    const { id, rawId, clientDataJSON, response } = read
    const attestationObject = textIn(response.attestationObject)
    return judged(async () => {
      const verified = await verifyRegistrationResponse({
        response: {
          id,
          rawId,
          type: 'public-key',
          response: { clientDataJSON, attestationObject },
          clientExtensionResults: {},
        },
        ...expectedBy(expected),
        supportedAlgorithmIDs: ALGORITHMS,
      })
      if (!verified.verified) return refused('the attestation does not hold')
      const { credential, fmt, aaguid, userVerified, credentialDeviceType, credentialBackedUp } =
        verified.registrationInfo
      const key: NewKey = {
        id: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString('base64url'),
        attestation: fmt,
        aaguid: Buffer.from(aaguid.replaceAll('-', ''), 'hex').toString('base64url'),
        signCount: credential.counter,
        flags: {
          userPresent: true,
          userVerified,
          backupEligible: credentialDeviceType === 'multiDevice',
          backupState: credentialBackedUp,
        },
      }
      return { kind: 'made', key }
    })
  },
  authenticate: async (answer, expected, keys) => {
    const read = readAnswer(answer, 'webauthn.get', expected)
    if (read.kind !== 'read') return read
    const { id, rawId, clientDataJSON, response } = read
    const key = keys.find((known) => known.id === id)
    if (key === undefined) return refused('the key is none of this person’s')
    return judged(async () => {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: {
          id,
          rawId,
          type: 'public-key',
          response: {
            clientDataJSON,
            authenticatorData: textIn(response.authenticatorData),
            signature: textIn(response.signature),
          },
          clientExtensionResults: {},
        },
        ...expectedBy(expected),
        credential: { id: key.id, publicKey: bytesOf(key.publicKey), counter: key.signCount },
      })
      if (!verified) return refused('the signature does not hold')
      const backupEligible = authenticationInfo.credentialDeviceType === 'multiDevice'
      // Whether a key may be copied is decided when it is made (§7.2, step 18).
      if (key.flags !== null && key.flags.backupEligible !== backupEligible) return refused('the key has changed')
      const flags = key.flags && { ...key.flags, backupState: authenticationInfo.credentialBackedUp }
      return { kind: 'shown', key: { ...key, signCount: authenticationInfo.newCounter, flags } }
    })
  },
}

const expectedBy = ({ challenge, rpId, origins, needsVerification }: Expected) => ({
  expectedChallenge: challenge,
  expectedOrigin: [...origins],
  expectedRPID: rpId,
  requireUserVerification: needsVerification,
})

const refused = (because: string): Refusal => ({ kind: 'refused', because })

/** Whatever the library finds wrong it throws. */
async function judged<T>(judge: () => Promise<T | Refusal>): Promise<T | Refusal> {
  try {
    return await judge()
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
}

type Read = {
  readonly kind: 'read'
  readonly id: string
  readonly rawId: string
  readonly clientDataJSON: string
  readonly response: JsonObject
}

/** What the browser says it was asked for, by whom and where, before anything is computed (§7.1, steps 5 to 10). */
function readAnswer(answer: string, type: string, { challenge, origins }: Expected): Read | Refusal {
  const content = parse(answer)
  const response = objectIn(content.response)
  const clientDataJSON = textIn(response.clientDataJSON)
  const client = parse(Buffer.from(clientDataJSON, 'base64url').toString())
  if (client.type !== type) return refused('it was made for something else')
  if (challenge === '' || !isSame(textIn(client.challenge).replace(/=+$/, ''), challenge)) {
    return refused('it answers another challenge')
  }
  const origin = textIn(client.origin)
  if (!origins.includes(origin)) return { kind: 'wrong_origin', origin }
  if (client.crossOrigin === true) return refused('it was made in a frame of another site')
  const id = textIn(content.id)
  return { kind: 'read', id, rawId: textIn(content.rawId) || id, clientDataJSON, response }
}

function parse(text: string): JsonObject {
  try {
    const value: Json = JSON.parse(text)
    return objectIn(value)
  } catch {
    return {}
  }
}

const objectIn = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {})
const textIn = (value: Json | undefined) => (typeof value === 'string' ? value : '')
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'))
