import { expect, test } from 'vitest'
import type { Sent } from '../net/outgoing.ts'
import { checkSector } from './fetch-documents.ts'

const MINE = 'https://app.example.test/callback'
const answered = (status: number, body: string): Sent => ({
  kind: 'answered',
  status,
  headers: {},
  body: Buffer.from(body),
})
const check = (sector: string, sent: Sent) =>
  checkSector({ client: { send: () => Promise.resolve(sent) } }, sector, [MINE]).then(
    () => 'accepted',
    (thrown: unknown) => String(thrown),
  )

test.each([
  ['https://sector.example.test/', answered(200, JSON.stringify([MINE, 'https://other.example.test/'])), /^accepted$/],
  ['http://sector.example.test/', answered(200, JSON.stringify([MINE])), /must be an HTTPS URL/],
  ['https://sector.example.test/', answered(200, '["https://other.example.test/"]'), /does not match values/],
  ['https://sector.example.test/', answered(200, `{"redirect_uris":["${MINE}"]}`), /must be a JSON array/],
  ['https://sector.example.test/', answered(200, '<html>'), /must be a JSON array/],
  ['https://sector.example.test/', answered(404, ''), /Unable to fetch/],
  [
    'https://sector.example.test/',
    { kind: 'failed', reason: 'refused_address', detail: 'a private address' } satisfies Sent,
    /Unable to fetch/,
  ],
])('T83: a client of the sector %s whose document is %j: %s', async (sector, sent, expected) => {
  expect(await check(sector, sent)).toMatch(expected)
})
