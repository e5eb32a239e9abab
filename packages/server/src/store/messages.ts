import type { DeliveryId } from '../core/ids.ts'
import type { QueuedMessage } from '../core/mail.ts'
import type { Database, Write } from './database.ts'
import { queueDelivery } from './deliveries.ts'
import { AFTER_ALL } from './first-id.ts'
import { storedMessageOf } from './rows.ts'
import { insertInto, statement } from './sql.ts'
import type { MessagePage, Messages, MessageStatus } from './store.ts'

const INSERT = insertInto('messages', ['delivery_id', 'recipient', 'channel', 'template_type'])

/** Queues a message: a delivery of the mail's lane, and to whom it goes. */
export const queueMessage = (db: Pick<Database, 'time'>, message: QueuedMessage): readonly Write[] => {
  const { delivery, recipient, channel, template } = message
  return [
    queueDelivery(db, delivery),
    { statement: INSERT, values: [delivery.id, withoutNul(recipient), channel, template] },
  ]
}

/** PostgreSQL cannot hold U+0000, and no address has one. */
const withoutNul = (text: string) => text.replaceAll('\0', '\ufffd')

const SELECT = `select d.id, d.state, d.reason, d.lease_token, d.attempts, d.content, d.created_at,
  m.recipient, m.channel, m.template_type,
  (select max(a.ended_at) from attempts a where a.delivery_id = d.id) as tried_at
  from deliveries d join messages m on m.delivery_id = d.id`

const STATES: { readonly [S in MessageStatus]: string } = {
  queued: `and d.state = 'pending' and d.lease_token is null`,
  processing: `and d.state = 'pending' and d.lease_token is not null`,
  sent: `and d.state = 'delivered'`,
  abandoned: `and d.state = 'dead'`,
}

const list = (name: string, filter: string) =>
  statement(
    `messages.list_${name}`,
    `${SELECT} where d.lane = 'mail' and d.id < $1 ${filter} order by d.id desc limit $2`,
  )

const both = (status: MessageStatus | 'any') => {
  const filter = status === 'any' ? '' : STATES[status]
  return { all: list(status, filter), of: list(`${status}_of_recipient`, `${filter} and m.recipient = $3`) }
}

const LISTS = {
  any: both('any'),
  queued: both('queued'),
  processing: both('processing'),
  sent: both('sent'),
  abandoned: both('abandoned'),
}

const FIND = statement('messages.find', `${SELECT} where d.id = $1`)

export const readMessages = (db: Database): Messages => ({
  list: async ({ before, size, status, recipient }: MessagePage) => {
    const { all, of } = LISTS[status ?? 'any']
    const from = [before ?? AFTER_ALL, size]
    const rows = recipient === undefined ? db.all(all, from) : db.all(of, [...from, withoutNul(recipient)])
    return (await rows).map(storedMessageOf)
  },
  find: async (id: DeliveryId) => {
    const [row] = await db.all(FIND, [id])
    return row === undefined ? null : storedMessageOf(row)
  },
})
