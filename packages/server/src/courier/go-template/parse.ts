import type { Command, Node, Operand, Pipe, Templates } from './ast.ts'
import { lex, type Token } from './lex.ts'
import { type GoTemplateError, joinFiles, problemAt, type Source, type SourceFile } from './problem.ts'

/** How many arguments a function takes. */
export type Arity = { readonly least: number; readonly most: number }
export type Arities = { get(name: string): Arity | undefined }

const LONGEST_SOURCE = 256 * 1024
/** Of blocks in blocks; every `else if` is one more. */
const DEEPEST = 200
const DEEPEST_PARENTHESES = 100
const MOST_VARIABLES = 1000

/** A template and what it defines and may call, with the text that its offsets count in. */
export type Parsed = { readonly source: Source; readonly templates: Templates }

/**
 * Reads a template (text/template) as far as Kratos' templates need it. What it does not know, it refuses with its place.
 * Further files are templates under the names of their files, which the first may call.
 */
export function parse(files: readonly SourceFile[], functions: Arities): Parsed {
  const source = joinFiles(files)
  if (source.text.length > LONGEST_SOURCE) throw problemAt(source, 0, 'the template is longer than 256 KiB')
  const templates = new Map<string, readonly Node[]>()
  for (const [order, { file, at }] of source.starts.entries()) {
    // Cut off at its end, so that nothing unfinished goes on in the next file.
    const text = source.text.slice(0, at + (files[order]?.text.length ?? 0))
    const reader = readerOf({ ...source, text }, at, { functions, templates })
    const { nodes } = parseList(reader, { ends: [], depth: 0, inRange: false, isTop: true })
    templates.set(order === 0 ? '' : file, nodes)
  }
  for (const nodes of templates.values()) checkCalls(source, templates, nodes)
  return { source, templates }
}

/** A template may only call what is defined somewhere, before or after. */
function checkCalls(source: Source, templates: Templates, nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.kind === 'template' && !templates.has(node.name)) {
      throw problemAt(source, node.at, `template ${JSON.stringify(node.name)} not defined`)
    }
    if (node.kind !== 'if' && node.kind !== 'with' && node.kind !== 'range') continue
    checkCalls(source, templates, node.body)
    checkCalls(source, templates, node.otherwise)
  }
}

type Reader = {
  readonly functions: Arities
  readonly templates: Map<string, readonly Node[]>
  /** What this file has defined; another file may define it anew. */
  readonly defined: Set<string>
  /** The variables that may be used here, in the order of their declaration; `$` is the first. */
  readonly variables: string[]
  peek(ahead?: number): Token | undefined
  next(): Token
  problem(token: Token | undefined, text: string): GoTemplateError
}

function readerOf(source: Source, from: number, shared: Pick<Reader, 'functions' | 'templates'>): Reader {
  const tokens = lex(source, from)
  let at = 0
  const problem = (token: Token | undefined, text: string) => problemAt(source, token?.at ?? source.text.length, text)
  return {
    ...shared,
    defined: new Set(),
    variables: ['$'],
    peek: (ahead = 0) => tokens[at + ahead],
    next: () => {
      const token = tokens[at++]
      if (token === undefined) throw problem(token, 'unexpected end of the template')
      return token
    },
    problem,
  }
}

type Surroundings = {
  /** Keywords that end this list. None: the end of the template does. */
  readonly ends: readonly ('end' | 'else')[]
  readonly depth: number
  readonly inRange: boolean
  readonly isTop: boolean
}

