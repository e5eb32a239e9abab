import { createHash } from 'node:crypto'

/** Longer passwords make these recipes slow out of all proportion, and nobody typed one where they come from. */
const LONGEST_PASSWORD = 512
/** More rounds, which the recipes allow, would hold up everybody else's sign-in. */
const MOST_ROUNDS = 100_000

/**
 * The `crypt(3)` hash of a password without its setting: by MD5 (`$1$`), SHA-256 (`$5$`) or SHA-512 (`$6$`). Null for
 * what we do not follow.
 */
export function unixCrypt(recipe: '1' | '5' | '6', setting: string, password: string): string | null {
  if (Buffer.byteLength(password) > LONGEST_PASSWORD) return null
  if (recipe === '1') return md5Crypt(Buffer.from(setting).subarray(0, 8), Buffer.from(password))
  const [, rounds, salt = ''] = /^(?:rounds=(\d{1,9})\$)?([^$]*)$/.exec(setting) ?? []
  const wanted = rounds === undefined ? 5000 : Math.max(Number(rounds), 1000)
  if (wanted > MOST_ROUNDS) return null
  return shaCrypt(SHA[recipe], wanted, Buffer.from(salt).subarray(0, 16), Buffer.from(password))
}

type Sha = { readonly name: string; readonly order: readonly (readonly number[])[] }

/** Digest bytes become text three at a time: columns of three rows, each column turned against the one before. */
const columns = (rows: number, turn: number) =>
  Array.from({ length: rows }, (_, i) => [0, 1, 2].map((j) => i + rows * ((j + turn * i) % 3)))

const SHA: { readonly [R in '5' | '6']: Sha } = {
  '5': { name: 'sha256', order: [...columns(10, 2), [31, 30]] },
  '6': { name: 'sha512', order: [...columns(21, 1), [63]] },
}

/** Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512". */
function shaCrypt({ name, order }: Sha, rounds: number, salt: Buffer, password: Buffer): string {
  const hash = (...parts: readonly Uint8Array[]) => parts.reduce((h, part) => h.update(part), createHash(name)).digest()
  const b = hash(password, salt, password)
  const bits = bitsOf(password.length)
  const a = hash(password, salt, stretch(b, password.length), ...bits.map((bit) => (bit === '1' ? b : password)))
  const p = stretch(hash(...Array.from(password, () => password)), password.length)
  const s = stretch(hash(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)), salt.length)
  return encode(
    rehash(hash, rounds, { start: a, password: p, salt: s }),
    order.map((group) => [...group].toReversed()),
  )
}

/** Poul-Henning Kamp's recipe of FreeBSD. */
function md5Crypt(salt: Buffer, password: Buffer): string {
  const hash = (...parts: readonly Uint8Array[]) =>
    parts.reduce((h, part) => h.update(part), createHash('md5')).digest()
  const b = hash(password, salt, password)
  const bits = bitsOf(password.length)
  const a = hash(
    password,
    Buffer.from('$1$'),
    salt,
    stretch(b, password.length),
    ...bits.map((bit) => (bit === '1' ? Buffer.alloc(1) : password.subarray(0, 1))),
  )
  const order = [[12, 6, 0], [13, 7, 1], [14, 8, 2], [15, 9, 3], [5, 10, 4], [11]]
  return encode(rehash(hash, 1000, { start: a, password, salt }), order)
}

type Ingredients = { readonly start: Buffer; readonly password: Buffer; readonly salt: Buffer }

/** Both recipes stir in the same way, only so many times. */
function rehash(hash: (...parts: Buffer[]) => Buffer, rounds: number, { start, password, salt }: Ingredients): Buffer {
  let current = start
  for (let i = 0; i < rounds; i++) {
    const middle = [...(i % 3 === 0 ? [] : [salt]), ...(i % 7 === 0 ? [] : [password])]
    current = i % 2 === 1 ? hash(password, ...middle, current) : hash(current, ...middle, password)
  }
  return current
}

/** The lowest first; zero has none. */
const bitsOf = (value: number) => (value === 0 ? [] : Array.from(value.toString(2)).toReversed())

const stretch = (bytes: Buffer, length: number) =>
  Buffer.concat(Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes)).subarray(0, length)

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Six bits a character, the lowest first; of each group the last byte named is the most significant. */
const encode = (digest: Buffer, groups: readonly (readonly number[])[]): string =>
  groups
    .map((group) => {
      const value = group.reduceRight((sum, at) => sum * 256 + (digest[at] ?? 0), 0)
      const characters = Math.ceil((group.length * 8) / 6)
      return Array.from({ length: characters }, (_, i) => ALPHABET[Math.floor(value / 64 ** i) % 64]).join('')
    })
    .join('')
