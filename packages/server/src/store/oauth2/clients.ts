import type { OAuth2Client } from '../../core/oauth2.ts'
import { encode } from '../codec.ts'
import type { Database, Write } from '../database.ts'
import { oauth2ClientOf } from '../rows.ts'
import { insertInto, statement } from '../sql.ts'

export type OAuth2Clients = {
  find(id: string): Promise<OAuth2Client | null>
  /** A page by key, in the order of ids. */
  list(page: ClientPage): Promise<readonly OAuth2Client[]>
}

export type ClientPage = {
  readonly after: string
  readonly size: number
  readonly name: string | null
  readonly owner: string | null
}

const COLUMNS = 'id, name, owner, document, created_at, updated_at'
const FIND = statement('oauth2_clients.find', `select ${COLUMNS} from oauth2_clients where id = $1`)
const LIST = statement(
  'oauth2_clients.list',
  `select ${COLUMNS} from oauth2_clients where id > $1 and ($2 = '' or name = $2) and ($3 = '' or owner = $3)
  order by id limit $4`,
)

export const readOAuth2Clients = (db: Database): OAuth2Clients => ({
  find: async (id) => {
    const row = await db.find(FIND, [id])
    return row === null ? null : oauth2ClientOf(row)
  },
  list: async ({ after, size, name, owner }) =>
    (await db.all(LIST, [after, name ?? '', owner ?? '', size])).map(oauth2ClientOf),
})

const INSERT = insertInto('oauth2_clients', ['id', 'name', 'owner', 'document', 'created_at', 'updated_at'])
const REPLACE = statement(
  'oauth2_clients.replace',
  'update oauth2_clients set name = $2, owner = $3, document = $4, updated_at = $5 where id = $1',
)
const DELETE = statement('oauth2_clients.delete', 'delete from oauth2_clients where id = $1')

const documentOf = ({ secrets, registrationTokenHash, fields }: OAuth2Client) =>
  encode({ secrets, registrationTokenHash, fields })

export const insertClient = (client: OAuth2Client): Write => ({
  statement: INSERT,
  values: [client.id, client.name, client.owner, documentOf(client), client.createdAt, client.updatedAt],
})

export const replaceClient = (client: OAuth2Client): Write => ({
  statement: REPLACE,
  values: [client.id, client.name, client.owner, documentOf(client), client.updatedAt],
  expects: 'not_found',
})

export const deleteClient = (id: string): Write => ({ statement: DELETE, values: [id], expects: 'not_found' })
