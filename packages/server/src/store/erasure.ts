import type { IdentityId } from '../core/ids.ts'
import { ERASED } from './completion.ts'
import type { Write } from './database.ts'
import { type Statement, statement } from './sql.ts'

// What was said of somebody who is gone goes too. Rows stay, so that figures still add up: only what they held is gone.
// What still has to be told, not least that the person is gone, is told first, and emptied with its last attempt.

const EMPTY_ATTEMPTS = statement(
  'attempts.erase',
  (words) => `update attempts set reason = '', answer = null
  where ${words.within('delivery_id', 'select id from deliveries where identity_id = $1')}`,
)

const EMPTY_RECIPIENTS = statement(
  'messages.erase',
  (words) => `update messages set recipient = ''
  where ${words.within('delivery_id', 'select id from deliveries where identity_id = $1')}`,
)

const EMPTY_DELIVERIES = statement(
  'deliveries.erase',
  `update deliveries set
    erasing = 1,
    context = null,
    content = case state when 'pending' then content else ${ERASED} end,
    progress = case state when 'pending' then progress else null end,
    reason = case when reason is null then null else 'erased with whom it was about' end
  where identity_id = $1`,
)

/** Where a call went stays; what was said on the way goes. */
const EMPTY_CALLS = statement('calls.erase', ({ dialect }) =>
  dialect === 'postgres'
    ? `update calls set document = json_build_object('where', document::json->'where', 'method', document::json->'method',
      'endpoint', document::json->'endpoint', 'detail', '', 'attempts', '[]'::json)::text where identity_id = $1`
    : `update calls set document = json_object('where', document->>'where', 'method', document->>'method',
      'endpoint', document->>'endpoint', 'detail', '', 'attempts', json('[]')) where identity_id = $1`,
)

const STATEMENTS: readonly Statement[] = [EMPTY_ATTEMPTS, EMPTY_RECIPIENTS, EMPTY_DELIVERIES, EMPTY_CALLS]

/** Empties what is kept of calls and messages about a person. It comes last in the commit, so that it sees all of them. */
export const eraseTraces = (id: IdentityId): readonly Write[] =>
  STATEMENTS.map((each) => ({ statement: each, values: [id] }))
