import { crc32, deflateSync } from 'node:zlib'
import { create } from 'qrcode'

/** A text as a black and white picture for cameras: a square PNG as a data URI. */
export function qrCode(text: string, size: number): string {
  const { modules } = create(text, { errorCorrectionLevel: 'L' })
  // Cameras need four modules of white around it (ISO/IEC 18004 §9.1).
  const scale = Math.max(1, Math.floor(size / (modules.size + 8)))
  const margin = Math.floor((size - modules.size * scale) / 2)
  const isDark = (x: number, y: number) => {
    const [column, row] = [Math.floor((x - margin) / scale), Math.floor((y - margin) / scale)]
    const isInside = column >= 0 && row >= 0 && column < modules.size && row < modules.size
    return isInside && modules.get(row, column) !== 0
  }
  return `data:image/png;base64,${png(size, isDark).toString('base64')}`
}

/** One bit a pixel, grey scale (PNG, Third Edition, §5 and §11.2). */
function png(size: number, isDark: (x: number, y: number) => boolean): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 1
  const lines = Buffer.concat(
    Array.from({ length: size }, (_, y) => {
      // The first byte names the filter: none.
      const line = Buffer.alloc(1 + Math.ceil(size / 8))
      for (let x = 0; x < size; x++) {
        if (!isDark(x, y)) line[1 + (x >> 3)] = (line[1 + (x >> 3)] ?? 0) | (0x80 >> (x & 7))
      }
      return line
    }),
  )
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, ...parts])
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
