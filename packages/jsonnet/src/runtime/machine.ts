import { JsonnetError, type LimitName } from '../errors.ts'
import { contextText, type Note, place, type Site } from '../source.ts'
import { goQuote } from '../syntax/quote.ts'
import type { ImportForm } from '../syntax/ast.ts'
import type { Env, Fn, Lazy, Obj, Thunk, Value } from './values.ts'

/** What an evaluation may spend. */
export type Limits = Readonly<Record<LimitName, number>>

/**
 * Evaluates a piece of code. `undefined` means: the host's stack is used up, the caller must put what it would have
 * done with the value on `m.saved` and return `undefined` too. The whole stack so moves into memory, and evaluation
 * goes on with an empty one.
 */
export type Run = (m: Machine, env: Env) => Value | undefined
/** What a caller does with a value it had to wait for. */
export type Resume = (value: Value) => Value | undefined
/** A longer piece of work that waits with `yield` wherever it gets `undefined`. */
export type Routine<T = Value> = Generator<undefined, T, Value>
/** A line of the stack trace: a place, the name of a field or the number of an element being printed. */
export type Trace = Site | Note | string | number

/** The state of one evaluation. */
export type Machine = {
  readonly limits: Limits
  readonly world: World
  /** From where each open frame was entered. */
  readonly frames: Trace[]
  /** The heights of `frames` at which a tail-strict call may be dropped. */
  readonly trimmable: number[]
  /** What the callers left to do when the host's stack was given up, the innermost first. */
  saved: Resume[]
  next: () => Value | undefined
  /** How much of the host's stack is in use, in hops. */
  host: number
  steps: number
  allocated: number
  /** How many callers waited at once, at most: their memory counts once. */
  mostWaiting: number
  tail: TailCall | undefined
}
export type TailCall = {
  readonly fn: Fn
  readonly args: readonly (Lazy | undefined)[]
  readonly site: Trace
  readonly tailstrict: boolean
}

/** What an evaluation knows of its surroundings. */
export type World = {
  readonly now: () => number
  readonly maxTrace: number
  extVar(m: Machine, name: string): Lazy | undefined
  native(name: string): Fn | undefined
  trace(line: string): void
  import(m: Machine, form: ImportForm, path: string, site: Site): Value | undefined
  std(file: string): Obj
}

/** How deep the host's stack may get, in hops of at most `hopHeight` calls each. */
const mostHops = 140
/** How many nested expressions are evaluated between two looks at the host's stack. */
export const hopHeight = 6
const clockEvery = 4096
const waitingCost = 64

export function machine(limits: Limits, world: World): Machine {
  return {
    limits,
    world,
    frames: [],
    trimmable: [],
    saved: [],
    next: idle,
    host: 0,
    steps: 0,
    allocated: 0,
    mostWaiting: 0,
    tail: undefined,
  }
}

/** Evaluates to the end, however deep it goes. */
export function settle(m: Machine, start: () => Value | undefined): Value {
  const waiting: Resume[] = []
  const outer = m.host
  m.host = 0
  let value = start()
  for (;;) {
    m.host = 0
    if (value === undefined) {
      for (let i = m.saved.length - 1; i >= 0; i--) {
        const resume = m.saved[i]
        if (resume !== undefined) waiting.push(resume)
      }
      if (waiting.length > m.mostWaiting) {
        allocate(m, (waiting.length - m.mostWaiting) * waitingCost)
        m.mostWaiting = waiting.length
      }
      m.saved = []
      const { next } = m
      m.next = idle
      value = next()
      continue
    }
    const resume = waiting.pop()
    if (resume === undefined) break
    value = resume(value)
  }
  m.host = outer
  return value
}

function idle(): never {
  throw new JsonnetError('runtime', 'INTERNAL ERROR: evaluation stopped without a next step')
}

/** Leaves something to do with the value that is not there yet. */
export function save(m: Machine, resume: Resume): undefined {
  m.saved.push(resume)
  return undefined
}

/** Runs one level deeper on the host's stack, or on a fresh one. */
export function hop(m: Machine, run: Run, env: Env): Value | undefined {
  if (m.host >= mostHops) {
    m.next = () => run(m, env)
    return undefined
  }
  m.host++
  const value = run(m, env)
  m.host--
  return value
}

