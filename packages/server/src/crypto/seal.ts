import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '../core/time.ts'
import { deriveKey } from './keys.ts'

/** Keeps a text secret and unchangeable while it is in other hands: AES-256-GCM, the key ring's first key seals, all open. */
export type Seal = {
  seal(text: string): string
  /** Null for anything that none of the keys has sealed for this purpose. */
  open(sealed: string): string | null
}

const NONCE = 12
const TAG = 16
const VERSION = 1

/** Opens a key ring: `secrets` newest first, so that prepending one rotates them (ory-identity-api.md §8.2). */
export function createSeal(secrets: readonly string[], purpose: string, random: Pick<Random, 'bytes'>): Seal {
  // Made ready once: from bare bytes the library would do so at every call, for three times the price.
  const keys = secrets.map((secret) => createSecretKey(deriveKey(secret, `seal ${purpose}`)))
  const [first] = keys
  if (first === undefined) throw new Error(`no secret is configured to seal a ${purpose} with`)
  return {
    seal: (text) => {
      const nonce = random.bytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', first, nonce)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), nonce, sealed, cipher.getAuthTag()]).toString('base64url')
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < 1 + NONCE + TAG || bytes[0] !== VERSION) return null
      for (const key of keys) {
        const text = openWith(key, bytes)
        if (text !== null) return text
      }
      return null
    },
  }
}

function openWith(key: KeyObject, bytes: Buffer): string | null {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + NONCE), { authTagLength: TAG })
  decipher.setAuthTag(bytes.subarray(-TAG))
  try {
    return decipher.update(bytes.subarray(1 + NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return null
  }
}
