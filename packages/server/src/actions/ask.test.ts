import { expect, test } from 'vitest'
import { actionWorld, afterRegistration, ann, beforeLogin } from '../../test/action-world.ts'
import type { Action, AfterContext, BeforeContext, PlannedAction } from '../core/action.ts'
import { proceed } from '../core/decision.ts'
import type { Delivery } from '../core/delivery.ts'
import { NeighbourError } from '../core/errors.ts'
import { actionId, deliveryId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Step } from '../core/step.ts'
import { type Amend, ask, type AskOptions } from './ask.ts'

const plan = (...actions: readonly Action[]): readonly PlannedAction[] =>
  actions.map((action, at) => ({ id: actionId(`a${at}`), kind: 'test', where: `hooks[${at}]`, action }))

const amend: Amend = (identity, { traits }) =>
  traits === null
    ? { kind: 'invalid', messages: [{ field: 'traits', message: { id: 1, text: 'invalid', type: 'error' } }] }
    : { kind: 'amended', identity: { ...identity, traits: { ...identity.traits, ...Object(traits) } } }

const occasion = { eventId: 'e', actionId: actionId('a'), where: 'hooks[0]' }

const run = (actions: readonly PlannedAction[], context: BeforeContext | AfterContext = afterRegistration) => {
  const world = actionWorld()
  return { world, asked: ask({ ...world, amend }, actions, context) }
}

const delivery = (more: Partial<Delivery> = {}): Delivery => ({
  id: deliveryId('d'),
  eventId: 'e',
  actionId: actionId('a'),
  trigger: 'x',
  identityId: null,
  createdAt: 0,
  leasedUntil: null,
  leaseToken: null,
  content: { kind: 'dead', reason: 'no template' },
  ...more,
})
const denies: Action = {
  after: () => ({ kind: 'deny', messages: [{ field: '', message: { id: 9, text: 'no', type: 'error' } }] }),
}
const amends = (traits: JsonObject | null): Action => ({ after: () => ({ kind: 'amend', patch: { traits } }) })
const handsOut: Action = { after: () => proceed({ kind: 'handOutSession' }) }

test('nobody to ask means go on', async () => {
  await expect(run([]).asked).resolves.toEqual({ kind: 'proceed', identity: ann, effects: [], awaited: [] })
  await expect(run([], beforeLogin).asked).resolves.toMatchObject({ kind: 'proceed', identity: null })
})

test('effects are collected in the order of the list', async () => {
  const revokes: Action = { after: () => proceed({ kind: 'revokeOtherSessions', identityId: ann.id, keep: null }) }
  await expect(run(plan(handsOut, revokes)).asked).resolves.toMatchObject({
    effects: [{ kind: 'handOutSession' }, { kind: 'revokeOtherSessions' }],
  })
})

test('each sees the amendments before it, and the last state is the verdict', async () => {
  const seen: unknown[] = []
  const looks: Action = {
    after: ({ identity }) => {
      seen.push(identity.traits)
      return proceed()
    },
  }
  const verdict = await run(plan(looks, amends({ a: 1 }), looks, amends({ a: 2, b: 3 }), looks)).asked
  const email = 'ann@example.test'
  expect(seen).toEqual([{ email }, { email, a: 1 }, { email, a: 2, b: 3 }])
  expect(verdict).toMatchObject({ kind: 'proceed', identity: { traits: { email, a: 2, b: 3 } } })
})

test('an amendment that breaks the schema refuses', async () => {
  await expect(run(plan(amends(null))).asked).resolves.toEqual({
    kind: 'deny',
    messages: [{ field: 'traits', message: { id: 1, text: 'invalid', type: 'error' } }],
  })
})

test.each([0, 1, 2])('a refusal at position %i leaves no effect and asks nobody after it', async (position) => {
  const asked: string[] = []
  const notes: Action = {
    after: () => {
      asked.push('after')
      return proceed({ kind: 'handOutSession' })
    },
    render: () => {
      asked.push('render')
      return delivery()
    },
  }
  const actions = [notes, notes].toSpliced(position, 0, denies)
  const verdict = await run(plan(...actions)).asked
  expect(verdict).toEqual({ kind: 'deny', messages: [{ field: '', message: { id: 9, text: 'no', type: 'error' } }] })
  expect(asked).toEqual(Array.from({ length: position }, () => 'after'))
})

test('a diversion ends the asking with its own effects only', async () => {
  const diverts: Action = {
    after: () => ({ kind: 'divert', to: 'verify_first' }),
  }
  await expect(run(plan(handsOut, diverts, denies)).asked).resolves.toMatchObject({
    kind: 'divert',
    to: 'verify_first',
  })
})

