import { createCipheriv, createHash, createHmac, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { unixCrypt } from './unix-crypt.ts'

/** Whether a password is the one behind a hash that another system made (ory-identity-api.md §7.1). */
export async function matchesImported(hash: string, password: string): Promise<boolean> {
  for (const { form, matches } of FORMS) {
    const parts = form.exec(hash)?.groups
    if (parts !== undefined) return matches(parts, password)
  }
  return false
}

type Parts = { readonly [name: string]: string | undefined }
type Form = { readonly form: RegExp; readonly matches: (parts: Parts, password: string) => boolean | Promise<boolean> }

const derive = promisify(pbkdf2)
const stretch = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

/** Dearer ones were refused when they were imported; this only keeps a mistake from costing more than a wrong answer. */
const MOST_MEMORY = 512 * 1024 * 1024

const isSame = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.length > 0 && timingSafeEqual(a, b)
const bytes = (text = '') => Buffer.from(text, 'base64')
const digest = (algorithm: string, ...parts: readonly (Buffer | string)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest()

const scryptOptions = (N: number, r: number, p: number) => ({ N, r, p, maxmem: MOST_MEMORY })

const FORMS: readonly Form[] = [
  {
    form: /^\$pbkdf2-(?<sha>sha\d+)\$i=(?<rounds>\d+),l=\d+\$(?<salt>[^$]+)\$(?<hash>[^$]+)$/,
    matches: async ({ sha = '', rounds, salt, hash }, password) => {
      const expected = bytes(hash)
      // Kratos means SHA-3 by these two (§15, 27).
      const algorithm = sha === 'sha224' || sha === 'sha384' ? `sha3-${sha.slice(3)}` : sha
      return isSame(await derive(password, bytes(salt), Number(rounds), expected.length, algorithm), expected)
    },
  },
  {
    // `ln` is the cost itself here, not its logarithm.
    form: /^\$scrypt\$ln=(?<n>\d+),r=(?<r>\d+),p=(?<p>\d+)\$(?<salt>[^$]*)\$(?<hash>[^$]+)$/,
    matches: async ({ n, r, p, salt, hash }, password) => {
      const expected = bytes(hash)
      const options = scryptOptions(Number(n), Number(r), Number(p))
      return isSame(await stretch(password, bytes(salt), expected.length, options), expected)
    },
  },
  {
    form: /^\{SSHA(?<size>256|512)?\}(?<both>.+)$/,
    matches: ({ size, both }, password) => {
      const stored = bytes(both)
      const algorithm = size === undefined ? 'sha1' : `sha${size}`
      const length = digest(algorithm, '').length
      return isSame(digest(algorithm, password, stored.subarray(length)), stored.subarray(0, length))
    },
  },
  {
    form: /^\$(?<algorithm>sha1|sha256|sha512|md5)\$pf=(?<recipe>[^$]+)\$(?<salt>[^$]*)\$(?<hash>[^$]+)$/,
    matches: ({ algorithm = '', recipe, salt, hash }, password) =>
      isSame(digest(algorithm, ...filledIn(bytes(recipe).toString(), bytes(salt), password)), bytes(hash)),
  },
  {
    form: /^\$md5\$(?<hash>[^$]+)$/,
    matches: ({ hash }, password) => isSame(digest('md5', password), bytes(hash)),
  },
  {
    form: /^\$hmac-(?<algorithm>md5|sha1|sha224|sha256|sha384|sha512)\$(?<hash>[^$]+)\$(?<key>[^$]+)$/,
    matches: ({ algorithm = '', hash, key }, password) => {
      // What is stored is the digest as hexadecimal text, in base64.
      const made = createHmac(algorithm, bytes(key)).update(password).digest('hex')
      return isSame(Buffer.from(made), bytes(hash))
    },
  },
  {
    form: /^\$(?<recipe>md5|sha256|sha512)-crypt\$(?<setting>(?:rounds=\d+\$)?[^$]*)\$(?<hash>[^$]+)$/,
    matches: ({ recipe, setting = '', hash = '' }, password) => {
      const made = unixCrypt(recipe === 'md5' ? '1' : recipe === 'sha256' ? '5' : '6', setting, password)
      return made !== null && isSame(Buffer.from(made), Buffer.from(hash))
    },
  },
  {
    form: /^\$firescrypt\$ln=(?<ln>\d+),r=(?<r>\d+),p=(?<p>\d+)\$(?<salt>[^$]*)\$(?<hash>[^$]+)\$(?<separator>[^$]*)\$(?<signer>[^$]+)$/,
    matches: async ({ ln, r, p, salt, hash, separator, signer }, password) => {
      const options = scryptOptions(2 ** Number(ln), Number(r), Number(p))
      const key = await stretch(password, Buffer.concat([bytes(salt), bytes(separator)]), 32, options)
      // Firebase encrypts the project's signer key with what it derives from the password.
      return isSame(createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(bytes(signer)), bytes(hash))
    },
  },
]

/** The recipe says in which order salt and password are hashed, and what stands between them. */
const filledIn = (recipe: string, salt: Buffer, password: string) =>
  recipe
    .split(/(\{SALT\}|\{PASSWORD\})/)
    .map((part) => (part === '{SALT}' ? salt : part === '{PASSWORD}' ? password : part))
