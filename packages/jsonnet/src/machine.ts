import type { Node, Spec } from './ast.ts'
import { JsonnetError, type LimitName, place, type Site } from './errors.ts'
import {
  fieldNames,
  type Fn,
  type Lazy,
  type Layer,
  type Obj,
  object,
  type Scope,
  type Slot,
  thunk,
  typeOf,
  type Value,
  compareText,
} from './values.ts'

export type Limits = {
  steps: number
  depth: number
  allocation: number
  output: number
  input: number
  milliseconds: number
}
export type Machine = ReturnType<typeof machine>

/** One evaluation: its counters and the rules of the language. */
export function machine(limits: Limits, now: () => number) {
  let steps = 0
  let depth = 0
  let allocated = 0
  const deadline = now() + limits.milliseconds
  const sites: Site[] = []
  let here: Site | undefined

  function spent(limit: LimitName, text: string): never {
    throw new JsonnetError('limit', `RUNTIME ERROR: ${text}\n`, limit)
  }
  function step(): void {
    if (++steps > limits.steps) spent('steps', 'too many steps')
    if ((steps & 1023) === 0 && now() > deadline) spent('milliseconds', 'out of time')
  }
  function allocate(size: number): void {
    allocated += size
    if (allocated > limits.allocation) spent('allocation', 'too much memory')
  }
  function fail(message: string): never {
    const trace = [...(here === undefined ? [] : [here]), ...sites.slice(0, depth).toReversed()]
    throw new JsonnetError(
      'runtime',
      `RUNTIME ERROR: ${message}\n${trace.map((s) => `\t${place(s)}\t${s.context}\n`).join('')}`,
    )
  }
  function enter<T>(run: () => T): T {
    step()
    if (depth >= limits.depth) spent('depth', 'max stack frames exceeded.')
    const site = here
    if (site !== undefined) sites[depth] = site
    depth++
    const result = run()
    depth--
    here = site
    return result
  }
  function force(lazy: Lazy): Value {
    if (lazy === null || typeof lazy !== 'object' || lazy.kind !== 'thunk') return lazy
    const { run } = lazy
    if (run !== undefined) {
      lazy.value = enter(run)
      lazy.run = undefined
    }
    return lazy.value
  }
  function want(value: Value, type: string): void {
    if (typeOf(value) !== type) fail(`Unexpected type ${typeOf(value)}, expected ${type}`)
  }
  const num = (v: Value): number => (typeof v === 'number' ? v : fail(`Unexpected type ${typeOf(v)}, expected number`))
  const text = (v: Value): string => (typeof v === 'string' ? v : fail(`Unexpected type ${typeOf(v)}, expected string`))
  const bool = (v: Value): boolean =>
    typeof v === 'boolean' ? v : fail(`Unexpected type ${typeOf(v)}, expected boolean`)
  const items = (v: Value): readonly Lazy[] =>
    typeof v === 'object' && v?.kind === 'array' ? v.items : fail(`Unexpected type ${typeOf(v)}, expected array`)
  const record = (v: Value): Obj =>
    typeof v === 'object' && v?.kind === 'object' ? v : fail(`Unexpected type ${typeOf(v)}, expected object`)
  const fn = (v: Value): Fn =>
    typeof v === 'object' && (v?.kind === 'function' || v?.kind === 'builtin')
      ? v
      : fail(`Unexpected type ${typeOf(v)}, expected function`)
  const finite = (n: number): number =>
    Number.isNaN(n) ? fail('Not a number') : Number.isFinite(n) ? n : fail('Overflow')

  function check(obj: Obj): void {
    if (obj.checked) return
    obj.checked = true
    for (let i = obj.layers.length - 1; i >= 0; i--) obj.layers[i]?.check?.(obj, i)
  }
  function has(obj: Obj, key: string, below = obj.layers.length): boolean {
    return obj.layers.slice(0, below).some((layer) => layer.slots.has(key))
  }
  function field(obj: Obj, key: string, below = obj.layers.length): Value {
    check(obj)
    if (below <= 0) fail('Attempt to use super when there is no super class.')
    for (let i = below - 1; i >= 0; i--) {
      const slot = obj.layers[i]?.slots.get(key)
      if (slot === undefined) continue
      const cached = obj.cache.get(`${i}:${key}`)
      if (cached !== undefined) return cached
      const right = enter(() => slot.read(obj, i))
      const value = slot.plus && has(obj, key, i) ? plus(field(obj, key, i), right) : right
      obj.cache.set(`${i}:${key}`, value)
      return value
    }
    return fail(`Field does not exist: ${key}`)
  }
  function index(target: Value, key: Value): Value {
    if (typeof target === 'object' && target?.kind === 'object') return field(target, text(key))
    const list =
      typeof target === 'string'
        ? Array.from(target)
        : typeof target === 'object' && target?.kind === 'array'
          ? target.items
          : fail(`Value non indexable: ${typeOf(target)}`)
    const i = Math.trunc(num(key))
    const found = list[i]
    return found === undefined ? fail(`Index ${i} out of bounds, not within [0, ${list.length})`) : force(found)
  }
  function plus(a: Value, b: Value): Value {
    if (typeof a === 'string' || typeof b === 'string') {
      const joined = toText(a) + toText(b)
      allocate(joined.length)
      return joined
    }
    if (typeof a === 'number') return finite(a + num(b))
    if (a !== null && typeof a === 'object' && a.kind === 'object') return object([...a.layers, ...record(b).layers])
    if (a !== null && typeof a === 'object' && a.kind === 'array') {
      const joined = [...a.items, ...items(b)]
      allocate(joined.length * 8)
      return { kind: 'array', items: joined }
    }
    return fail(`Unexpected type ${typeOf(a)}`)
  }
  function call(f: Fn, args: readonly Lazy[], named: ReadonlyMap<string, Lazy> = new Map()): Value {
    const names = f.kind === 'builtin' ? f.params : f.params.map((p) => p.name)
    if (args.length > names.length)
      fail(`function expected ${names.length} positional argument(s), but got ${args.length}`)
    for (const key of named.keys()) {
      const at = names.indexOf(key)
      if (at < 0) fail(`function has no parameter ${key}`)
      if (at < args.length) fail(`Argument ${key} already provided`)
    }
    const given = names.map((key, i) => args[i] ?? (i < args.length ? null : named.get(key)))
    for (const [i, key] of names.entries())
      if (given[i] === undefined && (f.kind === 'builtin' ? i < f.required : f.params[i]?.fallback === undefined))
        fail(`Missing argument: ${key}`)
    if (f.kind === 'builtin') return enter(() => f.run(given))
    const vars = new Map<string, Lazy>()
    const scope: Scope = { vars, up: f.scope, self: f.scope.self, level: f.scope.level }
    for (const [i, p] of f.params.entries()) {
      const value = given[i]
      const { fallback } = p
      if (value !== undefined) vars.set(p.name, value)
      else if (fallback !== undefined)
        vars.set(
          p.name,
          thunk(() => evaluate(fallback, scope)),
        )
    }
    return enter(() => evaluate(f.body, scope))
  }
  function compare(a: Value, b: Value): number {
    if (typeof a === 'number') return Math.sign(a - num(b))
    if (typeof a === 'string') return compareText(a, text(b))
    if (typeOf(a) !== 'array') return fail(`Unexpected type ${typeOf(a)}`)
    const left = items(a)
    const right = items(b)
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const order = enter(() => compare(force(left[i] ?? null), force(right[i] ?? null)))
      if (order !== 0) return order
    }
    return Math.sign(left.length - right.length)
  }
  function equals(a: Value, b: Value): boolean {
    if (typeOf(a) !== typeOf(b)) return false
    if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
    if (a.kind === 'array' && b.kind === 'array')
      return (
        a.items.length === b.items.length &&
        a.items.every((x, i) => enter(() => equals(force(x), force(b.items[i] ?? null))))
      )
    if (a.kind === 'object' && b.kind === 'object') {
      const names = fieldNames(a, false)
      const others = fieldNames(b, false)
      return (
        names.length === others.length &&
        names.every((n, i) => n === others[i]) &&
        names.every((n) => enter(() => equals(field(a, n), field(b, n))))
      )
    }
    return fail('Cannot test equality of functions')
  }
  function toText(v: Value): string {
    return typeof v === 'string' ? v : manifest(v, false, '')
  }
  function manifest(v: Value, lines: boolean, indent: string): string {
    const out = written(v, lines, indent)
    if (out.length > limits.output) spent('output', 'output too large')
    return out
  }
  function written(v: Value, lines: boolean, indent: string): string {
    if (typeof v === 'string') return quote(v)
    if (typeof v === 'number') return numberText(v)
    if (v === null || typeof v !== 'object') return String(v)
    if (v.kind === 'function' || v.kind === 'builtin') return fail("couldn't manifest function as JSON")
    const inner = lines ? `${indent}   ` : indent
    const parts: string[] = []
    if (v.kind === 'array')
      for (const item of v.items) parts.push(inner + enter(() => manifest(force(item), lines, inner)))
    else {
      check(v)
      for (const key of fieldNames(v, false))
        parts.push(`${inner}${quote(key)}: ${enter(() => manifest(field(v, key), lines, inner))}`)
    }
    const [open, close] = v.kind === 'array' ? ['[', ']'] : ['{', '}']
    if (parts.length === 0) return `${open} ${close}`
    const body = lines ? `${open}\n${parts.join(',\n')}\n${indent}${close}` : `${open}${parts.join(', ')}${close}`
    allocate(body.length)
    return body
  }
  function find(scope: Scope | undefined, name: string): Lazy {
    for (let s = scope; s !== undefined; s = s.up) {
      const found = s.vars.get(name)
      if (found !== undefined) return found
    }
    return fail(`Unknown variable: ${name}`)
  }
  function delay(node: Node, scope: Scope): Lazy {
    return node.kind === 'literal' ? node.value : thunk(() => evaluate(node, scope))
  }
  function child(scope: Scope, self = scope.self, level = scope.level): Scope {
    return { vars: new Map(), up: scope, self, level }
  }
  function comprehend(specs: readonly Spec[], at: number, scope: Scope, emit: (scope: Scope) => void): void {
    const spec = specs[at]
    step()
    if (spec === undefined) emit(scope)
    else if (spec.kind === 'if') {
      if (bool(evaluate(spec.condition, scope))) comprehend(specs, at + 1, scope, emit)
    } else
      for (const item of items(evaluate(spec.source, scope))) {
        const inner = child(scope)
        inner.vars.set(spec.name, item)
        comprehend(specs, at + 1, inner, emit)
      }
  }
  function objectScope(outer: Scope, locals: readonly { name: string; body: Node }[], self: Obj, level: number): Scope {
    const scope = child(outer, self, level)
    if (outer.self === undefined) scope.vars.set('$', self)
    for (const l of locals) scope.vars.set(l.name, delay(l.body, scope))
    return scope
  }
  function evaluate(node: Node, scope: Scope): Value {
    const { site } = node
    here = site
    switch (node.kind) {
      case 'literal':
        return typeof node.value === 'number' ? finite(node.value) : node.value
      case 'var':
        return force(find(scope, node.name))
      case 'dollar':
        return force(find(scope, '$'))
      case 'self':
        return scope.self ?? fail("Can't use self outside of an object.")
      case 'super':
        return field(
          scope.self ?? fail("Can't use super outside of an object."),
          text(evaluate(node.index, scope)),
          scope.level,
        )
      case 'inSuper':
        return has(
          scope.self ?? fail("Can't use super outside of an object."),
          text(evaluate(node.index, scope)),
          scope.level,
        )
      case 'index': {
        const target = evaluate(node.target, scope)
        const key = evaluate(node.index, scope)
        here = site
        return index(target, key)
      }
      case 'slice': {
        const part = (n: Node | undefined): Value => (n === undefined ? null : evaluate(n, scope))
        return call(fn(field(record(force(find(scope, 'std'))), 'slice')), [
          evaluate(node.target, scope),
          part(node.from),
          part(node.to),
          part(node.step),
        ])
      }
      case 'apply': {
        const f = fn(evaluate(node.target, scope))
        here = site
        const args = node.args.map((a) => delay(a, scope))
        const named = new Map(node.named.map((n) => [n.name, delay(n.body, scope)]))
        if (node.tailstrict) for (const lazy of [...args, ...named.values()]) force(lazy)
        return call(f, args, named)
      }
      case 'array':
        return { kind: 'array', items: node.items.map((n) => delay(n, scope)) }
      case 'arrayComp': {
        const out: Lazy[] = []
        comprehend(node.specs, 0, scope, (inner) => {
          allocate(8)
          out.push(delay(node.body, inner))
        })
        return { kind: 'array', items: out }
      }
      case 'object': {
        const slots = new Map<string, Slot>()
        for (const f of node.fields) {
          const key = evaluate(f.name, scope)
          if (key === null) continue
          if (typeof key !== 'string') fail(`Field name must be string, got ${typeOf(key)}`)
          if (slots.has(text(key))) fail(`Duplicate field name: ${quote(text(key))}`)
          slots.set(text(key), {
            visibility: f.visibility,
            plus: f.plus,
            read: (self, level) => evaluate(f.body, objectScope(scope, node.locals, self, level)),
          })
        }
        const check: Layer['check'] =
          node.asserts.length === 0
            ? undefined
            : (self, level) => {
                const inner = objectScope(scope, node.locals, self, level)
                for (const a of node.asserts)
                  if (!bool(evaluate(a.condition, inner)))
                    fail(a.message === undefined ? 'Object assertion failed.' : toText(evaluate(a.message, inner)))
              }
        allocate(slots.size * 16)
        return object([{ slots, check }])
      }
      case 'objectComp': {
        const slots = new Map<string, Slot>()
        comprehend(node.specs, 0, scope, (inner) => {
          const key = evaluate(node.field.name, inner)
          if (key === null) return
          if (slots.has(text(key))) fail(`Duplicate field name: ${quote(text(key))}`)
          allocate(16)
          slots.set(text(key), {
            visibility: 'inherit',
            plus: node.field.plus,
            read: (self, level) => evaluate(node.field.body, objectScope(inner, node.locals, self, level)),
          })
        })
        return object([{ slots, check: undefined }])
      }
      case 'function':
        return { kind: 'function', params: node.params, body: node.body, scope }
      case 'local': {
        const inner = child(scope)
        for (const b of node.binds) inner.vars.set(b.name, delay(b.body, inner))
        return evaluate(node.body, inner)
      }
      case 'if': {
        if (bool(evaluate(node.condition, scope))) return evaluate(node.yes, scope)
        return node.no === undefined ? null : evaluate(node.no, scope)
      }
      case 'assert': {
        if (bool(evaluate(node.condition, scope))) return evaluate(node.rest, scope)
        return fail(node.message === undefined ? 'Assertion failed' : toText(evaluate(node.message, scope)))
      }
      case 'error': {
        const message = toText(evaluate(node.message, scope))
        here = site
        return fail(message)
      }
      case 'import':
        return fail(`couldn't open import "${node.path}": import not available`)
      case 'unary': {
        const v = evaluate(node.body, scope)
        here = site
        if (node.op === '!') return !bool(v)
        if (node.op === '~') return Number(~BigInt(Math.trunc(num(v))))
        return node.op === '-' ? -num(v) : num(v)
      }
      case 'binary': {
        const a = evaluate(node.left, scope)
        if (node.op === '&&') return bool(a) && bool(evaluate(node.right, scope))
        if (node.op === '||') return bool(a) || bool(evaluate(node.right, scope))
        const b = evaluate(node.right, scope)
        here = site
        return operate(node.op, a, b)
      }
      default:
        return node satisfies never
    }
  }
  function operate(op: string, a: Value, b: Value): Value {
    switch (op) {
      case '+':
        return plus(a, b)
      case '-':
        return finite(num(a) - num(b))
      case '*':
        return finite(num(a) * num(b))
      case '/':
        return num(b) === 0 ? fail('Division by zero.') : finite(num(a) / num(b))
      case '%':
        return num(b) === 0 ? fail('Division by zero.') : finite(num(a) % num(b))
      case '<':
        return compare(a, b) < 0
      case '>':
        return compare(a, b) > 0
      case '<=':
        return compare(a, b) <= 0
      case '>=':
        return compare(a, b) >= 0
      case '==':
        return equals(a, b)
      case '!=':
        return !equals(a, b)
      case 'in':
        return has(record(b), text(a))
      default:
        return fail(`Operator ${op} is not supported yet`)
    }
  }
  return {
    evaluate,
    force,
    call,
    field,
    has,
    fail,
    num,
    text,
    bool,
    items,
    record,
    fn,
    want,
    equals,
    compare,
    toText,
    manifest,
    step,
    allocate,
    counters: () => ({ steps, depth, allocation: allocated }),
  }
}

export function quote(s: string): string {
  return JSON.stringify(s).replace(/[\u007f-\u009f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
}

function numberText(n: number): string {
  if (Object.is(n, -0)) return '-0'
  if (Number.isInteger(n)) return BigInt(n).toString()
  const [mantissa = '', exponent = '0'] = n.toExponential(16).split('e')
  const e = Number(exponent)
  const short = mantissa.replace(/\.?0+$/, '')
  if (e < -4 || e >= 17) return `${short}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
  return n.toPrecision(17).replace(/0+$/, '')
}