test('what is told is rendered after all amendments, under one event', async () => {
  const seen: unknown[] = []
  const tells: Action = {
    render: (context, occasion) => {
      seen.push('identity' in context && context.identity.traits)
      return delivery(occasion)
    },
  }
  const verdict = await run(plan(tells, amends({ a: 1 }), { ...tells, awaited: true }, { render: () => null })).asked
  expect(seen).toEqual([
    { email: 'ann@example.test', a: 1 },
    { email: 'ann@example.test', a: 1 },
  ])
  if (verdict.kind !== 'proceed') throw new Error(verdict.kind)
  const told = verdict.effects.flatMap((effect) => (effect.kind === 'notify' ? [effect.delivery] : []))
  expect(told.map((each) => each.actionId)).toEqual(['a0', 'a2'])
  expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(1)
  expect(verdict.awaited).toEqual([told[1]])
})

test('two actions that share an id do not share an event', async () => {
  const tells: Action = { render: (_context, occasion) => delivery(occasion) }
  const [one] = plan(tells)
  const verdict = await run(one === undefined ? [] : [one, one]).asked
  const keys =
    verdict.kind === 'proceed'
      ? verdict.effects.map((each) => (each.kind === 'notify' ? each.delivery.eventId : ''))
      : []
  expect(new Set(keys).size).toBe(2)
})

test('a dead delivery is kept and logged, and holds nobody up', async () => {
  const { world, asked } = run(plan({ render: () => delivery() }))
  await expect(asked).resolves.toMatchObject({ kind: 'proceed', effects: [{ kind: 'notify' }] })
  expect(world.logged).toMatchObject([{ event: 'template_failed', fields: { detail: 'no template' } }])
})

test('a broken neighbour is logged with its place and passed on', async () => {
  const fails: Action = {
    after: () => {
      throw new NeighbourError('T', 'no answer within 3000 ms')
    },
  }
  const { world, asked } = run(plan(fails))
  await expect(asked).rejects.toThrow('no answer within 3000 ms')
  expect(world.logged).toMatchObject([
    { event: 'action_failed', fields: { where: 'hooks[0]', class: 'T', trigger: 'registration.after.password' } },
  ])
})

test('before a flow only what stands before it is asked', async () => {
  const before: Action = { before: () => denies.after?.(afterRegistration, 0, occasion) ?? proceed() }
  await expect(run(plan(denies), beforeLogin).asked).resolves.toMatchObject({ kind: 'proceed' })
  await expect(run(plan(before), beforeLogin).asked).resolves.toMatchObject({ kind: 'deny' })
  await expect(run(plan(before)).asked).resolves.toMatchObject({ kind: 'proceed' })
})

const notesOf = async (actions: readonly PlannedAction[], options: AskOptions = {}) => {
  const steps: Step[] = []
  const world = actionWorld()
  await ask({ ...world, amend, recordStep: (step) => steps.push(step) }, actions, afterRegistration, options).catch(
    () => {},
  )
  return steps.map(({ outcome, actions: notes }) => [outcome, ...notes.map((note) => note.outcome)])
}
const tells: Action = { render: () => delivery({ content: { kind: 'erased' } }) }
const silent: Action = { render: () => null }
const breaks: Action = {
  after: () => {
    throw new NeighbourError('T', 'too late')
  },
}

test.each<[string, readonly Action[], readonly string[]]>([
  ['all go on', [handsOut, amends({ x: 1 })], ['proceeded', 'proceeded', 'amended']],
  ['one denies', [handsOut, denies, handsOut], ['denied', 'proceeded', 'denied', 'not_reached']],
  ['an amendment does not fit', [amends(null), tells], ['denied', 'invalid', 'not_reached']],
  ['one gives no decision', [handsOut, breaks, tells], ['failed', 'proceeded', 'failed', 'not_reached']],
  ['somebody is told', [tells, { ...tells, awaited: true }, silent], ['proceeded', 'queued', 'awaited', 'silent']],
  ['a template fails', [{ render: () => delivery() }], ['proceeded', 'dead']],
])('what each came to is noted: %s', async (_name, actions, notes) => {
  expect(await notesOf(plan(...actions))).toEqual([notes])
})

test('a gate that has been asked earlier is noted as such', async () => {
  expect(await notesOf(plan({ ...denies, isGate: true }, handsOut), { isDecided: true })).toEqual([
    ['proceeded', 'decided_before', 'proceeded'],
  ])
})
