import { askDatabase } from './ask-database.ts'

const HOW_MANY = 'select count(*) as flows, coalesce(avg(length(document)), 0) as bytes from flows'

/** What started flows leave behind until they are removed (`database.cleanup`). */
export async function flowRows(dsn: string): Promise<string> {
  const [row] = await askDatabase(dsn, HOW_MANY)
  return `${Number(row?.['flows'])} rows, ${Math.round(Number(row?.['bytes']))} bytes each`
}
