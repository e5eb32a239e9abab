import type { Command, Node, Pipe, Templates } from './ast.ts'
import { type Context, DOCUMENT, keyOf, readText } from './html-context.ts'
import { escapeHtml, escapeUnquoted, escapeUrl, filterCss, filterUrl, normalizeUrl } from './html-escape.ts'
import { problemAt, type Source } from './problem.ts'

/** Makes a value harmless for the place where it is printed. */
export type Escape = (text: string) => string

/** Templates whose values are escaped where they stand. One that is called in several contexts is there several times. */
export type Escaped = { readonly templates: Templates; readonly escapes: ReadonlyMap<Node, Escape> }

type Work = {
  readonly source: Source
  readonly templates: Templates
  readonly done: Map<string, readonly Node[]>
  readonly escapes: Map<Node, Escape>
  /** Where a template ends that was entered in a context; `guessed` while it is still being read. */
  readonly ends: Map<string, { end: Context; guessed: boolean; used: boolean }>
}

/** Works out, once and for all, how every value must be escaped (html/template, "Contexts"). */
export function escapeNodes(source: Source, templates: Templates): Escaped {
  const work: Work = { source, templates, done: new Map(), escapes: new Map(), ends: new Map() }
  const { nodes, end } = readList(work, templates.get('') ?? [], DOCUMENT, null)
  if (end.state !== 'text') throw problemAt(source, source.text.length, `the template ends inside ${describe(end)}`)
  work.done.set('', nodes)
  return { templates: work.done, escapes: work.escapes }
}

type Read = { readonly nodes: readonly Node[]; readonly end: Context }

function readList(work: Work, nodes: readonly Node[], start: Context, loop: Context | null): Read {
  let context = start
  const read = nodes.map((node) => {
    const one = readNode(work, node, context, loop)
    context = one.end
    return one.node
  })
  return { nodes: read, end: context }
}

function readNode(work: Work, node: Node, context: Context, loop: Context | null): { node: Node; end: Context } {
  switch (node.kind) {
    case 'text': {
      const { shown, end } = readText(context, node.text)
      return { node: { ...node, text: shown }, end }
    }
    case 'print':
      return readPrint(work, node, context)
    case 'if':
    case 'with':
    case 'range':
      return readBranch(work, node, context, loop)
    case 'template':
      return readCall(work, node, context)
    case 'break':
    case 'continue':
      if (loop === null || keyOf(loop) !== keyOf(context)) {
        throw problemAt(
          work.source,
          node.at,
          `{{${node.kind}}} stands in another place of the document than its {{range}}`,
        )
      }
      return { node, end: context }
    default:
      return node satisfies never
  }
}

function readPrint(work: Work, written: Node & { kind: 'print' }, start: Context): { node: Node; end: Context } {
  if (written.pipe.assigns !== 'nothing') return { node: written, end: start }
  const context: Context = start.state === 'beforeValue' ? { ...start, state: 'value', quote: '' } : start
  const { pipe, isEncoded } = withoutEscaper(work, written.pipe)
  const node = { ...written, pipe }
  const isQuery = context.state === 'value' && context.url === 'query'
  const escape = escapeIn(work, node, context)
  work.escapes.set(node, isEncoded && isQuery ? (context.quote === '' ? escapeUnquoted : escapeHtml) : escape)
  return { node, end: context }
}

const ESCAPERS = new Set(['html', 'urlquery'])

/** Go's own escapers may end a pipe, where they do what is done anyway; elsewhere it would be done twice. */
function withoutEscaper(work: Work, pipe: Pipe): { readonly pipe: Pipe; readonly isEncoded: boolean } {
  const last = pipe.commands.at(-1)
  const early = pipe.commands.find((command) => command !== last && isEscaper(command))
  if (early !== undefined) {
    throw problemAt(work.source, early.at, 'values are escaped by themselves: this belongs at the end of the pipe')
  }
  if (last?.kind !== 'call' || last.name !== 'html') return { pipe, isEncoded: last !== undefined && isEscaper(last) }
  return { pipe: { ...pipe, commands: [...pipe.commands.slice(0, -1), { ...last, name: 'print' }] }, isEncoded: false }
}

const isEscaper = (command: Command) => command.kind === 'call' && ESCAPERS.has(command.name)

