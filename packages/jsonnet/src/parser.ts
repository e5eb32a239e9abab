import type { Bind, Field, Node, ObjectAssert, Param, Spec, Visibility } from './ast.ts'
import { type Site, staticError } from './errors.ts'
import { lex, type Token } from './lexer.ts'

/** Nesting beyond this is refused, so that no later pass can run out of host stack. */
const deepest = 250

const precedence: Readonly<Record<string, number>> = {
  '*': 10,
  '/': 10,
  '%': 10,
  '+': 9,
  '-': 9,
  '<<': 8,
  '>>': 8,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  in: 7,
  '==': 6,
  '!=': 6,
  '&': 5,
  '^': 4,
  '|': 3,
  '&&': 2,
  '||': 1,
}

/** Reads a whole program. Throws only `JsonnetError`. */
export function parse(source: string, file: string): Node {
  const tokens = lex(source, file)
  const last: Token = tokens[tokens.length - 1] ?? {
    kind: 'end',
    text: '',
    site: { file, line: 1, column: 1, endLine: 1, endColumn: 1, context: '' },
  }
  let at = 0
  let depth = 0

  const peek = (): Token => tokens[at] ?? last
  const pop = (): Token => tokens[at++] ?? last
  const is = (text: string): boolean => {
    const t = peek()
    return t.text === text && t.kind !== 'string' && t.kind !== 'block'
  }
  const accept = (text: string): boolean => {
    if (!is(text)) return false
    at++
    return true
  }
  const expect = (text: string): Token => {
    const t = pop()
    if (t.text !== text || t.kind === 'string' || t.kind === 'block') {
      const wanted = text === '=' ? 'operator =' : `token "${text}"`
      throw staticError(`Expected ${wanted} but got ${show(t)}`, t.site)
    }
    return t
  }
  const name = (): Token => {
    const t = pop()
    if (t.kind !== 'id') throw staticError(`Expected token IDENTIFIER but got ${show(t)}`, t.site)
    return t
  }

  function expression(): Node {
    if (++depth > deepest) throw staticError('Expression is nested too deeply', peek().site)
    const node = keyworded(peek())
    depth--
    return node
  }

  function keyworded(begin: Token): Node {
    if (begin.kind !== 'keyword') return binary(1)
    switch (begin.text) {
      case 'local': {
        pop()
        const binds: Bind[] = []
        do binds.push(bind(binds))
        while (accept(','))
        expect(';')
        const body = expression()
        return { kind: 'local', binds, body, site: span(begin.site, body.site) }
      }
      case 'if': {
        pop()
        const condition = expression()
        expect('then')
        const yes = expression()
        const no = accept('else') ? expression() : undefined
        return { kind: 'if', condition, yes, no, site: span(begin.site, (no ?? yes).site) }
      }
      case 'function': {
        pop()
        expect('(')
        const params = parameters()
        const body = expression()
        return { kind: 'function', params, body, site: span(begin.site, body.site) }
      }
      case 'assert': {
        pop()
        const condition = expression()
        const message = accept(':') ? expression() : undefined
        expect(';')
        const rest = expression()
        return { kind: 'assert', condition, message, rest, site: span(begin.site, rest.site) }
      }
      case 'error': {
        pop()
        const message = expression()
        return { kind: 'error', message, site: span(begin.site, message.site) }
      }
      case 'import':
      case 'importstr':
      case 'importbin': {
        pop()
        const block = peek().kind === 'block'
        const path = expression()
        if (path.kind !== 'literal' || typeof path.value !== 'string')
          throw staticError('Computed imports are not allowed', path.site)
        if (block) throw staticError('Block string literals not allowed in imports', path.site)
        return { kind: 'import', form: begin.text, path: path.value, site: span(begin.site, path.site) }
      }
      default:
        return binary(1)
    }
  }

  function bind(before: readonly Bind[]): Bind {
    const id = name()
    if (before.some((b) => b.name === id.text)) throw staticError(`Duplicate local var: ${id.text}`, id.site)
    const params = accept('(') ? parameters() : undefined
    expect('=')
    const body = expression()
    if (params === undefined) return { name: id.text, body }
    return { name: id.text, body: { kind: 'function', params, body, site: span(id.site, body.site) } }
  }

  function parameters(): Param[] {
    const params: Param[] = []
    while (!accept(')')) {
      const id = name()
      if (params.some((p) => p.name === id.text)) throw staticError(`Duplicate parameter: ${id.text}`, id.site)
      params.push({ name: id.text, fallback: accept('=') ? expression() : undefined })
      if (!accept(',') && !is(')'))
        throw staticError(`Expected a comma before next function parameter, got ${show(peek())}`, peek().site)
    }
    return params
  }

  function binary(least: number): Node {
    let left = unary()
    for (;;) {
      const t = peek()
      const level = t.kind === 'op' || t.text === 'in' ? precedence[t.text] : undefined
      if (level === undefined) {
        if (t.kind === 'op' && t.text !== ':' && t.text !== '::' && t.text !== '=')
          throw staticError(`Not a binary operator: ${t.text}`, t.site)
        return left
      }
      if (level < least) return left
      pop()
      if (t.text === 'in' && is('super') && tokens[at + 1]?.text !== '.' && tokens[at + 1]?.text !== '[') {
        left = { kind: 'inSuper', index: left, site: span(left.site, pop().site) }
        continue
      }
      const right = peek().kind === 'keyword' ? tail() : binary(level + 1)
      left = { kind: 'binary', op: t.text, left, right, site: span(left.site, right.site) }
    }
  }

  // `1 + local x = 2; x` and its like swallow everything to their right.
  function tail(): Node {
    const t = peek().text
    if (['local', 'if', 'function', 'assert', 'error', 'import', 'importstr', 'importbin'].includes(t))
      return expression()
    return binary(11)
  }

  function unary(): Node {
    const t = peek()
    if (t.kind !== 'op') return postfix()
    if (!['!', '-', '+', '~'].includes(t.text)) throw staticError(`Not a unary operator: ${t.text}`, t.site)
    pop()
    if (++depth > deepest) throw staticError('Expression is nested too deeply', t.site)
    const body = peek().kind === 'keyword' ? tail() : unary()
    depth--
    return { kind: 'unary', op: t.text, body, site: span(t.site, body.site) }
  }

  function postfix(): Node {
    let node = terminal()
    for (let links = 0; ; links++) {
      const t = peek()
      if (t.kind !== 'mark' || !'.[({'.includes(t.text)) return node
      if (depth + links > deepest) throw staticError('Expression is nested too deeply', t.site)
      pop()
      if (t.text === '.') {
        const id = name()
        const index: Node = { kind: 'literal', value: id.text, site: id.site }
        node = { kind: 'index', target: node, index, site: span(node.site, id.site) }
      } else if (t.text === '[') node = brackets(node)
      else if (t.text === '(') node = call(node)
      else {
        const right = objectRest(t)
        node = { kind: 'binary', op: '+', left: node, right, site: span(node.site, right.site) }
      }
    }
  }

  function brackets(target: Node): Node {
    const parts: (Node | undefined)[] = [undefined, undefined, undefined]
    let colons = 0
    let ready = true
    for (;;) {
      if (is(']')) break
      if (accept('::')) colons += 2
      else if (accept(':')) colons++
      else {
        if (!ready) throw staticError(`Expected token "]" but got ${show(peek())}`, peek().site)
        parts[colons] = expression()
        ready = false
        continue
      }
      ready = true
      if (colons > 2) throw staticError('Invalid slice: too many colons', peek().site)
    }
    const end = pop()
    const [index, to, step] = parts
    const site = span(target.site, end.site)
    if (colons > 0) return { kind: 'slice', target, from: index, to, step, site }
    if (index === undefined) throw staticError('ast.Index requires an expression', end.site)
    return { kind: 'index', target, index, site }
  }

  function call(target: Node): Node {
    const args: Node[] = []
    const named: Bind[] = []
    let comma = true
    while (!is(')')) {
      const t = peek()
      if (!comma) throw staticError(`Expected a comma before next function argument, got ${show(t)}`, t.site)
      if (t.kind === 'id' && tokens[at + 1]?.text === '=' && tokens[at + 1]?.kind === 'op') {
        at += 2
        named.push({ name: t.text, body: expression() })
      } else {
        const value = expression()
        if (named.length > 0) throw staticError('Positional argument after a named argument is not allowed', t.site)
        args.push(value)
      }
      comma = accept(',')
    }
    const end = pop()
    return { kind: 'apply', target, args, named, tailstrict: accept('tailstrict'), site: span(target.site, end.site) }
  }

  function terminal(): Node {
    const t = pop()
    const { site } = t
    if (t.kind === 'number') return { kind: 'literal', value: Number(t.text), site }
    if (t.kind === 'string' || t.kind === 'block') return { kind: 'literal', value: t.text, site }
    if (t.kind === 'id') return { kind: 'var', name: t.text, site }
    if (t.kind === 'end') throw staticError('Unexpected end of file', site)
    switch (t.text) {
      case 'null':
        return { kind: 'literal', value: null, site }
      case 'true':
        return { kind: 'literal', value: true, site }
      case 'false':
        return { kind: 'literal', value: false, site }
      case 'self':
        return { kind: 'self', site }
      case '$':
        return { kind: 'dollar', site }
      case '{':
        return objectRest(t)
      case '[':
        return array(t)
      case '(': {
        const inner = expression()
        const end = expect(')')
        return { ...inner, site: inner.kind === 'literal' ? span(site, end.site) : inner.site }
      }
      case 'super': {
        if (accept('.')) {
          const id = name()
          return { kind: 'super', index: { kind: 'literal', value: id.text, site: id.site }, site }
        }
        if (!accept('[')) throw staticError('Expected . or [ after super', site)
        const index = expression()
        expect(']')
        return { kind: 'super', index, site }
      }
      default:
        throw staticError(`Unexpected: ${show(t)} while parsing terminal`, site)
    }
  }

  function array(begin: Token): Node {
    const items: Node[] = []
    let comma = true
    for (;;) {
      if (is(']')) break
      if (items.length === 1 && is('for')) {
        const [body] = items
        const specs = comprehension()
        const end = expect(']')
        if (body !== undefined) return { kind: 'arrayComp', body, specs, site: span(begin.site, end.site) }
      }
      if (!comma) throw staticError(`Expected a comma before next array element, got ${show(peek())}`, peek().site)
      items.push(expression())
      comma = accept(',')
    }
    return { kind: 'array', items, site: span(begin.site, pop().site) }
  }

  function comprehension(): Spec[] {
    const specs: Spec[] = []
    for (;;) {
      if (accept('for')) {
        const id = name()
        expect('in')
        specs.push({ kind: 'for', name: id.text, source: expression() })
      } else if (accept('if')) specs.push({ kind: 'if', condition: expression() })
      else return specs
    }
  }

  function objectRest(begin: Token): Node {
    const fields: Field[] = []
    const asserts: ObjectAssert[] = []
    const locals: Bind[] = []
    const seen = new Set<string>()
    let comma = true
    let computed = false
    for (;;) {
      const t = peek()
      if (accept('}')) return { kind: 'object', fields, asserts, locals, site: span(begin.site, t.site) }
      if (is('for')) {
        if (asserts.length > 0) throw staticError('Object comprehension cannot have asserts', t.site)
        const [field] = fields
        if (field === undefined || fields.length !== 1)
          throw staticError('Object comprehension can only have one field', t.site)
        if (field.visibility !== 'inherit') throw staticError('Object comprehensions cannot have hidden fields', t.site)
        if (!computed) throw staticError('Object comprehensions can only have [e] fields', t.site)
        const specs = comprehension()
        return { kind: 'objectComp', field, locals, specs, site: span(begin.site, expect('}').site) }
      }
      if (!comma) throw staticError(`Expected a comma before next field`, t.site)
      if (accept('local')) locals.push(bind(locals))
      else if (accept('assert')) {
        const condition = expression()
        const message = accept(':') ? expression() : undefined
        asserts.push({ condition, message, site: span(t.site, (message ?? condition).site) })
      } else {
        computed = t.kind === 'mark' && t.text === '['
        fields.push(field(seen))
      }
      comma = accept(',')
    }
  }

  function field(seen: Set<string>): Field {
    const t = pop()
    let key: Node
    if (t.kind === 'mark' && t.text === '[') {
      key = expression()
      expect(']')
    } else if (t.kind === 'id' || t.kind === 'string' || t.kind === 'block') {
      key = { kind: 'literal', value: t.text, site: t.site }
    } else throw staticError(`Unexpected: ${show(t)} while parsing field definition`, t.site)
    const params = accept('(') ? parameters() : undefined
    const op = pop()
    const form = op.kind === 'op' ? /^(\+?)(:{1,3})$/.exec(op.text) : null
    if (form === null) throw staticError(`Expected one of :, ::, :::, +:, +::, +:::, got: ${op.text}`, op.site)
    if (params !== undefined && form[1] === '+')
      throw staticError(`Cannot use +: syntax sugar in a method: ${t.text}`, t.site)
    if (t.text !== '[' || t.kind !== 'mark') {
      if (seen.has(t.text)) throw staticError(`Duplicate field: ${t.text}`, t.site)
      seen.add(t.text)
    }
    const body = expression()
    const levels: Readonly<Record<string, Visibility>> = { ':': 'inherit', '::': 'hidden', ':::': 'visible' }
    return {
      name: key,
      body: params === undefined ? body : { kind: 'function', params, body, site: body.site },
      plus: form[1] === '+',
      visibility: levels[form[2] ?? ':'] ?? 'inherit',
    }
  }

  const program = expression()
  if (peek().kind !== 'end') throw staticError(`Did not expect: ${show(peek())}`, peek().site)
  return program
}

function span(from: Site, to: Site): Site {
  return { ...from, endLine: to.endLine, endColumn: to.endColumn }
}

function show(t: Token): string {
  switch (t.kind) {
    case 'end':
      return 'end of file'
    case 'id':
      return `(IDENTIFIER, "${t.text}")`
    case 'number':
      return `(NUMBER, "${t.text}")`
    case 'string':
      return `(STRING_DOUBLE, "${t.text}")`
    case 'block':
      return `(STRING_BLOCK, "${t.text}")`
    case 'op':
      return `(OPERATOR, "${t.text}")`
    case 'keyword':
    case 'mark':
      return `"${t.text}"`
    default:
      return t.kind satisfies never
  }
}
