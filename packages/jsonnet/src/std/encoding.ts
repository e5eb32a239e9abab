import { createHash } from 'node:crypto'
import { allocate, fail, force, type Machine, type Routine, type Trace } from '../runtime/machine.ts'
import { asArray, asInt, asString } from '../runtime/operators.ts'
import { array, type Fn, typeOf, type Value } from '../runtime/values.ts'
import { decodeBase64 } from './base64.ts'
import { builtin, builtinRoutine, type Chapter } from './define.ts'
import { decodeUtf8 } from './utf8.ts'

/** Bytes, and what stands for them. */
export const encoding: Chapter = {
  base64: builtinRoutine(['input'], function* (m, [input], at) {
    const bytes = typeof input === 'string' ? textBytes(m, input, at) : yield* listBytes(m, input, at)
    allocate(m, bytes.length * 2)
    return bytes.toString('base64')
  }),
  base64Decode: builtin(['str'], (m, [str], at) => {
    const text = decodeUtf8(decoded(m, str, at))
    allocate(m, text.length)
    return text
  }),
  base64DecodeBytes: builtin(['str'], (m, [str], at) => numbers(m, decoded(m, str, at))),
  encodeUTF8: builtin(['str'], (m, [str], at) => numbers(m, Buffer.from(asString(m, str, at)))),
  decodeUTF8: builtinRoutine(['arr'], function* (m, [arr], at) {
    const { items } = asArray(m, arr, at)
    allocate(m, items.length)
    const bytes = Buffer.alloc(items.length)
    for (const [i, item] of items.entries()) {
      const byte = asInt(m, force(m, item, at) ?? (yield), at)
      if (byte < 0 || byte > 255) fail(m, `Bytes must be integers in range [0, 255], got ${byte}`, at)
      bytes[i] = byte
    }
    return decodeUtf8(bytes)
  }),
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  sha3: hash('sha3-512'),
}

function hash(algorithm: string): Fn {
  return builtin(['s'], (m, [s], at) =>
    createHash(algorithm)
      .update(asString(m, s, at))
      .digest('hex'),
  )
}

function numbers(m: Machine, bytes: Uint8Array): Value {
  allocate(m, bytes.length * 8)
  return array([...bytes])
}

function decoded(m: Machine, value: Value, at: Trace): Buffer {
  if (typeof value !== 'string') return fail(m, `base64DecodeBytes requires a string, got ${typeOf(value)}`, at)
  return decodeBase64(m, value, at)
}

const invalidByte = 'base64 encountered invalid codepoint value in the array (must be 0 <= X <= 255), got'

function textBytes(m: Machine, text: string, at: Trace): Buffer {
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code > 255) fail(m, `${invalidByte} ${code}`, at)
  }
  return Buffer.from(text)
}

function* listBytes(m: Machine, input: Value, at: Trace): Routine<Buffer> {
  const type = typeOf(input)
  if (type !== 'array') fail(m, `base64 can only base64 encode strings / arrays of single bytes, got ${type}`, at)
  const { items } = asArray(m, input, at)
  allocate(m, items.length)
  const bytes = Buffer.alloc(items.length)
  for (const [i, item] of items.entries()) {
    const byte = force(m, item, at) ?? (yield)
    if (typeof byte !== 'number' || (byte | 0) !== byte)
      return fail(m, `base64 encountered a non-integer value in the array, got ${typeOf(byte)}`, at)
    if (byte < 0 || byte > 255) fail(m, `${invalidByte} ${byte}`, at)
    bytes[i] = byte
  }
  return bytes
}
