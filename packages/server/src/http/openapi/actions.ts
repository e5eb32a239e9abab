import { Type } from 'typebox'
import { CALL_OUTCOMES } from '../../core/call.ts'
import { ACTION_STATES, DELIVERY_STATES } from '../../core/delivery.ts'
import {
  byKey,
  count,
  exactly,
  flag,
  json,
  links,
  listOf,
  moment,
  object,
  ok,
  oneOf,
  type Operations,
  optional,
  orNull,
  parameter,
  ref,
  type Schemas,
  text,
  uuid,
} from './define.ts'

const number = () => Type.Number()
const headers = () => Type.Record(text(), text())
const timings = () => orNull(object())
const answer = () => orNull(exactly({ headers: headers(), body: text(), length: count() }))
const request = () =>
  orNull(exactly({ method: text(), url: text(), headers: headers(), signed: flag(), body: orNull(text()) }))

const deliveryLine = {
  id: uuid(),
  event_id: text(),
  action_id: text(),
  trigger: text(),
  flow_id: orNull(text()),
  identity_id: orNull(text()),
  endpoint: text(),
  status: oneOf(...DELIVERY_STATES),
  under_way: flag(),
  reason: text(),
  attempts: count(),
  created_at: moment(),
  next_attempt_at: orNull(moment()),
  finished_at: orNull(moment()),
  replay_of: orNull(uuid()),
}

const standing = {
  state: oneOf(...ACTION_STATES),
  since: orNull(moment()),
  until: orNull(moment()),
  reason: text(),
  failures: count(),
  failing_since: orNull(moment()),
  last_failure: orNull(text()),
  evidence: orNull(
    exactly({
      failures: count(),
      failing_since: orNull(moment()),
      last_failure: text(),
      delivery_id: orNull(text()),
    }),
  ),
}

const explained = { ran: flag(), outcome: text(), why: text() }

/** What is told of actions and deliveries. */
export const actionSchemas: Schemas = {
  actionCall: exactly({
    id: uuid(),
    action_id: text(),
    where: text(),
    trigger: text(),
    flow_id: orNull(text()),
    identity_id: orNull(text()),
    method: text(),
    url: text(),
    outcome: oneOf(...CALL_OUTCOMES),
    detail: text(),
    started_at: moment(),
    ended_at: moment(),
    duration_ms: number(),
    attempts: listOf(
      exactly({
        request_id: text(),
        started_at: moment(),
        ended_at: moment(),
        status: orNull(Type.Integer()),
        reason: text(),
        timings_ms: optional(object()),
      }),
    ),
  }),
  action: exactly({
    id: text(),
    configured: flag(),
    kind: orNull(text()),
    where: orNull(text()),
    triggers: listOf(text()),
    when_it_acts: orNull(text()),
    call: orNull(text()),
    condition: orNull(text()),
    idle: orNull(text()),
    ...standing,
    pending: count(),
    overdue_ms: number(),
    breaker: oneOf('closed', 'half_open', 'open'),
  }),
  deliveryLine: exactly(deliveryLine),
  delivery: exactly({
    ...deliveryLine,
    request: request(),
    tries: listOf(
      exactly({
        request_id: text(),
        started_at: moment(),
        ended_at: moment(),
        duration_ms: number(),
        outcome: text(),
        status: orNull(Type.Integer()),
        reason: text(),
        step: optional(text()),
        timings_ms: timings(),
        answer: answer(),
      }),
    ),
    replays: listOf(uuid()),
    action: exactly(standing),
    cause: orNull(uuid()),
    ctx: json(),
  }),
  dryRun: exactly({
    action_id: text(),
    from: text(),
    ctx: object(),
    outcome: oneOf('call', 'skipped', 'cancelled', 'failed'),
    detail: orNull(text()),
    request: request(),
    sent: orNull(
      exactly({
        started_at: moment(),
        status: orNull(Type.Integer()),
        reason: text(),
        timings_ms: timings(),
        answer: answer(),
      }),
    ),
  }),
  explainedStep: exactly({
    at: moment(),
    trigger: text(),
    outcome: text(),
    flow_id: orNull(text()),
    identity_id: orNull(text()),
    event: text(),
    plan: exactly({ fingerprint: text(), in_force_since: orNull(moment()) }),
    actions: listOf(
      exactly({
        action_id: orNull(text()),
        where: text(),
        kind: text(),
        ...explained,
        delivery_id: orNull(text()),
      }),
    ),
  }),
  explanation: Type.Union([
    exactly({ identity: uuid(), steps: listOf(ref('explainedStep')) }),
    exactly({ flow: uuid(), state: orNull(object()), steps: listOf(ref('explainedStep')), never: listOf(object()) }),
    exactly({
      delivery: uuid(),
      action_id: text(),
      trigger: text(),
      replay_of: orNull(uuid()),
      cause: orNull(uuid()),
      ...explained,
      steps: listOf(ref('explainedStep')),
    }),
  ]),
}

