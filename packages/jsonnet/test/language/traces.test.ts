import { chapter } from './chapter.ts'

chapter('traces: Where errors happen', [
  [
    'local f(x) = error x; f("deep")',
    'RUNTIME ERROR: deep\n\trow:1:14-21\tfunction <f>\n\trow:1:23-32\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f(x) = g(x), g(x) = error "g"; f(1)',
    'RUNTIME ERROR: g\n\trow:1:27-36\tfunction <g>\n\trow:1:14-18\tfunction <f>\n\trow:1:38-42\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ a: { b: error "in b" } }',
    'RUNTIME ERROR: in b\n\trow:1:11-23\tobject <anonymous>\n\tField "b"\t\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '[[error "nested"]]',
    'RUNTIME ERROR: nested\n\trow:1:3-17\tthunk from <thunk from <$>>\n\tArray element 0\t\n\tArray element 0\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ a: [1, error "second"] }',
    'RUNTIME ERROR: second\n\trow:1:10-24\tthunk from <object <anonymous>>\n\tArray element 1\t\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    'local o = { f(x): error "method" }; o.f(1)',
    'RUNTIME ERROR: method\n\trow:1:19-33\tfunction <anonymous>\n\trow:1:37-43\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local x = error "thunk"; x',
    'RUNTIME ERROR: thunk\n\trow:1:11-24\tthunk <x> from <$>\n\trow:1:26-27\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local x = error "thunk", y = x; y',
    'RUNTIME ERROR: thunk\n\trow:1:11-24\tthunk <x> from <$>\n\trow:1:30-31\tthunk <y> from <$>\n\trow:1:33-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    '(function(x) x)(error "argument")',
    'RUNTIME ERROR: argument\n\trow:1:17-33\tthunk from <$>\n\trow:1:14-15\tfunction <anonymous>\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    '(function(x=error "default") x)()',
    'RUNTIME ERROR: default\n\trow:1:13-28\tfunction <anonymous>\n\trow:1:30-31\tfunction <anonymous>\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ a: self.b, b: error "b" }',
    'RUNTIME ERROR: b\n\trow:1:17-26\tobject <anonymous>\n\trow:1:6-12\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ a: $.b, b: error "b" }',
    'RUNTIME ERROR: b\n\trow:1:14-23\tobject <anonymous>\n\trow:1:6-9\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ a: 1 } + { a: super.a + error "added" }',
    'RUNTIME ERROR: added\n\trow:1:27-40\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ a: 1 } + { a+: error "added" }',
    'RUNTIME ERROR: added\n\trow:1:18-31\tobject <anonymous>\n\trow:1:18-31\t+:\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ local l = error "local", a: l }',
    'RUNTIME ERROR: local\n\trow:1:13-26\tobject <anonymous>\n\trow:1:31-32\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ ["a"]: error "computed" }',
    'RUNTIME ERROR: computed\n\trow:1:10-26\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    '[error "element" for x in [1]]',
    'RUNTIME ERROR: element\n\trow:1:2-17\tthunk from <$>\n\tArray element 0\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ [k]: error "value" for k in ["a"] }',
    'RUNTIME ERROR: value\n\trow:1:8-21\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  [
    'std.map(function(x) error "mapped", [1])',
    'RUNTIME ERROR: mapped\n\trow:1:21-35\tfunction <anonymous>\n\t<std>:279:50-62\tfunction <anonymous>\n\t\t\n\tArray element 0\t\n\tDuring manifestation\t\n',
  ],
  [
    'std.filter(function(x) error "filtered", [1])',
    'RUNTIME ERROR: filtered\n\trow:1:24-40\tfunction <anonymous>\n\trow:1:1-46\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.foldl(function(a, b) error "folded", [1], 0)',
    'RUNTIME ERROR: folded\n\trow:1:26-40\tfunction <anonymous>\n\trow:1:1-49\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.sort([2, 1], function(x) error "key")',
    'RUNTIME ERROR: key\n\trow:1:30-41\tfunction <anonymous>\n\trow:1:1-42\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.makeArray(1, function(i) error "made")',
    'RUNTIME ERROR: made\n\trow:1:30-42\tfunction <anonymous>\n\t\t\n\tArray element 0\t\n\tDuring manifestation\t\n',
  ],
  [
    'std.join(",", [error "joined"])',
    'RUNTIME ERROR: joined\n\trow:1:16-30\tthunk from <thunk from <$>>\n\trow:1:1-32\t$\n\tDuring evaluation\t\n',
  ],
  [
    '"" + { a: error "shown" }',
    'RUNTIME ERROR: shown\n\trow:1:11-24\tobject <anonymous>\n\tField "a"\t\n\trow:1:1-26\t$\n\tDuring evaluation\t\n',
  ],
  [
    '"%s" % [error "formatted"]',
    'RUNTIME ERROR: formatted\n\trow:1:9-26\tthunk from <$>\n\t<std>:747:15-22\tthunk <val> from <function <format_codes_arr>>\n\t<std>:754:27-30\tthunk from <thunk <s> from <function <format_codes_arr>>>\n\t<std>:624:22-25\tthunk from <function <format_code>>\n\t<std>:624:9-26\tfunction <format_code>\n\t<std>:754:15-60\tthunk <s> from <function <format_codes_arr>>\n\t<std>:759:24-25\tthunk from <thunk <s_padded> from <function <format_codes_arr>>>\n\t<std>:512:30-33\tthunk from <thunk from <function <pad_left>>>\n\t<std>:512:19-34\tthunk from <function <pad_left>>\n\t<std>:508:11-12\tthunk from <function <padding>>\n\t<std>:504:12-13\tfunction <aux>\n\t<std>:508:7-17\tfunction <padding>\n\t<std>:512:7-38\tfunction <pad_left>\n\t<std>:759:15-39\tthunk <s_padded> from <function <format_codes_arr>>\n\t<std>:765:55-63\tthunk from <function <format_codes_arr>>\n\t<std>:765:11-64\tfunction <format_codes_arr>\n\t<std>:809:7-46\tfunction <anonymous>\n\t<std>:260:7-23\tfunction <anonymous>\n\trow:1:1-27\t\n\tDuring evaluation\t\n',
  ],
  ['assert error "condition"; 1', 'RUNTIME ERROR: condition\n\trow:1:8-25\t$\n\tDuring evaluation\t\n'],
  [
    '{ assert error "condition" }',
    'RUNTIME ERROR: condition\n\trow:1:10-27\tobject <anonymous>\n\tChecking object assertions\t\n\tDuring manifestation\t\n',
  ],
  ['if error "condition" then 1', 'RUNTIME ERROR: condition\n\trow:1:4-21\t$\n\tDuring evaluation\t\n'],
  ['error (error "message")', 'RUNTIME ERROR: message\n\trow:1:8-23\t$\n\tDuring evaluation\t\n'],
  ['[1, 2][error "index"]', 'RUNTIME ERROR: index\n\trow:1:8-21\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1 }[error "name"]', 'RUNTIME ERROR: name\n\trow:1:10-22\t$\n\tDuring evaluation\t\n'],
  ['{ [error "name"]: 1 }', 'RUNTIME ERROR: name\n\trow:1:4-16\t$\n\tDuring evaluation\t\n'],
  ['(error "function")(1)', 'RUNTIME ERROR: function\n\trow:1:2-18\t$\n\tDuring evaluation\t\n'],
  [
    'local f = 1; f(2)',
    'RUNTIME ERROR: Unexpected type number, expected function\n\trow:1:14-18\t$\n\tDuring evaluation\t\n',
  ],
  [
    '1 +\n  "a" -\n  2',
    'RUNTIME ERROR: Unexpected type string, expected number\n\trow:(1:1)-(3:4)\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f(x) =\n  error\n    "lines";\nf(1)',
    'RUNTIME ERROR: lines\n\trow:(2:3)-(3:12)\tfunction <f>\n\trow:4:1-5\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f(n) = if n == 0 then error "end" else f(n - 1); f(25)',
    'RUNTIME ERROR: end\n\trow:1:29-40\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\t...\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:46-54\tfunction <f>\n\trow:1:56-61\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local a = { b: { c: error "x" } }; a.b.c',
    'RUNTIME ERROR: x\n\trow:1:21-30\tobject <anonymous>\n\trow:1:36-41\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f() = (function() error "anonymous")(); f()',
    'RUNTIME ERROR: anonymous\n\trow:1:25-42\tfunction <anonymous>\n\trow:1:13-45\tfunction <f>\n\trow:1:47-50\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f(x) = x.y.z; f({ y: 1 })',
    'RUNTIME ERROR: Value non indexable: *jsonnet.valueNumber\n\trow:1:14-19\tfunction <f>\n\trow:1:21-32\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ x: local y = error "inside"; y }',
    'RUNTIME ERROR: inside\n\trow:1:16-30\tthunk <y> from <object <anonymous>>\n\trow:1:32-33\tobject <anonymous>\n\tField "x"\t\n\tDuring manifestation\t\n',
  ],
  [
    'std.length(error "length")',
    'RUNTIME ERROR: length\n\trow:1:12-26\tthunk from <$>\n\trow:1:1-27\t$\n\tDuring evaluation\t\n',
  ],
  ['-(error "unary")', 'RUNTIME ERROR: unary\n\trow:1:3-16\t$\n\tDuring evaluation\t\n'],
  ['true && error "right"', 'RUNTIME ERROR: right\n\trow:1:9-22\t$\n\tDuring evaluation\t\n'],
  [
    '{ "a b": error "quoted", "é": 1 }',
    'RUNTIME ERROR: quoted\n\trow:1:10-24\tobject <anonymous>\n\tField "a b"\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ "tab\\there": error "escaped" }',
    'RUNTIME ERROR: escaped\n\trow:1:16-31\tobject <anonymous>\n\tField "tab\\there"\t\n\tDuring manifestation\t\n',
  ],
  [
    'std.extVar("missing")',
    'RUNTIME ERROR: Undefined external variable: missing\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.assertEqual(1, 2)',
    'RUNTIME ERROR: Assertion failed. 1 != 2\n\t<std>:850:7-56\tfunction <anonymous>\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.assertEqual({ a: 1 }, { a: 2 })',
    'RUNTIME ERROR: Assertion failed. {"a": 1} != {"a": 2}\n\t<std>:850:7-56\tfunction <anonymous>\n\trow:1:1-36\t$\n\tDuring evaluation\t\n',
  ],
  ['import "x"', 'RUNTIME ERROR: import not available x\n\trow:1:1-11\t$\n\tDuring evaluation\t\n'],
  ['importstr "x"', 'RUNTIME ERROR: import not available x\n\trow:1:1-14\t$\n\tDuring evaluation\t\n'],
  ['importbin "x"', 'RUNTIME ERROR: import not available x\n\trow:1:1-14\t$\n\tDuring evaluation\t\n'],
  ['import x', 'row:1:8-9 Computed imports are not allowed\n\nimport x\n\n'],
  ['import "a" + "b"', 'row:1:8-17 Computed imports are not allowed\n\nimport "a" + "b"\n\n'],
  ['import |||\n  x\n|||', 'row:(1:8)-(3:4) Block string literals not allowed in imports\n\nimport |||\n  x\n|||\n\n'],
])