/** Like `hop`, for work that is no code of the program. */
export function deeper(m: Machine, work: () => Value | undefined): Value | undefined {
  if (m.host >= mostHops) {
    m.next = work
    return undefined
  }
  m.host++
  const value = work()
  m.host--
  return value
}

/** Drives a routine for as long as its values are at hand. */
export function drive(m: Machine, routine: Routine): Value | undefined {
  const onwards = ({ done, value }: IteratorResult<undefined, Value>): Value | undefined =>
    done ? value : save(m, (result) => onwards(routine.next(result)))
  return deeper(m, () => onwards(routine.next()))
}

/** Opens a frame; it is counted, and shown in stack traces. */
export function enter(m: Machine, from: Trace): void {
  if (m.frames.length >= m.limits.depth) overflow(m, from)
  m.frames.push(from)
  step(m)
}

/** Closes the innermost frame. */
export function leave(m: Machine): void {
  m.frames.pop()
}

/** Checks that a frame could be opened, for values that need none. */
export function touch(m: Machine, from: Trace): void {
  if (m.frames.length >= m.limits.depth) overflow(m, from)
  step(m)
}

export function step(m: Machine): void {
  if (++m.steps > m.limits.steps) spent(m, 'steps', 'too many steps')
  if (m.steps % clockEvery === 0 && m.world.now() > m.limits.milliseconds) spent(m, 'milliseconds', 'took too long')
}

/** Counts memory about to be used; an evaluation never gets any of it back. */
export function allocate(m: Machine, bytes: number): void {
  m.allocated += bytes
  if (m.allocated > m.limits.allocation) spent(m, 'allocation', 'too much memory')
}

function overflow(m: Machine, at: Trace): never {
  throw new JsonnetError('limit', errorText(m, 'max stack frames exceeded.', at), 'depth')
}

export function spent(m: Machine, limit: LimitName, message: string): never {
  throw new JsonnetError('limit', errorText(m, message, undefined), limit)
}

/** Ends the evaluation with an error at a place. */
export function fail(m: Machine, message: string, at: Trace | undefined): never {
  throw new JsonnetError('runtime', errorText(m, message, at), undefined)
}

/** The message with its stack trace, as go-jsonnet prints it. */
function errorText(m: Machine, message: string, at: Trace | undefined): string {
  const all = at === undefined ? m.frames : [...m.frames, at]
  const most = m.world.maxTrace
  const above = Math.floor(most / 2)
  const isShort = most <= 0 || all.length <= most
  const last = (count: number): Trace[] => (count === 0 ? [] : all.slice(-count)).toReversed()
  const shown = isShort ? last(all.length) : last(above)
  const rest = isShort ? [] : all.slice(0, most - above).toReversed()
  const lines = [...shown.map(traceText), ...(isShort ? [] : ['\t...\n']), ...rest.map(traceText)]
  return `RUNTIME ERROR: ${message}\n${lines.join('')}`
}

function traceText(trace: Trace): string {
  if (typeof trace === 'string') return `\tField ${goQuote(trace)}\t\n`
  if (typeof trace === 'number') return `\tArray element ${trace}\t\n`
  if ('note' in trace) return `\t${trace.note}\t${trace.context ?? ''}\n`
  return `\t${place(trace)}\t${contextText(trace.context)}\n`
}

/** The value of something lazy; computed once. */
export function force(m: Machine, lazy: Lazy, site: Trace): Value | undefined {
  if (typeof lazy !== 'object' || lazy.kind !== 'thunk') return lazy
  return lazy.value ?? compute(m, lazy, site)
}

function compute(m: Machine, thunk: Thunk, site: Trace): Value | undefined {
  enter(m, site)
  const value = hop(m, thunk.run, thunk.env)
  return value === undefined ? save(m, (late) => keep(m, thunk, late)) : keep(m, thunk, value)
}

function keep(m: Machine, thunk: Thunk, value: Value): Value {
  leave(m)
  thunk.value = value
  // The variables are not needed any more, and may be large.
  thunk.env = released
  return value
}

const released: Env = Object.freeze({ vars: [], up: undefined, self: undefined, level: 0 })