const filters = {
  action: parameter('Only those of this action.'),
  trigger: parameter('Only those of this moment, such as `registration.after.password`.'),
  identity: parameter('Only those about this identity.', uuid()),
  flow: parameter('Only those of this flow.', uuid()),
  status: parameter('Only those that stand so.', oneOf(...DELIVERY_STATES)),
  since: parameter('Only those made then or later.'),
  until: parameter('Only those made before.'),
}

/** Actions and deliveries, for those who watch over them. */
export const actionOperations: Operations = {
  'GET /admin/actions': {
    id: 'listActions',
    tag: 'Actions',
    summary: 'Every configured action: where it runs, or why it does not, and how it stands',
    answers: { 200: ok('All of them.', listOf(ref('action'))) },
  },
  'GET /admin/actions/:id': {
    id: 'getAction',
    tag: 'Actions',
    summary: 'One action',
    answers: { 200: ok('How it stands.', ref('action')) },
  },
  'PUT /admin/actions/:id/state': {
    id: 'setActionState',
    tag: 'Actions',
    summary: 'Pause, quarantine or disable an action, or let it go on; what it has to tell waits meanwhile',
    body: {
      schema: exactly({
        state: oneOf(...ACTION_STATES),
        until: optional(moment()),
        for: optional(text()),
        reason: optional(text()),
      }),
    },
    answers: { 200: ok('How it stands now.', ref('action')) },
  },
  'POST /admin/actions/:id/dry-runs': {
    id: 'tryAction',
    tag: 'Actions',
    summary: 'What an action would send for a recorded event, a given `ctx` or somebody made up; sent only with `send`',
    body: {
      required: false,
      schema: exactly({
        ctx: optional(object()),
        delivery: optional(uuid()),
        trigger: optional(text()),
        template: optional(text()),
        send: optional(flag()),
      }),
    },
    answers: { 200: ok('What would be sent, and what came back where it was.', ref('dryRun')) },
  },
  'GET /admin/actions/explanations': {
    id: 'explainActions',
    tag: 'Actions',
    summary: 'Which actions ran, which did not, and why, from what was recorded then; names one of the three',
    query: {
      flow: parameter('All of a flow.', uuid()),
      identity: parameter('The latest of an identity.', uuid()),
      delivery: parameter('One delivery.', uuid()),
    },
    answers: { 200: ok('The explanation.', ref('explanation')) },
  },
  'GET /admin/actions/log': {
    id: 'listActionCalls',
    tag: 'Actions',
    summary: 'What actions were asked and what they said, newest first',
    query: {
      action: parameter('Only the calls of this action.'),
      flow: parameter('Only those of this flow.', uuid()),
      identity: parameter('Only those about this identity.', uuid()),
      outcome: parameter('Only those that came to this.', oneOf(...CALL_OUTCOMES)),
      trigger: parameter('Only those at this moment.'),
      since: parameter('Only later ones.'),
      ...byKey,
    },
    answers: { 200: ok('A page of them.', listOf(ref('actionCall')), links) },
  },
  'GET /admin/deliveries': {
    id: 'listDeliveries',
    tag: 'Deliveries',
    summary: 'What was queued and where it stands, newest first',
    query: { ...filters, ...byKey },
    answers: { 200: ok('A page of them.', listOf(ref('deliveryLine')), links) },
  },
  'GET /admin/deliveries/:id': {
    id: 'getDelivery',
    tag: 'Deliveries',
    summary: 'One delivery: the request, every try with its answer and where its time went; without secrets',
    answers: { 200: ok('The delivery.', ref('delivery')) },
  },
  'DELETE /admin/deliveries/:id': {
    id: 'cancelDelivery',
    tag: 'Deliveries',
    summary: 'End a delivery that waits',
    answers: { 200: ok('The delivery as it stands now.', ref('delivery')) },
  },
  'POST /admin/deliveries/:id/redeliveries': {
    id: 'redeliver',
    tag: 'Deliveries',
    summary: 'Tell it again: the same id and bytes, or `as_new` by today’s template as one of its own',
    body: { required: false, schema: exactly({ as_new: optional(flag()) }) },
    answers: { 201: ok('What waits now.', ref('deliveryLine')) },
  },
  'POST /admin/deliveries/redeliveries': {
    id: 'redeliverMany',
    tag: 'Deliveries',
    summary: 'Tell a page of what a filter finds again; whoever asks goes on with the token, at their own pace',
    body: {
      schema: exactly({
        filter: exactly({
          status: oneOf(...DELIVERY_STATES),
          action: optional(text()),
          trigger: optional(text()),
          identity: optional(uuid()),
          flow: optional(uuid()),
          since: optional(text()),
          until: optional(text()),
        }),
        page_size: optional(count()),
        page_token: optional(text()),
        dry_run: optional(flag()),
      }),
    },
    answers: {
      200: ok(
        'What was found, and which of them are told again.',
        exactly({
          matched: count(),
          replayed: listOf(uuid()),
          passed_over: listOf(uuid()),
          next_page_token: orNull(uuid()),
        }),
      ),
    },
  },
}
