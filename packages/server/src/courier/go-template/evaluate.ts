import type { Command, Node, Operand, Pipe, Templates } from './ast.ts'
import type { GoFunction } from './define-function.ts'
import { shown } from './define-function.ts'
import type { Escape } from './escape-nodes.ts'
import { type Budget, openBudget, Refusal, type Limits } from './limits.ts'
import { GoTemplateError, problemAt, type Source } from './problem.ts'
import { type Dict, isDict, isList, isNothing, isTrue, kindOf, memberOf, sortedKeys, type Value } from './values.ts'

/** All that an evaluation needs: checked nodes, functions, and for HTML how each value is escaped. */
export type Program = {
  readonly source: Source
  readonly templates: Templates
  readonly functions: ReadonlyMap<string, GoFunction>
  readonly escapes: ReadonlyMap<Node, Escape> | null
}

type Run = Program & {
  readonly budget: Budget
  readonly root: Dict
  readonly out: string[]
  written: number
}

/** Where an evaluation stands: dot, and the variables in reach, innermost last. */
type Scope = { readonly dot: Value; readonly variables: Variable[]; readonly depth: number }
type Variable = { readonly name: string; value: Value }

/** How a list of nodes was left. */
type Left = 'end' | 'break' | 'continue'

/** Renders a template with its data. Throws nothing but `GoTemplateError`. */
export function evaluate(program: Program, data: Dict, limits: Limits): string {
  const run: Run = { ...program, budget: openBudget(limits), root: data, out: [], written: 0 }
  try {
    walk(run, program.templates.get('') ?? [], { dot: data, variables: [{ name: '$', value: data }], depth: 0 })
    return run.out.join('')
  } catch (error) {
    if (error instanceof GoTemplateError) throw error
    // Data may be nested deeper than the machine's stack.
    if (error instanceof RangeError) throw problemAt(program.source, 0, 'the data is nested too deeply')
    throw error
  }
}

function walk(run: Run, nodes: readonly Node[], scope: Scope): Left {
  const mark = scope.variables.length
  for (const node of nodes) {
    const left = step(run, node, scope)
    if (left !== 'end') {
      scope.variables.length = mark
      return left
    }
  }
  scope.variables.length = mark
  return 'end'
}

function step(run: Run, node: Node, scope: Scope): Left {
  placed(run, node.at, () => run.budget.spend())
  switch (node.kind) {
    case 'text':
      write(run, node.at, node.text)
      return 'end'
    case 'print':
      print(run, node, scope)
      return 'end'
    case 'if':
    case 'with':
      return choose(run, node, scope)
    case 'range':
      return repeat(run, node, scope)
    case 'template':
      call(run, node, scope)
      return 'end'
    case 'break':
    case 'continue':
      return node.kind
    default:
      return node satisfies never
  }
}

/** Says where it was that something could not be done. */
function placed<T>(run: Run, at: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) throw problemAt(run.source, at, error.message)
    throw error
  }
}

function write(run: Run, at: number, text: string): void {
  run.written += text.length
  if (run.written > run.budget.limits.output) throw problemAt(run.source, at, 'the result grows too long')
  placed(run, at, () => run.budget.spend(text.length))
  run.out.push(text)
}

function print(run: Run, node: Extract<Node, { kind: 'print' }>, scope: Scope): void {
  const value = evaluatePipe(run, node.pipe, scope)
  if (node.pipe.assigns !== 'nothing') return
  const escape = run.escapes?.get(node) ?? null
  // As Go: what is not there shows in a text, and leaves nothing in HTML.
  const nothing = escape === null ? '<no value>' : ''
  const text = isNothing(value) ? nothing : placed(run, node.at, () => shown(run.budget, value))
  write(run, node.at, escape === null ? text : escape(text))
}

type Branch = Extract<Node, { kind: 'if' | 'with' | 'range' }>

function choose(run: Run, node: Branch, scope: Scope): Left {
  const mark = scope.variables.length
  const value = evaluatePipe(run, node.pipe, scope)
  const isThen = isTrue(value)
  const dot = node.kind === 'with' && isThen ? value : scope.dot
  const left = walk(run, isThen ? node.body : node.otherwise, { ...scope, dot })
  scope.variables.length = mark
  return left
}

function repeat(run: Run, node: Branch, scope: Scope): Left {
  const mark = scope.variables.length
  const items = itemsOf(run, node, evaluatePipe(run, { ...node.pipe, assigns: 'nothing' }, scope))
  for (const [key, item] of items) {
    placed(run, node.at, () => run.budget.spend())
    setLoopVariables(run, node, scope, key, item)
    const left = walk(run, node.body, { ...scope, dot: item })
    scope.variables.length = mark
    if (left === 'break') break
  }
  return items.length > 0 ? 'end' : walk(run, node.otherwise, scope)
}

