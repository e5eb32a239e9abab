import type { Clock, Random } from '../core/time.ts'

/** Makes UUIDs v7 (RFC 9562 §5.7): the time in front, so that an index grows at its end; within one process each is greater than the last. */
export function rowIds(clock: Clock, bytes: Random['bytes']): () => string {
  let last = { at: 0, counter: 0 }
  return () => {
    const now = clock.now()
    // The twelve bits behind the version count within a millisecond; a clock that goes back keeps counting on.
    const counter = now > last.at ? 0 : last.counter + 1
    last = counter > 0xfff ? { at: last.at + 1, counter: 0 } : { at: Math.max(now, last.at), counter }
    const id = Buffer.alloc(16)
    id.writeUIntBE(last.at, 0, 6)
    id.writeUInt16BE(0x7000 | last.counter, 6)
    id.set(bytes(8), 8)
    id.writeUInt8(0x80 | (id.readUInt8(8) & 0x3f), 8)
    return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }
}
