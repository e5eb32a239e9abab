import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts'

/** What is wrong about an answer, for tests of what is refused. */
export type Fault = {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly counter?: number
  readonly withoutPresence?: boolean
  readonly withoutVerification?: boolean
  readonly crossOrigin?: boolean
  readonly backup?: 'eligible' | 'state_only'
  readonly signWith?: KeyObject
  readonly garbage?: 'signature' | 'authenticatorData' | 'clientDataJSON' | 'attestationObject'
  readonly userHandle?: string
  readonly id?: string
}

type Held = {
  readonly id: Buffer
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly userHandle: string
  readonly rpId: string
  counter: number
}

/** An authenticator in software (WebAuthn Level 3, §6): ES256, no attestation, everybody present and verified. */
export type Authenticator = {
  readonly held: Held[]
  create(options: JsonObject, fault?: Fault): string
  get(options: JsonObject, fault?: Fault): string
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest()
const b64u = (data: Buffer) => data.toString('base64url')

export function createAuthenticator(origin: string): Authenticator {
  const held: Held[] = []
  const clientData = (type: string, challenge: string, fault: Fault) =>
    Buffer.from(
      JSON.stringify({
        type: fault.type ?? type,
        challenge: fault.challenge ?? challenge,
        origin: fault.origin ?? origin,
        crossOrigin: fault.crossOrigin ?? false,
      }),
    )
  const broken = (name: NonNullable<Fault['garbage']>, data: Buffer, { garbage }: Fault) =>
    garbage === name ? randomBytes(data.length) : data
  return {
    held,
    create: (options, fault = {}) => {
      const wanted = objectAt(options, 'publicKey')
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const rpId = textOf(objectAt(wanted, 'rp').id)
      const key: Held = {
        id: randomBytes(32),
        publicKey,
        privateKey,
        userHandle: textOf(objectAt(wanted, 'user').id),
        rpId,
        counter: 0,
      }
      held.push(key)
      const authData = authenticatorData(key, fault, true)
      const attestation = cbor(
        new Map<Cbor, Cbor>([
          ['fmt', 'none'],
          ['attStmt', new Map()],
          ['authData', authData],
        ]),
      )
      const client = clientData('webauthn.create', textOf(wanted.challenge), fault)
      return JSON.stringify({
        id: b64u(key.id),
        rawId: b64u(key.id),
        type: 'public-key',
        response: {
          attestationObject: b64u(broken('attestationObject', attestation, fault)),
          clientDataJSON: b64u(broken('clientDataJSON', client, fault)),
        },
      })
    },
    get: (options, fault = {}) => {
      const wanted = objectAt(options, 'publicKey')
      const allowed = listOf(wanted.allowCredentials).map((entry) => (isJsonObject(entry) ? textOf(entry.id) : ''))
      const key = held.find(({ id }) => allowed.length === 0 || allowed.includes(b64u(id))) ?? held[0]
      if (key === undefined) throw new Error('this authenticator holds no key')
      const authData = authenticatorData(key, fault, false)
      const client = clientData('webauthn.get', textOf(wanted.challenge), fault)
      const signature = sign('sha256', Buffer.concat([authData, sha256(client)]), fault.signWith ?? key.privateKey)
      const id = fault.id ?? b64u(key.id)
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        response: {
          authenticatorData: b64u(broken('authenticatorData', authData, fault)),
          clientDataJSON: b64u(broken('clientDataJSON', client, fault)),
          signature: b64u(broken('signature', signature, fault)),
          userHandle: fault.userHandle ?? key.userHandle,
        },
      })
    },
  }
}

function authenticatorData(key: Held, fault: Fault, withKey: boolean): Buffer {
  key.counter = fault.counter ?? key.counter + 1
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(key.counter)
  const flags =
    (fault.withoutPresence ? 0 : 0x01) |
    (fault.withoutVerification ? 0 : 0x04) |
    (fault.backup === 'eligible' ? 0x08 : 0) |
    (fault.backup === 'state_only' ? 0x10 : 0) |
    (withKey ? 0x40 : 0)
  const head = Buffer.concat([sha256(fault.rpId ?? key.rpId), Buffer.of(flags), counter])
  if (!withKey) return head
  const jwk = key.publicKey.export({ format: 'jwk' })
  const cose = cbor(
    new Map<Cbor, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(jwk.x ?? '', 'base64url')],
      [-3, Buffer.from(jwk.y ?? '', 'base64url')],
    ]),
  )
  const length = Buffer.alloc(2)
  length.writeUInt16BE(key.id.length)
  return Buffer.concat([head, Buffer.alloc(16), length, key.id, cose])
}

type Cbor = number | string | Buffer | Map<Cbor, Cbor>

/** As much of CBOR as this takes (RFC 8949). */
function cbor(value: Cbor): Buffer {
  const head = (major: number, n: number): Buffer => {
    if (n < 24) return Buffer.of((major << 5) | n)
    if (n < 256) return Buffer.of((major << 5) | 24, n)
    return Buffer.of((major << 5) | 25, n >> 8, n & 255)
  }
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([name, item]) => [cbor(name), cbor(item)])])
}

const objectAt = (of: JsonObject, name: string): JsonObject => {
  const value = of[name]
  return value !== undefined && isJsonObject(value) ? value : {}
}
const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : '')
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
