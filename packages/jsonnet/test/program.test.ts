import { describe, expect, test, vi } from 'vitest'
import { compile, JsonnetError, type Json } from '../src/index.ts'

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof JsonnetError) return error.message
    throw error
  }
  return 'no error'
}

describe('arguments and external variables', () => {
  const ctx: Json = { id: 'u1', tags: ['a', 'b'], nested: { deep: { value: 1.5, none: null } } }

  test('a function gets the arguments, any other program ignores them', () => {
    expect(compile('function(ctx) ctx.id').evaluateValue({ tla: { ctx: { value: ctx } } })).toBe('u1')
    expect(compile('1').evaluateValue({ tla: { ctx: { value: ctx } } })).toBe(1)
  })
  test('what is left out or too many is an error', () => {
    expect(messageOf(() => compile('function(ctx) 1').evaluate())).toBe(
      'RUNTIME ERROR: Missing argument: ctx\n\tTop-level function call\t\n',
    )
    expect(messageOf(() => compile('function(a=1) a').evaluate({ tla: { b: { value: 1 } } }))).toContain(
      'function has no parameter b',
    )
  })
  test('values and code, evaluated when used', () => {
    const extVars = { text: { value: 'a' }, code: { code: '1 + 1' }, broken: { code: '1 +' } }
    expect(compile('[std.extVar("text"), std.extVar("code")]').evaluateValue({ extVars })).toEqual(['a', 2])
    expect(messageOf(() => compile('std.extVar("broken")').evaluate({ extVars }))).toContain(
      '<extvar:broken>:1:4 Unexpected end of file',
    )
    expect(compile('function(a) a').evaluateValue({ tla: { a: { code: '[1, std.thisFile]' } } })).toEqual([
      1,
      '<top-level-arg:a>',
    ])
  })
  test('code names itself in traces', () => {
    const options = { tla: { a: { code: 'error "x"' } } }
    expect(messageOf(() => compile('function(a) a', { filename: 'f' }).evaluate(options))).toBe(
      'RUNTIME ERROR: x\n\t<top-level-arg:a>:1:1-10\t$\n\tf:1:13-14\tfunction <anonymous>\n\tTop-level function call\t\n',
    )
  })
  test('a program cannot change or keep what it was given', () => {
    const given = { list: [{ a: 1 }], map: { b: 2 } }
    const result = compile('function(ctx) ctx + { list: ctx.list }').evaluateValue({ tla: { ctx: { value: given } } })
    expect(result).toEqual(given)
    expect(JSON.stringify(result)).toBe(JSON.stringify(given))
    expect(given).toEqual({ list: [{ a: 1 }], map: { b: 2 } })
  })
  test('what is not touched is not even looked at', () => {
    const look = vi.fn(() => 1)
    const value = Object.defineProperty({ used: 'yes' }, 'unused', { enumerable: true, get: look })
    expect(compile('function(ctx) ctx.used').evaluateValue({ tla: { ctx: { value } } })).toBe('yes')
    expect(look).not.toHaveBeenCalled()
  })
  test('the caller’s objects are objects like all others', () => {
    const program = compile(`function(ctx) {
      merged: ctx { id: 'new' }, has: 'id' in ctx, all: std.objectFields(ctx), up: ctx.nested.deep.value,
      plus: ctx.nested + { deep+: { more: true } }, same: ctx.nested == { deep: { value: 1.5, none: null } },
    }`)
    expect(program.evaluateValue({ tla: { ctx: { value: ctx } } })).toEqual({
      merged: { ...ctx, id: 'new' },
      has: true,
      all: ['id', 'nested', 'tags'],
      up: 1.5,
      plus: { deep: { value: 1.5, none: null, more: true } },
      same: true,
    })
  })
  test('names that objects of JavaScript are born with mean nothing', () => {
    for (const name of ['constructor', '__proto__', 'valueOf', 'hasOwnProperty']) {
      const tla = { ctx: { value: {} } }
      expect(compile(`function(ctx) '${name}' in ctx`).evaluateValue({ tla })).toBe(false)
      expect(messageOf(() => compile(`std.extVar('${name}')`).evaluate({ extVars: {} }))).toContain(
        'Undefined external',
      )
      expect(compile(`{ '${name}': 1 }['${name}']`).evaluateValue()).toBe(1)
      expect(messageOf(() => compile(`std['${name}']`).evaluate())).toContain(`Field does not exist: ${name}`)
    }
    expect(
      compile('function(ctx) ctx.__proto__').evaluateValue({ tla: { ctx: { value: JSON.parse('{"__proto__": 5}') } } }),
    ).toBe(5)
  })
  test('halves of characters become replacement characters', () => {
    const tla = { x: { value: 'a\ud800b' } }
    expect(compile('function(x) [std.length(x), x]').evaluateValue({ tla })).toEqual([3, 'a\ufffdb'])
  })
})