function parseList(reader: Reader, around: Surroundings): { nodes: readonly Node[]; end: 'end' | 'else' | null } {
  const { ends, depth } = around
  if (depth > DEEPEST) throw reader.problem(reader.peek(), 'blocks are nested too deeply')
  const nodes: Node[] = []
  for (;;) {
    const token = reader.peek()
    if (token === undefined) {
      if (ends.length === 0) return { nodes, end: null }
      throw reader.problem(token, 'unexpected end of the template: {{end}} is missing')
    }
    reader.next()
    if (token.kind === 'text') {
      nodes.push({ kind: 'text', text: token.text, at: token.at })
      continue
    }
    const first = reader.peek()
    if (first?.kind === 'keyword' && (first.name === 'end' || first.name === 'else')) {
      if (!ends.includes(first.name)) throw reader.problem(first, `unexpected {{${first.name}}}`)
      reader.next()
      return { nodes, end: first.name }
    }
    const node = first?.kind === 'keyword' ? parseBlock(reader, around) : parsePrint(reader, token.at)
    if (node !== null) nodes.push(node)
  }
}

function parsePrint(reader: Reader, at: number): Node {
  const pipe = parsePipe(reader, { end: 'close', allows: 'one', depth: 0 })
  return { kind: 'print', pipe, at }
}

/** Null: a definition, which leaves nothing where it stands. */
function parseBlock(reader: Reader, around: Surroundings): Node | null {
  const token = reader.next()
  const keyword = token.kind === 'keyword' ? token.name : ''
  switch (keyword) {
    case 'if':
    case 'with':
    case 'range':
      return parseBranch(reader, around, keyword, token.at)
    case 'break':
    case 'continue':
      if (!around.inRange) throw reader.problem(token, `{{${keyword}}} outside {{range}}`)
      expectClose(reader)
      return { kind: keyword, at: token.at }
    case 'template':
      return parseCall(reader, token.at)
    case 'block':
      return parseDefaulted(reader, around, token.at)
    case 'define':
      if (!around.isTop) throw reader.problem(token, 'unexpected {{define}} inside another block')
      define(reader, parseName(reader), around.depth)
      return null
    default:
      throw reader.problem(token, `unexpected {{${keyword}}}`)
  }
}

function parseBranch(reader: Reader, around: Surroundings, kind: 'if' | 'with' | 'range', at: number): Node {
  const known = reader.variables.length
  const pipe = parsePipe(reader, { end: 'close', allows: kind === 'range' ? 'two' : 'one', depth: 0 })
  const inner = { depth: around.depth + 1, isTop: false }
  const inRange = kind === 'range' || around.inRange
  const { nodes: body, end } = parseList(reader, { ...inner, ends: ['end', 'else'], inRange })
  const otherwise = end === 'else' ? parseElse(reader, { ...inner, inRange: around.inRange, ends: ['end'] }, kind) : []
  if (end === 'end') expectClose(reader)
  reader.variables.length = known
  return { kind, pipe, body, otherwise, at }
}

/** `{{else}}`, or `{{else if …}}` and `{{else with …}}`, which share the `{{end}}` of the first. */
function parseElse(reader: Reader, around: Surroundings, kind: 'if' | 'with' | 'range'): readonly Node[] {
  const token = reader.peek()
  if (token?.kind === 'keyword' && token.name === kind && (kind === 'if' || kind === 'with')) {
    if (around.depth > DEEPEST) throw reader.problem(token, 'blocks are nested too deeply')
    reader.next()
    return [parseBranch(reader, around, kind, token.at)]
  }
  expectClose(reader)
  const { nodes } = parseList(reader, around)
  expectClose(reader)
  return nodes
}

function parseCall(reader: Reader, at: number): Node {
  const name = parseName(reader, false)
  return { kind: 'template', name, pipe: parseArgument(reader), at }
}

const parseArgument = (reader: Reader) => {
  if (reader.peek()?.kind !== 'close') return parsePipe(reader, { end: 'close', allows: 'one', depth: 0 })
  expectClose(reader)
  return null
}

/** `{{block}}` is a definition and a call of it at once. */
function parseDefaulted(reader: Reader, around: Surroundings, at: number): Node {
  const name = parseName(reader, false)
  const pipe = parsePipe(reader, { end: 'close', allows: 'one', depth: 0 })
  define(reader, name, around.depth)
  return { kind: 'template', name, pipe, at }
}

