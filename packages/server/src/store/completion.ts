import type { Attempt } from '../core/delivery.ts'
import type { Completion } from '../outbox/queue.ts'
import { encode } from './codec.ts'
import type { Database, Write } from './database.ts'
import { printable } from './printable.ts'
import { type Statement, statement, type Words } from './sql.ts'

const ATTEMPT_COLUMNS = `delivery_id, ordinal, request_id, started_at, ended_at, outcome, status, reason, step, timings,
  answer`

/** What was said of somebody who is gone goes with its last attempt. */
export const ERASED = `'{"kind":"erased"}'`

/** What a row becomes: `is` names the new state, `made` how many attempts there were, `its` what else the completion says. */
const becomes = (words: Words, { is, made, its }: { is: string; made: string; its: (name: string) => string }) => `
      state = ${is}, reason = ${its('reason')}, next_at = coalesce(${its('dueAt')}, d.next_at), lease_token = null,
      attempts = d.attempts + ${made}, tries = d.tries + ${made},
      began_at = coalesce(d.began_at, case ${made} when 0 then null else ${words.now('$2')} end),
      finished_at = case ${is} when 'pending' then null else ${words.now('$2')} end,
      progress = case when d.erasing = 1 and ${is} <> 'pending' then null else coalesce(${its('progress')}, d.progress) end,
      context = case when d.erasing = 1 and ${is} <> 'pending' then null else d.context end,
      content = case when d.erasing = 1 and ${is} <> 'pending' then ${ERASED} else d.content end`

/** Both steps at once: PostgreSQL keeps the attempts of those rows alone whose lease still held. */
const COMPLETE_IN_POSTGRES: readonly Statement[] = [
  statement('deliveries.complete', (words) => {
    const columns: { readonly [name: string]: string } = {
      reason: 'done.reason',
      dueAt: 'done.due_at',
      progress: 'done.progress',
    }
    const change = {
      is: 'done.state',
      made: 'json_array_length(done.attempts)',
      its: (name: string) => columns[name] ?? '',
    }
    return `with done as (
    select c->>'id' as id, c->>'leaseToken' as lease_token, c->'next'->>'kind' as state, c->'next'->>'reason' as reason,
      (c->'next'->>'dueAt')::bigint as due_at, c->'attempts' as attempts, c->>'progress' as progress
    from json_array_elements($1::json) c
  ), moved as (
    update deliveries d set ${becomes(words, change)}
    from done where d.id = done.id and d.state = 'pending' and d.lease_token = done.lease_token
    returning d.id, d.attempts as total, done.attempts as made, d.erasing
  ), kept as (
    insert into attempts (${ATTEMPT_COLUMNS})
    select moved.id, moved.total - json_array_length(moved.made) + a.place - 1, a.it->>'requestId',
      (a.it->>'startedAt')::bigint, (a.it->>'endedAt')::bigint, a.it->>'outcome', (a.it->>'status')::integer,
      case moved.erasing when 0 then a.it->>'reason' else '' end, a.it->>'step', a.it->>'timings',
      case moved.erasing when 0 then a.it->>'answer' end
    from moved, json_array_elements(moved.made) with ordinality a (it, place)
  )
  select id from moved`
  }),
]

/** SQLite keeps the attempts first, while the lease is still to be seen; nobody comes between its two steps. */
const COMPLETE_IN_SQLITE: readonly Statement[] = [
  statement(
    'attempts.keep',
    `insert into attempts (${ATTEMPT_COLUMNS})
  select d.id, d.attempts + a.key, a.value->>'requestId', a.value->>'startedAt', a.value->>'endedAt',
    a.value->>'outcome', a.value->>'status', case d.erasing when 0 then a.value->>'reason' else '' end,
    a.value->>'step', a.value->>'timings', case d.erasing when 0 then a.value->>'answer' end
  from json_each($1) c cross join deliveries d on d.id = c.value->>'id'
    and d.state = 'pending' and d.lease_token = c.value->>'leaseToken'
  cross join json_each(c.value, '$.attempts') a`,
  ),
  statement('deliveries.complete', (words) => {
    const paths: { readonly [name: string]: string } = {
      reason: `c.value->'next'->>'reason'`,
      dueAt: `c.value->'next'->>'dueAt'`,
      progress: `c.value->>'progress'`,
    }
    const change = {
      is: `(c.value->'next'->>'kind')`,
      made: `json_array_length(c.value->'attempts')`,
      its: (name: string) => paths[name] ?? '',
    }
    return `update deliveries as d set ${becomes(words, change)}
  from json_each($1) c where d.id = c.value->>'id' and d.state = 'pending' and d.lease_token = c.value->>'leaseToken'
  returning id`
  }),
]

/** What became of deliveries, written at once. It returns the ids of those whose lease still held. */
export function completionWrites(
  db: Pick<Database, 'dialect' | 'time'>,
  completions: readonly Completion[],
): readonly Write[] {
  const documents = encode(completions.map(toDocument))
  const statements = db.dialect === 'postgres' ? COMPLETE_IN_POSTGRES : COMPLETE_IN_SQLITE
  // SQLite counts what a statement is given, and its first one has no need of the time.
  return statements.map((each) => ({
    statement: each,
    values: each.name === 'attempts.keep' ? [documents] : [documents, db.time()],
  }))
}

/** Texts that only we read again are documents within the document: PostgreSQL need not understand them. */
const toDocument = ({ attempts, next, progress, ...lease }: Completion) => ({
  ...lease,
  attempts: attempts.map(attemptDocument),
  next: next.kind === 'dead' ? { ...next, reason: printable(next.reason) } : next,
  ...(progress === undefined ? {} : { progress: encode(progress) }),
})

const attemptDocument = ({ reason, step, timings, answer, ...rest }: Attempt) => ({
  ...rest,
  reason: printable(reason),
  ...(step === undefined ? {} : { step }),
  ...(timings === undefined ? {} : { timings: encode(timings) }),
  ...(answer === undefined ? {} : { answer: encode(answer) }),
})