describe('imports', () => {
  const files: Record<string, string> = {
    'lib/a.libsonnet': '{ b: import "b.libsonnet", file: std.thisFile }',
    'lib/b.libsonnet': '1 + 1',
    'text.txt': 'héllo',
    'broken.jsonnet': '1 +',
    'loop.jsonnet': 'import "loop.jsonnet"',
  }
  const importer = (from: string, path: string): { file: string; content: string } => {
    const file = new URL(path, `file:///${from}`).pathname.slice(1)
    const content = files[file]
    if (content === undefined) throw new Error(`no such file: ${file}`)
    return { file, content }
  }
  const run = (source: string): Json => compile(source, { filename: 'main.jsonnet' }).evaluateValue({ importer })

  test('are refused unless the caller passes a resolver', () => {
    for (const form of ['import', 'importstr', 'importbin'])
      expect(messageOf(() => compile(`${form} "/etc/hostname"`).evaluate())).toContain(
        'RUNTIME ERROR: import not available /etc/hostname\n',
      )
  })
  test('are found from the importing file on', () => {
    expect(run('import "lib/a.libsonnet"')).toEqual({ b: 2, file: 'lib/a.libsonnet' })
  })
  test('give code, text or bytes', () => {
    expect(run('importstr "text.txt"')).toBe('héllo')
    expect(run('importbin "text.txt"')).toEqual([104, 195, 169, 108, 108, 111])
  })
  test('fail where they stand', () => {
    expect(messageOf(() => run('import "nowhere"'))).toBe(
      'RUNTIME ERROR: no such file: nowhere\n\tmain.jsonnet:1:1-17\t$\n\tDuring evaluation\t\n',
    )
    expect(messageOf(() => run('import "broken.jsonnet"'))).toContain('broken.jsonnet:1:4 Unexpected end of file')
    expect(messageOf(() => run('import "loop.jsonnet"'))).toContain('max stack frames exceeded.')
  })
})

describe('results', () => {
  test('as text, as data, as they are', () => {
    const program = compile('"a\\n"')
    expect(program.evaluate()).toBe('"a\\n"\n')
    expect(program.evaluateValue()).toBe('a\n')
    expect(program.evaluateString()).toBe('a\n')
    expect(messageOf(() => compile('1').evaluateString())).toBe(
      'RUNTIME ERROR: expected string result, got: number\n\tDuring manifestation\t\n',
    )
  })
  test('traces of the program go to the caller', () => {
    const lines: string[] = []
    const program = compile('\nstd.trace("here", 1)', { filename: 'f.jsonnet' })
    expect(program.evaluate({ trace: (line) => void lines.push(line) })).toBe('1\n')
    expect(lines).toEqual(['TRACE: f.jsonnet:2 here'])
  })
  test('long stack traces are cropped in the middle, unless asked for', () => {
    const program = compile('local f(n) = if n == 0 then error "end" else f(n - 1); f(30)', { filename: 'f' })
    const lines = messageOf(() => program.evaluate()).split('\n')
    expect(lines).toHaveLength(23)
    expect(lines[11]).toBe('\t...')
    expect(messageOf(() => program.evaluate({ maxTrace: 0 })).split('\n')).toHaveLength(35)
  })
  test('Ory’s cancel is a text in the error', () => {
    for (const source of ['error "cancel"', '{ a: error "cancelled" }', 'error "x RUNTIME ERROR: cancel"'])
      expect(messageOf(() => compile(source).evaluate())).toContain('RUNTIME ERROR: cancel')
    expect(messageOf(() => compile('error "do cancel"').evaluate())).not.toContain('RUNTIME ERROR: cancel')
  })
  test('static errors count bytes', () => {
    expect(messageOf(() => compile('"é" + y', { filename: 'f' }))).toBe('f:1:8-9 Unknown variable: y\n\n"é" + y\n\n')
  })
  test('compiled programs are used again and again', () => {
    const program = compile('function(x) { local y = x * 2, r: [y, self.s], s: y + 1 }')
    const results = [1, 2, 3].map((value) => program.evaluateValue({ tla: { x: { value } } }))
    expect(results).toEqual([
      { r: [2, 3], s: 3 },
      { r: [4, 5], s: 5 },
      { r: [6, 7], s: 7 },
    ])
  })
})

