import { inflateSync } from 'node:zlib'
import { create } from 'qrcode'
import { expect, test } from 'vitest'
import { qrCode } from './qr-code.ts'

test('the picture is a square PNG in which every module stands, with white around', () => {
  const text = 'otpauth://totp/Example:ann%40example.test?secret=MZXW6YTBOI'
  const uri = qrCode(text, 256)
  const bytes = Buffer.from(uri.slice('data:image/png;base64,'.length), 'base64')
  expect(uri.startsWith('data:image/png;base64,')).toBe(true)
  expect(bytes.subarray(1, 4).toString()).toBe('PNG')
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([256, 256])

  const length = bytes.readUInt32BE(33)
  const lines = inflateSync(bytes.subarray(41, 41 + length))
  const isDark = (x: number, y: number) => (((lines[y * 33 + 1 + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) === 0
  const { modules } = create(text, { errorCorrectionLevel: 'L' })
  const scale = Math.floor(256 / (modules.size + 8))
  const margin = Math.floor((256 - modules.size * scale) / 2)
  expect(margin).toBeGreaterThanOrEqual(4 * scale)
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      const [x, y] = [margin + column * scale, margin + row * scale]
      expect([row, column, isDark(x, y)]).toEqual([row, column, modules.get(row, column) !== 0])
    }
  }
  for (let i = 0; i < 256; i++) expect([isDark(i, 0), isDark(0, i), isDark(i, 255)]).toEqual([false, false, false])
})
