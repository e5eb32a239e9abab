import { isUtf8 } from 'node:buffer'

const replacement = '\ufffd'

/** Bytes as text; each byte that does not belong becomes a replacement character of its own, as in Go. */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString()
  let text = ''
  for (let i = 0; i < buffer.length; ) {
    const size = sizeAt(buffer, i)
    text += size === 0 ? replacement : buffer.toString('utf8', i, i + size)
    i += Math.max(1, size)
  }
  return text
}

/** How many bytes the character at an index has, or 0 if there is none. */
function sizeAt(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0
  const size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  return size > 0 && at + size <= buffer.length && isUtf8(buffer.subarray(at, at + size)) ? size : 0
}