function define(reader: Reader, name: string, depth: number): void {
  const start = reader.peek()
  const known = reader.variables.splice(1)
  const { nodes } = parseList(reader, { ends: ['end'], depth: depth + 1, inRange: false, isTop: false })
  expectClose(reader)
  reader.variables.splice(1, reader.variables.length, ...known)
  // As in Go: an empty definition does not replace one with content.
  if (nodes.every((node) => node.kind === 'text' && node.text.trim() === '')) {
    if (!reader.templates.has(name)) reader.templates.set(name, nodes)
    return
  }
  if (reader.defined.has(name)) throw reader.problem(start, `multiple definition of template ${JSON.stringify(name)}`)
  reader.defined.add(name)
  reader.templates.set(name, nodes)
}

function parseName(reader: Reader, closes = true): string {
  const token = reader.next()
  if (token.kind !== 'constant' || typeof token.value !== 'string' || token.value === '') {
    throw reader.problem(token, 'the name of a template is expected here, in quotes')
  }
  if (closes) expectClose(reader)
  return token.value
}

function expectClose(reader: Reader): void {
  const token = reader.next()
  if (token.kind !== 'close') throw reader.problem(token, `unexpected ${show(token)}, expected }}`)
}

type Within = { readonly end: 'close' | 'right'; readonly allows: 'one' | 'two' | 'none'; readonly depth: number }

function parsePipe(reader: Reader, within: Within): Pipe {
  const at = reader.peek()?.at ?? 0
  if (within.depth > DEEPEST_PARENTHESES) throw reader.problem(reader.peek(), 'parentheses are nested too deeply')
  const { variables, assigns } = parseVariables(reader, within)
  const commands: Command[] = []
  for (;;) {
    const token = reader.peek()
    if (token?.kind === within.end) break
    commands.push(parseCommand(reader, within, commands.length > 0))
    if (reader.peek()?.kind !== 'pipe') continue
    const bar = reader.next()
    if (reader.peek()?.kind === within.end) throw reader.problem(bar, 'nothing follows the |')
  }
  const end = reader.next()
  if (commands.length === 0) throw reader.problem(end, 'missing value')
  if (assigns === 'new') reader.variables.push(...variables)
  if (reader.variables.length > MOST_VARIABLES) throw reader.problem(end, 'too many variables')
  return { at, variables, assigns, commands }
}

function parseVariables(reader: Reader, { allows }: Within): Pick<Pipe, 'variables' | 'assigns'> {
  const names: string[] = []
  const [first, second, third, fourth] = [reader.peek(), reader.peek(1), reader.peek(2), reader.peek(3)]
  if (first?.kind !== 'variable') return { variables: [], assigns: 'nothing' }
  const isOne = second?.kind === 'declare' || second?.kind === 'assign'
  const isTwo =
    second?.kind === 'comma' && third?.kind === 'variable' && (fourth?.kind === 'declare' || fourth?.kind === 'assign')
  if (!isOne && !isTwo) return { variables: [], assigns: 'nothing' }
  if (allows === 'none') throw reader.problem(first, 'a variable cannot be declared inside parentheses')
  if (isTwo && allows === 'one') throw reader.problem(second, 'only {{range}} has two variables')
  for (let count = isTwo ? 4 : 2; count > 0; count--) {
    const token = reader.next()
    if (token.kind === 'variable') names.push(token.name)
  }
  const assigns = (isTwo ? fourth : second)?.kind === 'declare' ? 'new' : 'known'
  for (const name of names) {
    if (name === '$') throw reader.problem(first, 'the variable $ cannot be set')
    if (assigns === 'known' && !reader.variables.includes(name))
      throw reader.problem(first, `undefined variable ${name}`)
  }
  return { variables: names, assigns }
}

function parseCommand(reader: Reader, within: Within, isPiped: boolean): Command {
  const first = reader.peek()
  if (first?.kind === 'identifier') return parseFunction(reader, within, isPiped)
  const operand = parseOperand(reader, within)
  const next = reader.peek()
  if (isPiped) throw reader.problem(first, 'only a function can take the value of a pipe')
  if (next !== undefined && next.kind !== 'pipe' && next.kind !== within.end) {
    throw reader.problem(next, `unexpected ${show(next)}: only a function takes arguments`)
  }
  if (operand.kind === 'constant' && operand.value === null) throw reader.problem(first, 'nil is not a command')
  return { kind: 'value', operand, at: operand.at }
}

