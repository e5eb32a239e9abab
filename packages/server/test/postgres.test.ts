import pg from 'pg'
import { expect, test } from 'vitest'
import { freshPostgres } from './postgres.ts'

test('the tests have a real PostgreSQL of their own', async () => {
  const { url, drop } = await freshPostgres()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('select version()')
  await client.end()
  await drop()
  expect(rows[0].version).toMatch(/^PostgreSQL 1[5-9]/)
})