function itemsOf(run: Run, node: Branch, value: Value): readonly (readonly [Value, Value])[] {
  if (isNothing(value)) return []
  if (isList(value)) return value.map((item, at) => [at, item])
  if (isDict(value)) return sortedKeys(value).map((key) => [key, memberOf(value, key)])
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw problemAt(run.source, node.at, `range cannot go over ${kindOf(value)}`)
  }
  if (value > run.budget.limits.items) throw problemAt(run.source, node.at, 'range has too many rounds')
  return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at])
}

function setLoopVariables(run: Run, { pipe, at }: Branch, scope: Scope, key: Value, item: Value): void {
  const [first, second] = pipe.variables
  const values = second === undefined ? [[first, item] as const] : [[first, key] as const, [second, item] as const]
  for (const [name, value] of values) {
    if (name !== undefined) set(run, scope, { name, value, isNew: pipe.assigns === 'new', at })
  }
}

type Setting = { readonly name: string; readonly value: Value; readonly isNew: boolean; readonly at: number }

function set(run: Run, scope: Scope, { name, value, isNew, at }: Setting): void {
  if (isNew) {
    scope.variables.push({ name, value })
    return
  }
  find(run, scope, name, at).value = value
}

function find(run: Run, { variables }: Scope, name: string, at: number): Variable {
  const variable = variables.findLast((each) => each.name === name)
  if (variable === undefined) throw problemAt(run.source, at, `undefined variable ${name}`)
  return variable
}

function call(run: Run, node: Extract<Node, { kind: 'template' }>, scope: Scope): void {
  const depth = scope.depth + 1
  if (depth > run.budget.limits.depth) throw problemAt(run.source, node.at, 'templates call each other too deeply')
  const dot = node.pipe === null ? null : evaluatePipe(run, node.pipe, scope)
  const nodes = run.templates.get(node.name)
  if (nodes === undefined) throw problemAt(run.source, node.at, `template ${JSON.stringify(node.name)} not defined`)
  walk(run, nodes, { dot, variables: [{ name: '$', value: dot }], depth })
}

function evaluatePipe(run: Run, pipe: Pipe, scope: Scope): Value {
  let value: Value
  for (const [at, command] of pipe.commands.entries()) {
    value = evaluateCommand(run, command, scope, at === 0 ? [] : [value])
  }
  for (const name of pipe.assigns === 'nothing' ? [] : pipe.variables) {
    set(run, scope, { name, value, isNew: pipe.assigns === 'new', at: pipe.at })
  }
  return value
}

function evaluateCommand(run: Run, command: Command, scope: Scope, piped: readonly Value[]): Value {
  if (command.kind === 'value') return evaluateOperand(run, command.operand, scope)
  const { name, operands, at } = command
  const found = run.functions.get(name)
  if (found === undefined) throw problemAt(run.source, at, `function "${name}" not defined`)
  const values: Value[] = []
  for (const operand of operands) {
    const value = evaluateOperand(run, operand, scope)
    // What follows is not even looked at.
    if ((name === 'and' && !isTrue(value)) || (name === 'or' && isTrue(value))) return value
    values.push(value)
  }
  return inFunction(run, name, at, () => found.run([...values, ...piped], run.budget))
}

const inFunction = <T>(run: Run, name: string, at: number, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) throw problemAt(run.source, at, `${name}: ${error.message}`)
    throw error
  }
}

function evaluateOperand(run: Run, operand: Operand, scope: Scope): Value {
  switch (operand.kind) {
    case 'constant':
      return operand.value
    case 'dot':
      return follow(run, scope.dot, operand.path, operand.at)
    case 'variable':
      return follow(run, find(run, scope, operand.name, operand.at).value, operand.path, operand.at)
    case 'pipe':
      return follow(run, evaluatePipe(run, operand.pipe, scope), operand.path, operand.at)
    default:
      return operand satisfies never
  }
}

/** A field of nothing is nothing. A field that the data itself never has is a mistake in the template. */
function follow(run: Run, start: Value, path: readonly string[], at: number): Value {
  let value = start
  for (const name of path) {
    if (isNothing(value)) return undefined
    if (!isDict(value)) throw problemAt(run.source, at, `can't evaluate field ${name} in ${kindOf(value)}`)
    if (value === run.root && !Object.hasOwn(value, name)) throw problemAt(run.source, at, `there is no .${name} here`)
    value = memberOf(value, name)
  }
  return value
}
