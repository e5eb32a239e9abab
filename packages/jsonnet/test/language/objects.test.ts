import { chapter } from './chapter.ts'

chapter('objects: Fields', [
  ['{}', '{ }\n'],
  ['{ a: 1 }', '{\n   "a": 1\n}\n'],
  ['{ b: 1, a: 2 }', '{\n   "a": 2,\n   "b": 1\n}\n'],
  ['{ "x y": 1 }', '{\n   "x y": 1\n}\n'],
  ["{ 'q\"': 1 }", '{\n   "q\\"": 1\n}\n'],
  ['{ ["a" + "b"]: 1 }', '{\n   "ab": 1\n}\n'],
  ['{ [null]: 1, a: 2 }', '{\n   "a": 2\n}\n'],
  ['{ [if false then "x"]: 1 }', '{ }\n'],
  ['{ [1]: 1 }', 'RUNTIME ERROR: Field name must be string, got number\n\trow:1:1-11\t$\n\tDuring evaluation\t\n'],
  ['{ [true]: 1 }', 'RUNTIME ERROR: Field name must be string, got boolean\n\trow:1:1-14\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1, a: 2 }', 'row:1:9-10 Duplicate field: a\n\n{ a: 1, a: 2 }\n\n'],
  ['{ a: 1, "a": 2 }', 'row:1:9-12 Duplicate field: a\n\n{ a: 1, "a": 2 }\n\n'],
  ['{ ["a"]: 1, a: 2 }', 'RUNTIME ERROR: Duplicate field name: "a"\n\trow:1:1-19\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1, ["a"]: 2 }', 'RUNTIME ERROR: Duplicate field name: "a"\n\trow:1:1-19\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1 b: 2 }', 'row:1:8-9 Expected a comma before next field\n\n{ a: 1 b: 2 }\n\n'],
  ['{ a: 1,, b: 2 }', 'row:1:8-9 Unexpected: "," while parsing field definition\n\n{ a: 1,, b: 2 }\n\n'],
  ['{ a 1 }', 'row:1:5-6 Expected token OPERATOR but got (NUMBER, "1")\n\n{ a 1 }\n\n'],
  ['{ a:::: 1 }', 'row:1:4-8 Expected one of :, ::, :::, +:, +::, +:::, got: ::::\n\n{ a:::: 1 }\n\n'],
  ['{ a = 1 }', 'row:1:5-6 Expected one of :, ::, :::, +:, +::, +:::, got: =\n\n{ a = 1 }\n\n'],
  ['{ a: }', 'row:1:6-7 Unexpected: "}" while parsing terminal\n\n{ a: }\n\n'],
  ['{ a: 1,', 'row:1:8 Unexpected: end of file while parsing field definition\n\n{ a: 1,\n\n'],
  ['{ a: 1 }.b', 'RUNTIME ERROR: Field does not exist: b\n\trow:1:1-11\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1 }["a"]', '1\n'],
  ['{ a: 1 }[1]', 'RUNTIME ERROR: Unexpected type number, expected string\n\trow:1:1-12\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1 }[null]', 'RUNTIME ERROR: Unexpected type null, expected string\n\trow:1:1-15\t$\n\tDuring evaluation\t\n'],
  ['null.a', 'RUNTIME ERROR: Value non indexable: *jsonnet.valueNull\n\trow:1:1-7\t$\n\tDuring evaluation\t\n'],
  ['"s".a', 'RUNTIME ERROR: Unexpected type string, expected number\n\trow:1:1-6\t$\n\tDuring evaluation\t\n'],
  ['[1].a', 'RUNTIME ERROR: Unexpected type string, expected number\n\trow:1:1-6\t$\n\tDuring evaluation\t\n'],
  [
    '(function(x) x).a',
    'RUNTIME ERROR: Value non indexable: *jsonnet.valueFunction\n\trow:1:1-18\t$\n\tDuring evaluation\t\n',
  ],
  ['true["a"]', 'RUNTIME ERROR: Value non indexable: *jsonnet.valueBoolean\n\trow:1:1-10\t$\n\tDuring evaluation\t\n'],
  ['{ a: error "unread", b: 1 }.b', '1\n'],
  [
    '{ a: error "read" }',
    'RUNTIME ERROR: read\n\trow:1:6-18\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  ['{ local x = 1, a: x }', '{\n   "a": 1\n}\n'],
  ['{ local x = self.b, a: x, b: 2 }', '{\n   "a": 2,\n   "b": 2\n}\n'],
  ['{ local f(y) = y * 2, a: f(3) }', '{\n   "a": 6\n}\n'],
  ['{ local x = 1, local x = 2 }', 'row:1:22-23 Duplicate local var: x\n\n{ local x = 1, local x = 2 }\n\n'],
  ['{ m(x): x }.m(1)', '1\n'],
  ['{ m(x, y=2):: x + y, r: self.m(1) }', '{\n   "r": 3\n}\n'],
  ['{ m(x)+: x }', 'row:1:3-4 Cannot use +: syntax sugar in a method: m\n\n{ m(x)+: x }\n\n'],
  ['{ "ö": 1, "z": 2, "😀": 3, "\\uffff": 4 }', '{\n   "z": 2,\n   "ö": 1,\n   "￿": 4,\n   "😀": 3\n}\n'],
])

chapter('objects: Visibility', [
  ['{ a:: 1, b: 2 }', '{\n   "b": 2\n}\n'],
  ['{ a:: 1 }.a', '1\n'],
  ['{ a::: 1 }', '{\n   "a": 1\n}\n'],
  ['{ a:: 1 } + { a: 2 }', '{ }\n'],
  ['{ a:: 1 } + { a::: 2 }', '{\n   "a": 2\n}\n'],
  ['{ a: 1 } + { a:: 2 }', '{ }\n'],
  ['{ a::: 1 } + { a:: 2 } + { a: 3 }', '{ }\n'],
  ['std.objectFields({ a:: 1, b: 2 })', '[\n   "b"\n]\n'],
  ['std.objectFieldsAll({ a:: 1, b: 2 })', '[\n   "a",\n   "b"\n]\n'],
  ['{ a:: error "hidden" }', '{ }\n'],
])

chapter('objects: self and $', [
  ['{ a: 1, b: self.a }', '{\n   "a": 1,\n   "b": 1\n}\n'],
  ['{ a: self.b, b: self.c, c: 3 }', '{\n   "a": 3,\n   "b": 3,\n   "c": 3\n}\n'],
  ['{ a: { b: self.c, c: 1 } }', '{\n   "a": {\n      "b": 1,\n      "c": 1\n   }\n}\n'],
  ['{ a: { b: $.c }, c: 1 }', '{\n   "a": {\n      "b": 1\n   },\n   "c": 1\n}\n'],
  ['{ a: $, b: 1 }.a.b', '1\n'],
  ['{ a: { b: { c: $.d } }, d: 4 }', '{\n   "a": {\n      "b": {\n         "c": 4\n      }\n   },\n   "d": 4\n}\n'],
  ['local o = { a: $.b, b: 1 }; { x: o }', '{\n   "x": {\n      "a": 1,\n      "b": 1\n   }\n}\n'],
  ['self', "row:1:1-5 Can't use self outside of an object.\n\nself\n\n"],
  ['$', 'row:1:1-2 No top-level object found.\n\n$\n\n'],
  ['$.a', 'row:1:1-2 No top-level object found.\n\n$.a\n\n'],
  ['{ [self.a]: 1, a: "x" }', 'row:1:4-8 Can\'t use self outside of an object.\n\n{ [self.a]: 1, a: "x" }\n\n'],
  ['{ a: self["b"], b: 2 }', '{\n   "a": 2,\n   "b": 2\n}\n'],
  ['{ a: (function() self.b)(), b: 5 }', '{\n   "a": 5,\n   "b": 5\n}\n'],
  ['{ a: [self.b, $.b], b: 6 }', '{\n   "a": [\n      6,\n      6\n   ],\n   "b": 6\n}\n'],
])

chapter('objects: Inheritance', [
  ['{ a: 1 } + { b: 2 }', '{\n   "a": 1,\n   "b": 2\n}\n'],
  ['{ a: 1 } + { a: 2 }', '{\n   "a": 2\n}\n'],
  ['{ a: 1 } { b: 2 }', '{\n   "a": 1,\n   "b": 2\n}\n'],
  ['{ a: 1, b: self.a } + { a: 5 }', '{\n   "a": 5,\n   "b": 5\n}\n'],
  ['{ a: 1 } + { b: super.a }', '{\n   "a": 1,\n   "b": 1\n}\n'],
  ['{ a: 1 } + { a: super.a + 1 }', '{\n   "a": 2\n}\n'],
  ['{ a: 1 } + { a: super.a + 1 } + { a: super.a * 10 }', '{\n   "a": 20\n}\n'],
  ['{ a: { b: 1 } } + { a: { c: 2 } }', '{\n   "a": {\n      "c": 2\n   }\n}\n'],
  ['{ a: { b: 1 } } + { a+: { c: 2 } }', '{\n   "a": {\n      "b": 1,\n      "c": 2\n   }\n}\n'],
  ['{ a: 1 } + { a+: 2 }', '{\n   "a": 3\n}\n'],
  ['{ a: "x" } + { a+: "y" }', '{\n   "a": "xy"\n}\n'],
  ['{ a: [1] } + { a+: [2] }', '{\n   "a": [\n      1,\n      2\n   ]\n}\n'],
  ['{ a+: 1 }', '{\n   "a": 1\n}\n'],
  ['{ b: 1 } + { a+: 2 }', '{\n   "a": 2,\n   "b": 1\n}\n'],
  ['{ a:: 1 } + { a+: 2 }', '{ }\n'],
  ['{ a: 1 } + { a+:: 2 }', '{ }\n'],
  ['{ a: 1 } + { [if true then "a"]+: 2 }', '{\n   "a": 3\n}\n'],
  [
    '{ a: super.b }',
    'RUNTIME ERROR: Attempt to use super when there is no super class.\n\trow:1:6-11\tobject <anonymous>\n\tField "a"\t\n\tDuring manifestation\t\n',
  ],
  ['{ a: "b" in super }', '{\n   "a": false\n}\n'],
  ['{ a: 1 } + { b: "a" in super, c: "z" in super }', '{\n   "a": 1,\n   "b": true,\n   "c": false\n}\n'],
  ['{ a: 1 } + { b: super["a"] }', '{\n   "a": 1,\n   "b": 1\n}\n'],
  [
    '{ a: 1 } + { b: super.z }',
    'RUNTIME ERROR: Field does not exist: z\n\trow:1:17-22\tobject <anonymous>\n\tField "b"\t\n\tDuring manifestation\t\n',
  ],
  ['super.a', "row:1:1-6 Can't use super outside of an object.\n\nsuper.a\n\n"],
  ['{ a: 1 } + 1', 'RUNTIME ERROR: Unexpected type number, expected object\n\trow:1:1-13\t$\n\tDuring evaluation\t\n'],
  ['1 + { a: 1 }', 'RUNTIME ERROR: Unexpected type object, expected number\n\trow:1:1-13\t$\n\tDuring evaluation\t\n'],
  ['{ a: 1 } + null', 'RUNTIME ERROR: Unexpected type null, expected object\n\trow:1:1-16\t$\n\tDuring evaluation\t\n'],
  ['local b = { v: 1, w: self.v }; local c = b { v: 2 }; [b.w, c.w]', '[\n   1,\n   2\n]\n'],
  ['local m = { a: super.a + 1 }; ({ a: 1 } + m + m).a', '3\n'],
  ['({ a: 1, b: self.a } + { local s = super.b, a: 2, c: s }).c', '2\n'],
  [
    '{ f: { g: super.x } }',
    'RUNTIME ERROR: Attempt to use super when there is no super class.\n\trow:1:11-16\tobject <anonymous>\n\tField "g"\t\n\tField "f"\t\n\tDuring manifestation\t\n',
  ],
  ['({ x: 1 } + { f: { local y = super.z, g: 2 } }).f.g', '2\n'],
  ['{ a: { b: 1, c: self.b } } + { a+: { b: 2 } }', '{\n   "a": {\n      "b": 2,\n      "c": 2\n   }\n}\n'],
])

chapter('objects: Assertions', [
  ['{ assert true, a: 1 }', '{\n   "a": 1\n}\n'],
  [
    '{ assert false, a: 1 }',
    'RUNTIME ERROR: Object assertion failed.\n\trow:1:3-15\t\n\tChecking object assertions\t\n\tDuring manifestation\t\n',
  ],
  ['{ assert self.a > 0 : "a must be positive", a: 1 }', '{\n   "a": 1\n}\n'],
  [
    '{ assert self.a > 0 : "a must be positive", a: -1 }',
    'RUNTIME ERROR: a must be positive\n\trow:1:3-43\t\n\tChecking object assertions\t\n\tDuring manifestation\t\n',
  ],
  [
    '{ assert 1, a: 1 }',
    'RUNTIME ERROR: Unexpected type number, expected boolean\n\trow:1:3-11\t\n\tChecking object assertions\t\n\tDuring manifestation\t\n',
  ],
  ['({ assert self.a == 2, a: 1 } + { a: 2 }).a', '2\n'],
  [
    '({ assert self.a == 2, a: 2 } + { a: 3 }).a',
    'RUNTIME ERROR: Object assertion failed.\n\trow:1:4-22\t\n\trow:1:1-44\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ assert false }.a',
    'RUNTIME ERROR: Object assertion failed.\n\trow:1:3-15\t\n\trow:1:1-19\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ assert false : error "own", a: 1 }.a',
    'RUNTIME ERROR: own\n\trow:1:18-29\t\n\trow:1:1-39\t$\n\tDuring evaluation\t\n',
  ],
  ['{ a: 1 } + { assert super.a == 1 }', '{\n   "a": 1\n}\n'],
  ['{ assert self.b == 1, local c = 1, b: c }', '{\n   "b": 1\n}\n'],
  ['std.length({ assert false, a: 1 })', '1\n'],
])

chapter('objects: in', [
  ['"a" in { a: 1 }', 'true\n'],
  ['"a" in { a:: 1 }', 'true\n'],
  ['"b" in { a: 1 }', 'false\n'],
  [
    '"a" in 1',
    'RUNTIME ERROR: Unexpected type number, expected object\n\t<std>:1568:5-32\tfunction <anonymous>\n\trow:1:1-9\t\n\tDuring evaluation\t\n',
  ],
  [
    '1 in { a: 1 }',
    'RUNTIME ERROR: Unexpected type number, expected string\n\t<std>:1568:5-32\tfunction <anonymous>\n\trow:1:1-14\t\n\tDuring evaluation\t\n',
  ],
  [
    'null in {}',
    'RUNTIME ERROR: Unexpected type null, expected string\n\t<std>:1568:5-32\tfunction <anonymous>\n\trow:1:1-11\t\n\tDuring evaluation\t\n',
  ],
  ['"a" in { a: error "unread" }', 'true\n'],
])

chapter('objects: Object comprehensions', [
  ['{ [k]: 1 for k in ["a", "b"] }', '{\n   "a": 1,\n   "b": 1\n}\n'],
  ['{ [k]: k + "!" for k in ["b", "a"] }', '{\n   "a": "a!",\n   "b": "b!"\n}\n'],
  ['{ ["k" + i]: i for i in std.range(1, 3) if i != 2 }', '{\n   "k1": 1,\n   "k3": 3\n}\n'],
  [
    '{ [k]: 1 for k in ["a", "a"] }',
    'RUNTIME ERROR: Duplicate field name: "a"\n\trow:1:1-31\t\n\tDuring evaluation\t\n',
  ],
  [
    '{ [k]: 1 for k in [1] }',
    'RUNTIME ERROR: Field name must be string, got number\n\trow:1:1-24\t$\n\trow:1:1-24\t\n\tDuring evaluation\t\n',
  ],
  ['{ [k]: 1 for k in [null, "a"] }', '{\n   "a": 1\n}\n'],
  [
    '{ [a + b]: 1 for a in ["x", "y"] for b in ["1", "2"] }',
    '{\n   "x1": 1,\n   "x2": 1,\n   "y1": 1,\n   "y2": 1\n}\n',
  ],
  ['{ local l = k + "l", [k]: l for k in ["a"] }', '{\n   "a": "al"\n}\n'],
  ['{ [k]: self.a for k in ["a2"] } + { a: 1 }', '{\n   "a": 1,\n   "a2": 1\n}\n'],
  ['{ [k]: $[k + "x"] for k in ["a"] } + { ax: 1 }', '{\n   "a": 1,\n   "ax": 1\n}\n'],
  ['{ [k]+: 1 for k in ["a"] }', '{\n   "a": 1\n}\n'],
  ['{ a: 1 } + { [k]+: 1 for k in ["a"] }', '{\n   "a": 2\n}\n'],
  [
    '{ [k]: error "lazy" for k in ["a"] }.b',
    'RUNTIME ERROR: Field does not exist: b\n\trow:1:1-39\t$\n\tDuring evaluation\t\n',
  ],
  [
    '{ [k]: 1 for k in 5 }',
    'RUNTIME ERROR: Unexpected type number, expected array\n\trow:1:1-22\t\n\trow:1:1-22\t\n\tDuring evaluation\t\n',
  ],
  [
    '{ [k]: 1, b: 2 for k in [] }',
    'row:1:16-19 Object comprehension can only have one field\n\n{ [k]: 1, b: 2 for k in [] }\n\n',
  ],
  ['{ k: 1 for k in [] }', 'row:1:8-11 Object comprehensions can only have [e] fields\n\n{ k: 1 for k in [] }\n\n'],
  [
    '{ [k]:: 1 for k in [] }',
    'row:1:11-14 Object comprehensions cannot have hidden fields\n\n{ [k]:: 1 for k in [] }\n\n',
  ],
  [
    '{ assert true, [k]: 1 for k in [] }',
    'row:1:23-26 Object comprehension cannot have asserts\n\n{ assert true, [k]: 1 for k in [] }\n\n',
  ],
  [
    '{ [k]: 1 for k in ["a"] if k }',
    'RUNTIME ERROR: Unexpected type string, expected boolean\n\t\t\n\trow:1:1-31\t\n\trow:1:1-31\t\n\tDuring evaluation\t\n',
  ],
  [
    '{ [k]: 1 for k in [error "source"] }',
    'RUNTIME ERROR: source\n\trow:1:20-34\tthunk from <$>\n\trow:1:4-5\t$\n\trow:1:1-37\t\n\tDuring evaluation\t\n',
  ],
  [
    '{ [error "name"]: 1 for k in [1] }',
    'RUNTIME ERROR: name\n\trow:1:4-16\t$\n\trow:1:1-35\t\n\tDuring evaluation\t\n',
  ],
  ['{ [k](x): x for k in ["f"] }.f(3)', '3\n'],
])