function escapeIn(work: Work, node: Node, context: Context): Escape {
  const refuse = (problem: string) => problemAt(work.source, node.at, problem)
  switch (context.state) {
    case 'text':
      return escapeHtml
    case 'comment':
      return () => ''
    case 'raw':
      if (context.element === 'script') throw refuse('a value cannot stand in a script')
      if (context.element !== 'style') return escapeHtml
      if (context.css === 'comment') return () => ''
      if (context.css !== 'plain') throw refuse('a value cannot stand in a text or an address of CSS')
      return filterCss
    case 'value':
      return escapeValue(context, refuse)
    case 'tag':
    case 'attrName':
    case 'afterName':
    case 'beforeValue':
      throw refuse('a value cannot be the name of an attribute; write the name, and the value in quotes')
    default:
      return context.state satisfies never
  }
}

function escapeValue(context: Context, refuse: (problem: string) => Error): Escape {
  const quoted = context.quote === '' ? escapeUnquoted : escapeHtml
  switch (context.attribute) {
    case 'plain':
      return quoted
    case 'script':
      throw refuse('a value cannot stand in a script')
    case 'css':
      if (context.css !== 'plain') throw refuse('a value cannot stand in a text or an address of CSS')
      return (text) => quoted(filterCss(text))
    case 'url':
    case 'list': {
      if (context.url === 'unknown') throw refuse('this value is in different parts of a URL on different ways')
      if (context.url === 'query') return (text) => quoted(escapeUrl(text))
      const isStart = context.url === 'start'
      const url = (text: string) => normalizeUrl(isStart ? filterUrl(text) : text)
      // In a list of addresses, a comma would begin the next.
      return context.attribute === 'list'
        ? (text) => quoted(url(text).replaceAll(',', '%2c'))
        : (text) => quoted(url(text))
    }
    default:
      return context.attribute satisfies never
  }
}

type Branch = Extract<Node, { kind: 'if' | 'with' | 'range' }>

function readBranch(work: Work, node: Branch, context: Context, outer: Context | null): { node: Node; end: Context } {
  const loop = node.kind === 'range' ? context : outer
  const body = readList(work, node.body, context, loop)
  // A second round must find what the first has found.
  if (node.kind === 'range') join(work, node, context, body.end)
  const otherwise = readList(work, node.otherwise, context, outer)
  return {
    node: { ...node, body: body.nodes, otherwise: otherwise.nodes },
    end: join(work, node, body.end, otherwise.end),
  }
}

/** Both ways must lead to the same place; in a URL they may lead differently far. */
function join(work: Work, node: Node, a: Context, b: Context): Context {
  if (keyOf(a) === keyOf(b)) return a
  const joined: Context = { ...a, url: 'unknown' }
  if (keyOf(joined) === keyOf({ ...b, url: 'unknown' })) return joined
  throw problemAt(
    work.source,
    node.at,
    `the ways through this {{${node.kind}}} end in different places: inside ${describe(a)}, and inside ${describe(b)}`,
  )
}

function readCall(
  work: Work,
  node: Extract<Node, { kind: 'template' }>,
  context: Context,
): { node: Node; end: Context } {
  const name = `${node.name} ${keyOf(context)}`
  const known = work.ends.get(name)
  if (known !== undefined) {
    known.used ||= known.guessed
    return { node: { ...node, name }, end: known.end }
  }
  // A template that calls itself is taken to end where it began, until that has turned out.
  const entry = { end: context, guessed: true, used: false }
  work.ends.set(name, entry)
  const { nodes, end } = readList(work, work.templates.get(node.name) ?? [], context, null)
  if (entry.used && keyOf(end) !== keyOf(context)) {
    throw problemAt(
      work.source,
      node.at,
      `template ${JSON.stringify(node.name)} calls itself and ends inside ${describe(end)}`,
    )
  }
  work.ends.set(name, { end, guessed: false, used: false })
  work.done.set(name, nodes)
  return { node: { ...node, name }, end }
}

function describe({ state, element, name }: Context): string {
  if (state === 'text') return 'the text'
  if (state === 'comment') return 'a comment'
  if (state === 'raw') return `a ${element} element`
  return state === 'value' || state === 'beforeValue' ? `the value of the attribute ${name}` : 'a tag'
}