function parseFunction(reader: Reader, within: Within, isPiped: boolean): Command {
  const token = reader.next()
  const name = token.kind === 'identifier' ? token.name : ''
  const arity = reader.functions.get(name)
  if (arity === undefined) throw reader.problem(token, `function "${name}" not defined`)
  const operands: Operand[] = []
  for (;;) {
    const next = reader.peek()
    if (next?.kind === 'pipe' || next?.kind === within.end) break
    if (operands.length > 0 && next?.spaced !== true) throw reader.problem(next, `unexpected ${show(next)}`)
    operands.push(parseOperand(reader, within))
  }
  const given = operands.length + (isPiped ? 1 : 0)
  if (given < arity.least || given > arity.most) {
    throw reader.problem(token, `wrong number of arguments for ${name}: it takes ${describe(arity)}, it gets ${given}`)
  }
  return { kind: 'call', name, operands, at: token.at }
}

const describe = ({ least, most }: Arity) =>
  least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`

function parseOperand(reader: Reader, within: Within): Operand {
  const token = reader.next()
  const { at } = token
  switch (token.kind) {
    case 'constant':
      refusePath(reader)
      return { kind: 'constant', value: token.value, at }
    case 'nil':
      refusePath(reader)
      return { kind: 'constant', value: null, at }
    case 'dot':
      return { kind: 'dot', path: [], at }
    case 'field':
      return { kind: 'dot', path: [token.name, ...parsePath(reader)], at }
    case 'variable':
      if (!reader.variables.includes(token.name)) throw reader.problem(token, `undefined variable ${token.name}`)
      return { kind: 'variable', name: token.name, path: parsePath(reader), at }
    case 'left': {
      const pipe = parsePipe(reader, { end: 'right', allows: 'none', depth: within.depth + 1 })
      return { kind: 'pipe', pipe, path: parsePath(reader), at }
    }
    case 'identifier': {
      // A function without arguments may be an argument itself.
      const arity = reader.functions.get(token.name)
      if (arity === undefined) throw reader.problem(token, `function "${token.name}" not defined`)
      if (arity.least > 0) throw reader.problem(token, `${token.name} needs arguments: put the call in parentheses`)
      const call: Command = { kind: 'call', name: token.name, operands: [], at }
      return { kind: 'pipe', pipe: { at, variables: [], assigns: 'nothing', commands: [call] }, path: [], at }
    }
    case 'text':
    case 'open':
    case 'close':
    case 'pipe':
    case 'right':
    case 'declare':
    case 'assign':
    case 'comma':
    case 'keyword':
      throw reader.problem(token, `unexpected ${show(token)}`)
    default:
      return token satisfies never
  }
}

/** The fields that follow without a blank. */
function parsePath(reader: Reader): readonly string[] {
  const path: string[] = []
  for (;;) {
    const token = reader.peek()
    if (token?.kind !== 'field' || token.spaced) return path
    reader.next()
    path.push(token.name)
  }
}

function refusePath(reader: Reader): void {
  const token = reader.peek()
  if (token?.kind === 'field' && !token.spaced) throw reader.problem(token, 'a constant has no fields')
}

function show(token: Token | undefined): string {
  if (token === undefined) return 'end of the template'
  if (token.kind === 'constant') return JSON.stringify(token.value)
  if (token.kind === 'field') return `.${token.name}`
  if (token.kind === 'variable' || token.kind === 'identifier' || token.kind === 'keyword') return token.name
  return SIGNS[token.kind]
}

const SIGNS = {
  text: 'text',
  open: '{{',
  close: '}}',
  dot: '.',
  nil: 'nil',
  pipe: '|',
  left: '(',
  right: ')',
  declare: ':=',
  assign: '=',
  comma: ',',
} as const
