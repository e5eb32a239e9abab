import { expect, test } from 'vitest'
import { compile, JsonnetError } from '../src/index.ts'

const render = (source: string): string => compile(source).evaluate()

test.each([
  ['1 + 2 * 3', '7\n'],
  ['0.1', '0.10000000000000001\n'],
  ['{}', '{ }\n'],
  ['[]', '[ ]\n'],
  ['"a" + 1', '"a1"\n'],
  ['{a: 1, b:: 2, c: self.a + self.b}.c', '3\n'],
  ['({a: {x: 1}} + {a+: {y: 2}}).a.y', '2\n'],
  ['({a: 1} + {a: super.a + 1}).a', '2\n'],
  ['local f(x, y=x + 1) = x * y; f(2) + f(2, y=5)', '16\n'],
  ['[x * 2 for x in [1, 2, 3] if x != 2]', '[\n   2,\n   6\n]\n'],
  ['{[k]: 1 for k in ["b", "a"]}', '{\n   "a": 1,\n   "b": 1\n}\n'],
  ['std.join("-", std.map(function(x) x + "!", ["a", "b"]))', '"a!-b!"\n'],
  ['|||\n  one\n    two\n|||', '"one\\n  two\\n"\n'],
])('%s', (source, output) => {
  expect(render(source)).toBe(output)
})

test.each([
  ['error "cancel"', 'runtime', 'RUNTIME ERROR: cancel'],
  ['{a: error "cancelled"}', 'runtime', 'RUNTIME ERROR: cancel'],
  ['function(x) x', 'runtime', 'Missing argument: x'],
  ['importstr "/etc/passwd"', 'runtime', 'import not available'],
  ['local f(x) = f(x + 1); f(1)', 'limit', 'max stack frames exceeded.'],
  ['('.repeat(200_000), 'static', 'Unexpected end of file'],
  ['std.range(1, 2e9)', 'limit', 'too much memory'],
  ['{', 'static', 'end of file'],
])('%.40s fails', (source, kind, text) => {
  let error: unknown
  try {
    render(source)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(JsonnetError)
  expect(error).toMatchObject({ kind, message: expect.stringContaining(text) })
})

test('a caller who asks for 100,000 frames gets a limit error, not a crash', () => {
  const program = compile('local f(x) = 1 + f(x + 1); f(1)')
  expect(() => program.evaluate({ limits: { depth: 100_000 } })).toThrow('max stack frames exceeded.')
})

test('the argument goes to a function and is ignored otherwise', () => {
  const tla = { ctx: { value: { id: 'u1' } } }
  expect(compile('function(ctx) ctx.id').evaluateValue({ tla })).toBe('u1')
  expect(compile('1').evaluateValue({ tla })).toBe(1)
})