chapter('traces: Static errors', [
  ['local x = 1; y', 'row:1:14-15 Unknown variable: y\n\nlocal x = 1; y\n\n'],
  ['{ a: b }', 'row:1:6-7 Unknown variable: b\n\n{ a: b }\n\n'],
  ['function(x) z', 'row:1:13-14 Unknown variable: z\n\nfunction(x) z\n\n'],
  ['[x for x in xs]', 'row:1:13-15 Unknown variable: xs\n\n[x for x in xs]\n\n'],
  ['{ a: self.b, c: d }', 'row:1:17-18 Unknown variable: d\n\n{ a: self.b, c: d }\n\n'],
  ['local f(x) = y; 1', 'row:1:14-15 Unknown variable: y\n\nlocal f(x) = y; 1\n\n'],
  ['if true then a else b', 'row:1:14-15 Unknown variable: a\n\nif true then a else b\n\n'],
  ['{ [a]: 1 }', 'row:1:4-5 Unknown variable: a\n\n{ [a]: 1 }\n\n'],
  ['1 + + ', 'row:1:7 Unexpected end of file\n\n1 + + \n\n'],
  ['(1', 'row:1:3 Expected token ")" but got end of file\n\n(1\n\n'],
  ['[1, 2', 'row:1:6 Expected a comma before next array element\n\n[1, 2\n\n'],
  ['{ a: 1', 'row:1:7 Expected a comma before next field\n\n{ a: 1\n\n'],
  [')', 'row:1:1-2 Unexpected: ")" while parsing terminal\n\n)\n\n'],
  ['1 1', 'row:1:3-4 Did not expect: (NUMBER, "1")\n\n1 1\n\n'],
  ['local f(x) = 1', 'row:1:15 Expected , or ; but got end of file\n\nlocal f(x) = 1\n\n'],
  ['if 1 else 2', 'row:1:6-10 Expected token then but got "else"\n\nif 1 else 2\n\n'],
  ['for', 'row:1:1-4 Unexpected: "for" while parsing terminal\n\nfor\n\n'],
  ['then', 'row:1:1-5 Unexpected: "then" while parsing terminal\n\nthen\n\n'],
  ['{ for }', 'row:1:3-6 Object comprehension can only have one field\n\n{ for }\n\n'],
  ['{ a: 1 for }', 'row:1:8-11 Object comprehensions can only have [e] fields\n\n{ a: 1 for }\n\n'],
  ['x.', 'row:1:3 Expected token IDENTIFIER but got end of file\n\nx.\n\n'],
  ['x.1', 'row:1:3-4 Expected token IDENTIFIER but got (NUMBER, "1")\n\nx.1\n\n'],
  ['super', 'row:1:1-6 Expected . or [ after super\n\nsuper\n\n'],
  ['super.x', "row:1:1-6 Can't use super outside of an object.\n\nsuper.x\n\n"],
  ['{ a: super }', 'row:1:6-11 Expected . or [ after super\n\n{ a: super }\n\n'],
  ['{ assert }', 'row:1:10-11 Unexpected: "}" while parsing terminal\n\n{ assert }\n\n'],
  ['in', 'row:1:1-3 Unexpected: "in" while parsing terminal\n\nin\n\n'],
  ['"a" in', 'row:1:7 Unexpected end of file\n\n"a" in\n\n'],
  [
    '1 in 2 in 3',
    'RUNTIME ERROR: Unexpected type number, expected object\n\t<std>:1568:5-32\tfunction <anonymous>\n\trow:1:1-7\t\n\t<std>:1568:24-25\tthunk from <function <anonymous>>\n\t<std>:1568:5-32\tfunction <anonymous>\n\trow:1:1-12\t\n\tDuring evaluation\t\n',
  ],
  ['f(', 'row:1:3 Unexpected end of file\n\nf(\n\n'],
  ['f(x=)', 'row:1:5-6 Unexpected: ")" while parsing terminal\n\nf(x=)\n\n'],
])
