import type { Note } from '../source.ts'
import { hostData, hostNames } from './host-data.ts'
import { allocate, enter, fail, force, leave, type Machine, save, spent, touch, type Trace } from './machine.ts'
import { numberText } from './numbers.ts'
import { check, fieldNames, index, layersOf } from './objects.ts'
import { quote } from './quote.ts'
import { sortNames } from './text.ts'
import type { Arr, Json, Lazy, Obj, Value } from './values.ts'

const checking: Note = { note: 'Checking object assertions' }

type Data = { readonly [key: string]: Json }
/** An array or object that is being printed, and how far. */
type Level = { at: number; readonly close: string } & (
  | { readonly kind: 'array'; readonly items: readonly Lazy[] }
  | { readonly kind: 'object'; readonly obj: Obj; readonly names: readonly string[] }
  | { readonly kind: 'list'; readonly items: readonly Json[] }
  | { readonly kind: 'data'; readonly data: Data; readonly names: readonly string[] }
)
type Printer = {
  readonly m: Machine
  readonly lines: boolean
  readonly most: number
  readonly levels: Level[]
  out: string
}

/** The program's result as go-jsonnet prints it: three spaces deep, sorted, with a line break at the end. */
export function manifest(m: Machine, value: Value, at: Trace): string | undefined {
  return print({ m, lines: true, most: m.limits.output, levels: [], out: '' }, value, at)
}

/** A value as text, on one line; texts as they are. */
export function toText(m: Machine, value: Value, at: Trace): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'object') {
    const most = m.limits.allocation - m.allocated
    return print({ m, lines: false, most, levels: [], out: '' }, value, at)
  }
  touch(m, at)
  return typeof value === 'number' ? numberText(value) : String(value)
}

function print(p: Printer, value: Value, at: Trace): string | undefined {
  return emit(p, value, at) === undefined ? saveRest(p) : rest(p)
}

/** Prints what is open until it is done or has to wait. */
function rest(p: Printer): string | undefined {
  for (;;) {
    const level = p.levels.at(-1)
    if (p.out.length > p.most) overrun(p)
    if (level === undefined) return finished(p)
    const { at } = level
    if (level.kind === 'array' || level.kind === 'list' ? at >= level.items.length : at >= level.names.length) {
      close(p, level)
      continue
    }
    level.at++
    if (at > 0) p.out += p.lines ? ',\n' : ', '
    if (p.lines) p.out += indent(p.levels.length)
    if (item(p, level, at) === undefined) return undefined
  }
}

const done = true

/** Prints one element or field; `undefined` if it has to wait. */
function item(p: Printer, level: Level, at: number): true | undefined {
  if (level.kind === 'list') return emitHost(p, level.items[at] ?? null, at)
  if (level.kind === 'array') {
    const element = level.items[at]
    return element === undefined ? done : whenThere(p, force(p.m, element, at), at)
  }
  const name = level.names[at] ?? ''
  p.out += `${quote(name)}: `
  if (level.kind === 'data') return emitHost(p, level.data[name] ?? null, name)
  return whenThere(p, index(p.m, level.obj, name, name), name)
}

function whenThere(p: Printer, value: Value | undefined, at: Trace): true | undefined {
  if (value !== undefined) return emit(p, value, at) === undefined ? saveRest(p) : done
  return save(p.m, (late) => (emit(p, late, at) === undefined ? saveRest(p) : rest(p)))
}

function saveRest(p: Printer): undefined {
  return save(p.m, () => rest(p))
}

function emit(p: Printer, value: Value, at: Trace): true | undefined {
  if (typeof value !== 'object') {
    touch(p.m, at)
    p.out += scalar(value)
    return done
  }
  switch (value.kind) {
    case 'null':
      touch(p.m, at)
      p.out += 'null'
      return done
    case 'array':
      return openArray(p, value, at)
    case 'object':
      return openObject(p, value, at)
    case 'function':
      enter(p.m, at)
      return fail(p.m, "couldn't manifest function as JSON", undefined)
    default:
      return value satisfies never
  }
}

function scalar(value: boolean | number | string): string {
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' ? numberText(value) : String(value)
}

function openArray(p: Printer, { items }: Arr, at: Trace): true {
  enter(p.m, at)
  return open(p, items.length, { kind: 'array', items, at: 0, close: ']' })
}

function openObject(p: Printer, obj: Obj, at: Trace): true | undefined {
  enter(p.m, at)
  const data = hostData(layersOf(p.m, obj))
  if (data !== undefined) return openData(p, data)
  if (!obj.asserted && check(p.m, obj, checking) === undefined)
    return save(p.m, (late) => {
      openNames(p, obj)
      return late
    })
  return openNames(p, obj)
}

function openNames(p: Printer, obj: Obj): true {
  const names = fieldNames(p.m, obj, false)
  return open(p, names.length, { kind: 'object', obj, names, at: 0, close: '}' })
}

function openData(p: Printer, data: Data): true {
  const names = sortNames(hostNames(data))
  return open(p, names.length, { kind: 'data', data, names, at: 0, close: '}' })
}

function open(p: Printer, length: number, level: Level): true {
  const bracket = level.close === ']' ? '[' : '{'
  if (length === 0) {
    p.out += `${bracket} ${level.close}`
    leave(p.m)
    return done
  }
  p.levels.push(level)
  p.out += p.lines ? `${bracket}\n` : bracket
  return done
}

function close(p: Printer, level: Level): void {
  p.levels.length--
  leave(p.m)
  p.out += p.lines ? `\n${indent(p.levels.length)}${level.close}` : level.close
}

/** The caller's own data is printed without becoming values first. */
function emitHost(p: Printer, json: Json, at: Trace): true {
  if (typeof json === 'object' && json !== null) {
    enter(p.m, at)
    if (isList(json)) return open(p, json.length, { kind: 'list', items: json, at: 0, close: ']' })
    return openData(p, json)
  }
  touch(p.m, at)
  p.out += json === null ? 'null' : scalar(typeof json === 'string' ? json.toWellFormed() : json)
  return done
}

function isList(json: readonly Json[] | Data): json is readonly Json[] {
  return Array.isArray(json)
}

const indents: readonly string[] = Array.from({ length: 32 }, (_, depth) => '   '.repeat(depth))

function indent(depth: number): string {
  return indents[depth] ?? '   '.repeat(depth)
}

function overrun({ m, lines }: Printer): never {
  return lines ? spent(m, 'output', 'output too large') : spent(m, 'allocation', 'too much memory')
}

function finished(p: Printer): string {
  if (!p.lines) allocate(p.m, p.out.length)
  return p.out
}