describe('the library', () => {
  // https://jsonnet.org/ref/stdlib.html, as of go-jsonnet 0.21.
  const documented =
    'abs acos all any asciiLower asciiUpper asin assertEqual atan atan2 avg base64 base64Decode base64DecodeBytes ceil ' +
    'char clamp codepoint contains cos count decodeUTF8 deepJoin deg2rad encodeUTF8 endsWith equals equalsIgnoreCase ' +
    'escapeStringBash escapeStringDollars escapeStringJson escapeStringPython escapeStringXML exp exponent extVar filter ' +
    'filterMap find findSubstr flatMap flattenArrays flattenDeepArray floor foldl foldr format get hypot id isArray ' +
    'isBoolean isDecimal isEmpty isEven isFunction isInteger isNumber isObject isOdd isString join length lines log log10 ' +
    'log2 lstripChars makeArray manifestIni manifestJson manifestJsonEx manifestJsonMinified manifestPython ' +
    'manifestPythonVars manifestToml manifestTomlEx manifestXmlJsonml manifestYamlDoc manifestYamlStream mantissa map ' +
    'mapWithIndex mapWithKey max maxArray md5 member mergePatch min minArray mod modulo native objectFields ' +
    'objectFieldsAll objectFieldsEx objectHas objectHasAll objectHasEx objectKeysValues objectKeysValuesAll ' +
    'objectRemoveKey objectValues objectValuesAll parseHex parseInt parseJson parseOctal parseYaml pi pow primitiveEquals ' +
    'prune rad2deg range remove removeAt repeat resolvePath reverse round rstripChars set setDiff setInter setMember ' +
    'setUnion sha1 sha256 sha3 sha512 sign sin slice sort split splitLimit splitLimitR sqrt startsWith strReplace ' +
    'stringChars stripChars substr sum tan thisFile toString trace trim type uniq xnor xor'

  test('has every member that is documented, and go-jsonnet’s comparisons', () => {
    const names = compile('std.objectFieldsAll(std)').evaluateValue()
    const compared = ['', '_array', '_array_greater', '_array_greater_or_equal', '_array_less', '_array_less_or_equal']
    const own = ['__compare', '__compare_array', ...compared.slice(2).map((name) => `_${name}`)]
    expect(names).toEqual([...own, ...documented.split(' ')].toSorted())
  })
  test('is hidden, like all libraries', () => {
    expect(compile('std').evaluate()).toBe('{ }\n')
  })
  test('can be changed for a program only by the program', () => {
    expect(compile('local std = { length(x): 5 }; std.length([])').evaluateValue()).toBe(5)
    expect(compile('(std + { length(x):: 6 }).length([])').evaluateValue()).toBe(6)
    expect(compile('std.length([])').evaluateValue()).toBe(0)
  })
})

describe('functions of the caller', () => {
  const natives = {
    joined: { params: ['a', 'b'], call: (args: readonly Json[]) => args.map((arg) => JSON.stringify(arg)).join('+') },
    thrown: {
      params: [],
      call: () => {
        throw new Error('nothing to give')
      },
    },
  }
  const run = (source: string) => compile(source).evaluateValue({ natives })

  test('they get plain data, computed on the way, by place or by name', () => {
    expect(run('std.native("joined")({ a: 1 + 1 }, [x * 2 for x in [1, 2]])')).toBe('{"a":2}+[2,4]')
    expect(run('local joined = std.native("joined"); joined(b=null, a="ü\\u0000")')).toBe('"ü\\u0000"+null')
  })
  test('arguments may lie deeper than the stack of the host', () => {
    const deep = 'local f(n) = if n == 0 then 0 else f(n - 1) + 1; std.native("joined")([f(400)], f(450))'
    expect(run(deep)).toBe('[400]+450')
  })
  test('one that does not exist is null, and what one throws is an error of the program', () => {
    expect(run('std.native("other")')).toBe(null)
    expect(messageOf(() => run('std.native("thrown")()'))).toContain('RUNTIME ERROR: nothing to give')
    expect(messageOf(() => run('std.native("joined")(1)'))).toContain('Missing argument: b')
    expect(messageOf(() => run('std.native("joined")(1, function(x) x)'))).toContain("couldn't manifest function")
  })
})
