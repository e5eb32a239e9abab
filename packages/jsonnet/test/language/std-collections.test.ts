import { chapter } from './chapter.ts'

chapter('std collections: Lists', [
  ['std.makeArray(3, function(i) i * 2)', '[\n   0,\n   2,\n   4\n]\n'],
  ['std.makeArray(0, function(i) i)', '[ ]\n'],
  ['std.makeArray(-1, function(i) i)', '[ ]\n'],
  [
    'std.makeArray(1.5, function(i) i)',
    'RUNTIME ERROR: Expected an integer, but got 1.5\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.makeArray("3", function(i) i)',
    'RUNTIME ERROR: Unexpected type string, expected number\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.makeArray(3, 1)',
    'RUNTIME ERROR: Unexpected type number, expected function\n\trow:1:1-20\t$\n\tDuring evaluation\t\n',
  ],
  ['std.range(1, 4)', '[\n   1,\n   2,\n   3,\n   4\n]\n'],
  ['std.range(2, 2)', '[\n   2\n]\n'],
  [
    'std.range("a", 2)',
    'RUNTIME ERROR: Unexpected type string, expected number\n\trow:1:1-18\t$\n\tDuring evaluation\t\n',
  ],
  ['std.map(function(x) x + 1, [1, 2])', '[\n   2,\n   3\n]\n'],
  ['std.map(function(x) x + "!", "ab")', '[\n   "a!",\n   "b!"\n]\n'],
  [
    'std.map(1, [1])',
    'RUNTIME ERROR: std.map first param must be function, got number\n\t<std>:275:7-76\tfunction <anonymous>\n\trow:1:1-16\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.map(function(x) x, 1)',
    'RUNTIME ERROR: std.map second param must be array / string, got number\n\t<std>:277:7-82\tfunction <anonymous>\n\trow:1:1-26\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.mapWithIndex(function(i, x) [i, x], ["a", "b"])',
    '[\n   [\n      0,\n      "a"\n   ],\n   [\n      1,\n      "b"\n   ]\n]\n',
  ],
  [
    'std.mapWithIndex(1, [])',
    'RUNTIME ERROR: std.mapWithIndex first param must be function, got number\n\t<std>:283:7-85\tfunction <anonymous>\n\trow:1:1-24\t$\n\tDuring evaluation\t\n',
  ],
  ['std.filter(function(x) x > 1, [1, 2, 3])', '[\n   2,\n   3\n]\n'],
  [
    'std.filter(function(x) 1, [1])',
    'RUNTIME ERROR: Unexpected type number, expected boolean\n\trow:1:1-31\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.filter(1, [1])',
    'RUNTIME ERROR: Unexpected type number, expected function\n\trow:1:1-19\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.filter(function(x) true, "ab")',
    'RUNTIME ERROR: Unexpected type string, expected array\n\trow:1:1-35\t$\n\tDuring evaluation\t\n',
  ],
  ['std.filterMap(function(x) x > 1, function(x) x * 10, [1, 2, 3])', '[\n   20,\n   30\n]\n'],
  [
    'std.filterMap(1, function(x) x, [])',
    'RUNTIME ERROR: std.filterMap first param must be function, got number\n\t<std>:834:7-89\tfunction <anonymous>\n\trow:1:1-36\t$\n\tDuring evaluation\t\n',
  ],
  ['std.flatMap(function(x) [x, x], [1, 2])', '[\n   1,\n   1,\n   2,\n   2\n]\n'],
  ['std.flatMap(function(x) x + x, "ab")', '"aabb"\n'],
  [
    'std.flatMap(function(x) x, [1])',
    'RUNTIME ERROR: Unexpected type number, expected array\n\trow:1:1-32\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.flatMap(function(x) x, 1)',
    'RUNTIME ERROR: std.flatMap second param must be array / string, got number\n\trow:1:1-30\t$\n\tDuring evaluation\t\n',
  ],
  ['std.foldl(function(a, x) a + x, [1, 2, 3], 0)', '6\n'],
  ['std.foldl(function(a, x) a + x, "abc", "")', '"abc"\n'],
  ['std.foldr(function(x, a) a + [x], [1, 2, 3], [])', '[\n   3,\n   2,\n   1\n]\n'],
  [
    'std.foldl(function(a, x) a, 1, 0)',
    'RUNTIME ERROR: foldl second parameter should be string or array, got number\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.foldr(function(a, x) a, {}, 0)',
    'RUNTIME ERROR: foldr second parameter should be string or array, got object\n\trow:1:1-35\t$\n\tDuring evaluation\t\n',
  ],
  ['std.join(", ", ["a", "b"])', '"a, b"\n'],
  ['std.join(", ", ["a", null, "b"])', '"a, b"\n'],
  ['std.join([0], [[1], [2]])', '[\n   1,\n   0,\n   2\n]\n'],
  ['std.join([0], [[1], null, [2]])', '[\n   1,\n   0,\n   2\n]\n'],
  ['std.join(", ", [])', '""\n'],
  [
    'std.join(", ", [1])',
    'RUNTIME ERROR: Unexpected type number, expected string\n\trow:1:1-20\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.join(1, [])',
    'RUNTIME ERROR: join first parameter should be string or array, got number\n\trow:1:1-16\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.join(", ", "ab")',
    'RUNTIME ERROR: Unexpected type string, expected array\n\trow:1:1-21\t$\n\tDuring evaluation\t\n',
  ],
  ['std.reverse([1, 2, 3])', '[\n   3,\n   2,\n   1\n]\n'],
  [
    'std.reverse("ab")',
    'RUNTIME ERROR: Unexpected type string, expected array\n\trow:1:1-18\t$\n\tDuring evaluation\t\n',
  ],
  ['std.sort([3, 1, 2])', '[\n   1,\n   2,\n   3\n]\n'],
  ['std.sort(["b", "a", "B"])', '[\n   "B",\n   "a",\n   "b"\n]\n'],
  ['std.sort([[2], [1, 5], [1]])', '[\n   [\n      1\n   ],\n   [\n      1,\n      5\n   ],\n   [\n      2\n   ]\n]\n'],
  ['std.sort([])', '[ ]\n'],
  ['std.sort([{ k: 2 }, { k: 1 }], function(x) x.k)', '[\n   {\n      "k": 1\n   },\n   {\n      "k": 2\n   }\n]\n'],
  [
    'std.sort([{ k: 1, v: "a" }, { k: 1, v: "b" }], keyF=function(x) x.k)',
    '[\n   {\n      "k": 1,\n      "v": "a"\n   },\n   {\n      "k": 1,\n      "v": "b"\n   }\n]\n',
  ],
  [
    'std.sort([1, "a"])',
    'RUNTIME ERROR: Unexpected type number, expected string\n\trow:1:1-19\t$\n\tDuring evaluation\t\n',
  ],
  ['std.sort([true, false])', 'RUNTIME ERROR: Unexpected type boolean\n\trow:1:1-24\t$\n\tDuring evaluation\t\n'],
  ['std.sort(1)', 'RUNTIME ERROR: Unexpected type number, expected array\n\trow:1:1-12\t$\n\tDuring evaluation\t\n'],
  ['std.member([1, 2], 2)', 'true\n'],
  ['std.member("abc", "b")', 'true\n'],
  [
    'std.member("abc", 1)',
    'RUNTIME ERROR: Unexpected type number, expected string\n\trow:1:1-21\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.member(1, 1)',
    'RUNTIME ERROR: std.member first argument must be an array or a string\n\trow:1:1-17\t$\n\tDuring evaluation\t\n',
  ],
  ['std.contains([1, [2]], [2])', 'true\n'],
  [
    'std.contains("abc", "b")',
    'RUNTIME ERROR: Unexpected type string, expected array\n\trow:1:1-25\t$\n\tDuring evaluation\t\n',
  ],
  ['std.count([1, 2, 1], 1)', '2\n'],
  ['std.find(1, [1, 2, 1])', '[\n   0,\n   2\n]\n'],
  [
    'std.find(1, "a")',
    'RUNTIME ERROR: find second parameter should be an array, got string\n\t<std>:1657:7-77\tfunction <anonymous>\n\trow:1:1-17\t$\n\tDuring evaluation\t\n',
  ],
  ['std.remove([1, 2, 1], 1)', '[\n   2,\n   1\n]\n'],
  ['std.remove([1], 5)', '[\n   1\n]\n'],
  ['std.removeAt([1, 2, 3], 1)', '[\n   1,\n   3\n]\n'],
  ['std.all([true, true])', 'true\n'],
  ['std.all([true, false])', 'false\n'],
  ['std.all([])', 'true\n'],
  [
    'std.all([1])',
    'RUNTIME ERROR: element "1" of type number is not a boolean\n\t<std>:(1669:9)-(1673:23)\t\n\t<std>:1674:5-11\tfunction <anonymous>\n\trow:1:1-13\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.all(1)',
    'RUNTIME ERROR: all() parameter should be an array, got number\n\t<std>:(1662:5)-(1674:11)\t\n\trow:1:1-11\t$\n\tDuring evaluation\t\n',
  ],
  ['std.any([false, true])', 'true\n'],
  ['std.any([])', 'false\n'],
  [
    'std.any(["x"])',
    'RUNTIME ERROR: element "x" of type string is not a boolean\n\t<std>:(1684:9)-(1688:23)\t\n\t<std>:1689:5-11\tfunction <anonymous>\n\trow:1:1-15\t$\n\tDuring evaluation\t\n',
  ],
  ['std.minArray([3, 1, 2])', '1\n'],
  ['std.maxArray([3, 1, 2])', '3\n'],
  [
    'std.minArray([])',
    'RUNTIME ERROR: Expected at least one element in array. Got none\n\trow:1:1-17\t$\n\tDuring evaluation\t\n',
  ],
  ['std.minArray([], onEmpty=null)', 'null\n'],
  ['std.maxArray(["a", "b"], keyF=function(x) -std.codepoint(x))', '"a"\n'],
  [
    'std.minArray([1, "a"])',
    'RUNTIME ERROR: Unexpected type string, expected number\n\trow:1:1-23\t$\n\tDuring evaluation\t\n',
  ],
  ['std.flattenArrays([[1], [2, [3]]])', '[\n   1,\n   2,\n   [\n      3\n   ]\n]\n'],
  ['std.flattenArrays([])', '[ ]\n'],
  [
    'std.flattenArrays([1])',
    'RUNTIME ERROR: Unexpected type number, expected array\n\t<std>:890:30-35\tfunction <anonymous>\n\t<std>:890:5-46\tfunction <anonymous>\n\trow:1:1-23\t$\n\tDuring evaluation\t\n',
  ],
  ['std.flattenDeepArray([1, [2, [3, []]]])', '[\n   1,\n   2,\n   3\n]\n'],
  ['std.flattenDeepArray(1)', '[\n   1\n]\n'],
])

chapter('std collections: Sets', [
  ['std.uniq([1, 1, 2, 1])', '[\n   1,\n   2,\n   1\n]\n'],
  ['std.uniq([{ k: 1, v: 1 }, { k: 1, v: 2 }], function(x) x.k)', '[\n   {\n      "k": 1,\n      "v": 1\n   }\n]\n'],
  ['std.set([3, 1, 2, 1])', '[\n   1,\n   2,\n   3\n]\n'],
  ['std.set(["b", "a"], function(x) x)', '[\n   "a",\n   "b"\n]\n'],
  ['std.setMember(2, [1, 2, 3])', 'true\n'],
  ['std.setMember(5, [1, 2, 3])', 'false\n'],
  ['std.setUnion([1, 3], [2, 3])', '[\n   1,\n   2,\n   3\n]\n'],
  ['std.setUnion([], [1])', '[\n   1\n]\n'],
  ['std.setInter([1, 2, 3], [2, 3, 4])', '[\n   2,\n   3\n]\n'],
  ['std.setDiff([1, 2, 3], [2])', '[\n   1,\n   3\n]\n'],
  ['std.setDiff([], [1])', '[ ]\n'],
  [
    'std.setUnion([{ k: 1, v: "a" }], [{ k: 1, v: "b" }], function(x) x.k)',
    '[\n   {\n      "k": 1,\n      "v": "a"\n   }\n]\n',
  ],
  [
    'std.setInter([1], ["a"])',
    'RUNTIME ERROR: Unexpected type string, expected number\n\t<std>:1510:17-40\tfunction <aux>\n\t<std>:1514:5-24\tfunction <anonymous>\n\trow:1:1-25\t$\n\tDuring evaluation\t\n',
  ],
  ['std.setInter("ab", ["b"])', '[\n   "b"\n]\n'],
])

chapter('std collections: Objects', [
  ['std.objectFields({ b: 1, a: 2, c:: 3 })', '[\n   "a",\n   "b"\n]\n'],
  ['std.objectFieldsAll({ b: 1, a: 2, c:: 3 })', '[\n   "a",\n   "b",\n   "c"\n]\n'],
  ['std.objectFieldsEx({ a:: 1 }, true)', '[\n   "a"\n]\n'],
  ['std.objectValues({ b: 1, a: 2, c:: 3 })', '[\n   2,\n   1\n]\n'],
  ['std.objectValuesAll({ b: 1, c:: 3 })', '[\n   1,\n   3\n]\n'],
  ['std.objectKeysValues({ a: 1 })', '[\n   {\n      "key": "a",\n      "value": 1\n   }\n]\n'],
  ['std.objectKeysValuesAll({ a:: 1 })', '[\n   {\n      "key": "a",\n      "value": 1\n   }\n]\n'],
  ['std.objectHas({ a:: 1 }, "a")', 'false\n'],
  ['std.objectHasAll({ a:: 1 }, "a")', 'true\n'],
  ['std.objectHasEx({ a:: 1 }, "a", false)', 'false\n'],
  ['std.objectHas({ a: error "unread" }, "a")', 'true\n'],
  [
    'std.objectHas({}, 1)',
    'RUNTIME ERROR: Unexpected type number, expected string\n\t<std>:1565:5-33\tfunction <anonymous>\n\trow:1:1-21\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.objectHas(1, "a")',
    'RUNTIME ERROR: Unexpected type number, expected object\n\t<std>:1565:5-33\tfunction <anonymous>\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.objectFields([])',
    'RUNTIME ERROR: Unexpected type array, expected object\n\t<std>:1559:5-33\tfunction <anonymous>\n\trow:1:1-21\t$\n\tDuring evaluation\t\n',
  ],
  ['std.objectRemoveKey({ a: 1, b: 2 }, "a")', '{\n   "b": 2\n}\n'],
  ['std.objectRemoveKey({ a: 1, b:: self.a }, "c").b', '1\n'],
  ['std.get({ a: 1 }, "a")', '1\n'],
  ['std.get({ a: 1 }, "b")', 'null\n'],
  ['std.get({ a: 1 }, "b", "default")', '"default"\n'],
  ['std.get({ a:: 1 }, "a", "default", false)', '"default"\n'],
  ['std.get({ a:: 1 }, "a", inc_hidden=true)', '1\n'],
  ['std.get({ a: 1 }, "a", error "lazy")', '1\n'],
  [
    'std.get(1, "a")',
    'RUNTIME ERROR: Unexpected type number, expected object\n\t<std>:1556:8-41\tfunction <anonymous>\n\trow:1:1-16\t$\n\tDuring evaluation\t\n',
  ],
  ['std.mapWithKey(function(k, v) k + v, { a: 1, b: 2 })', '{\n   "a": "a1",\n   "b": "b2"\n}\n'],
  ['std.mapWithKey(function(k, v) error "lazy", { a: 1 }) == 1', 'false\n'],
  [
    'std.mapWithKey(1, {})',
    'RUNTIME ERROR: std.mapWithKey first param must be function, got number\n\t<std>:291:7-83\tfunction <anonymous>\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.mapWithKey(function(k, v) v, [])',
    'RUNTIME ERROR: std.mapWithKey second param must be object, got array\n\t<std>:293:7-81\tfunction <anonymous>\n\trow:1:1-37\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.mergePatch({ a: 1, b: { c: 2 } }, { b: { d: 3 } })',
    '{\n   "a": 1,\n   "b": {\n      "c": 2,\n      "d": 3\n   }\n}\n',
  ],
  ['std.mergePatch({ a: 1 }, { a: null })', '{ }\n'],
  ['std.mergePatch({ a: 1 }, 5)', '5\n'],
  ['std.mergePatch(5, { a: { b: null, c: 1 } })', '{\n   "a": {\n      "c": 1\n   }\n}\n'],
  ['std.mergePatch({ a: [1] }, { a: [2] })', '{\n   "a": [\n      2\n   ]\n}\n'],
  ['std.prune({ a: null, b: [], c: {}, d: [null, 1], e: { f: null } })', '{\n   "d": [\n      1\n   ]\n}\n'],
  ['std.prune([null, [], [[]], 0, "", false])', '[\n   0,\n   "",\n   false\n]\n'],
  ['std.prune(null)', 'null\n'],
])

chapter("std collections: Comparisons of the library's own", [
  ['std.__compare(1, 2)', '-1\n'],
  ['std.__compare([1], [1, 2])', '-1\n'],
  [
    'std.__compare({}, {})',
    'RUNTIME ERROR: Values of type object are not comparable.\n\t<std>:1700:7-60\tfunction <anonymous>\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.__compare(1, "a")',
    'RUNTIME ERROR: Comparison requires matching types. Got number and string\n\t<std>:1696:7-75\tfunction <anonymous>\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  ['std.__array_less([1], [2])', 'true\n'],
])

chapter('std collections: Printing', [
  [
    'std.manifestJson({ a: [1, { b: null }], c: [] })',
    '"{\\n    \\"a\\": [\\n        1,\\n        {\\n            \\"b\\": null\\n        }\\n    ],\\n    \\"c\\": [\\n\\n    ]\\n}"\n',
  ],
  [
    'std.manifestJsonMinified({ a: [1, { b: null }], c: {}, d: "x\\u2028<" })',
    '"{\\"a\\":[1,{\\"b\\":null}],\\"c\\":{},\\"d\\":\\"x\\\\u2028<\\"}"\n',
  ],
  ['std.manifestJsonEx([1, [2]], "\\t")', '"[\\n\\t1,\\n\\t[\\n\\t\\t2\\n\\t]\\n]"\n'],
  ['std.manifestJsonEx({ a: 1 }, "  ", " ", " = ")', '"{   \\"a\\" = 1 }"\n'],
  [
    'std.manifestJsonEx({ a: function(x) x }, "")',
    'RUNTIME ERROR: tried to manifest function at [a]\n\trow:1:1-45\t$\n\tDuring evaluation\t\n',
  ],
  ['std.manifestJsonEx(1e21, "")', '"1000000000000000000000"\n'],
  [
    'std.manifestYamlDoc({ a: 1, b: [1, [2, 3], { c: 4 }], d: {}, e: [], f: "x\\ny\\n" })',
    '"\\"a\\": 1\\n\\"b\\":\\n- 1\\n-\\n  - 2\\n  - 3\\n- \\"c\\": 4\\n\\"d\\": {}\\n\\"e\\": []\\n\\"f\\": |\\n  x\\n  y"\n',
  ],
  ['std.manifestYamlDoc([1, "a", null, true])', '"- 1\\n- \\"a\\"\\n- null\\n- true"\n'],
  ['std.manifestYamlDoc({ a: [1] }, indent_array_in_object=true)', '"\\"a\\":\\n  - 1"\n'],
  [
    'std.manifestYamlDoc({ a: 1, "b c": 2, yes: 3, "1": 4, "1e3": 5, "a-b": 6 }, quote_keys=false)',
    '"\\"1\\": 4\\n\\"1e3\\": 5\\na: 1\\na-b: 6\\n\\"b c\\": 2\\n\\"yes\\": 3"\n',
  ],
  ['std.manifestYamlDoc("text")', '"\\"text\\""\n'],
  ['std.manifestYamlStream([1, { a: 2 }])', '"---\\n1\\n---\\n\\"a\\": 2\\n...\\n"\n'],
  ['std.manifestYamlStream([1], c_document_end=false)', '"---\\n1\\n"\n'],
  [
    'std.manifestYamlStream(1)',
    'RUNTIME ERROR: manifestYamlStream only takes arrays, got number\n\t<std>:1302:7-75\tfunction <anonymous>\n\trow:1:1-26\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.manifestToml({ a: 1, b: "x", c: [1, 2], d: { e: true, f: { g: [] } }, h: [{ i: 1 }, {}] })',
    '"a = 1\\nb = \\"x\\"\\nc = [\\n  1,\\n  2\\n]\\n\\n[d]\\n  e = true\\n\\n  [d.f]\\n    g = []\\n\\n[[h]]\\n  i = 1\\n\\n[[h]]"\n',
  ],
  ['std.manifestTomlEx({ a: { "b c": 1 } }, "\\t")', '"\\n\\n[a]\\n\\t\\"b c\\" = 1"\n'],
  [
    'std.manifestToml({ a: null })',
    'RUNTIME ERROR: Tried to manifest "null" at [a]\n\t<std>:918:25-56\tfunction <anonymous>\n\trow:1:1-30\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.manifestToml(1)',
    'RUNTIME ERROR: TOML body must be an object. Got number\n\t<std>:918:25-56\tfunction <anonymous>\n\trow:1:1-20\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.manifestIni({ main: { a: 1 }, sections: { s: { b: [1, 2], c: "x" } } })',
    '"a = 1\\n[s]\\nb = 1\\nb = 2\\nc = x\\n"\n',
  ],
  ['std.manifestIni({ sections: {} })', '""\n'],
  [
    'std.manifestIni({})',
    'RUNTIME ERROR: Field does not exist: sections\n\t<std>:914:33-45\tthunk from <thunk <all_sections> from <function <anonymous>>>\n\t<std>:1559:24-25\tthunk from <function <anonymous>>\n\t<std>:1559:5-33\tfunction <anonymous>\n\t<std>:914:16-46\tthunk <all_sections> from <function <anonymous>>\n\t<std>:(912:26)-(915:6)\t\n\t<std>:916:50-62\tthunk from <thunk from <function <anonymous>>>\n\t<std>:890:37-41\tthunk from <function <anonymous>>\n\t<std>:890:5-46\tfunction <anonymous>\n\t<std>:916:32-63\tthunk from <function <anonymous>>\n\t<std>:916:5-71\tfunction <anonymous>\n\trow:1:1-20\t$\n\tDuring evaluation\t\n',
  ],
  ['std.manifestPython({ a: [true, null, 1.5, "x"] })', '"{\\"a\\": [True, None, 1.5, \\"x\\"]}"\n'],
  [
    'std.manifestPython(function(x) x)',
    'RUNTIME ERROR: cannot manifest function\n\t<std>:1321:7-39\tfunction <anonymous>\n\trow:1:1-34\t$\n\tDuring evaluation\t\n',
  ],
  ['std.manifestPythonVars({ a: 1, b: "x" })', '"a = 1\\nb = \\"x\\"\\n"\n'],
  ['std.manifestXmlJsonml(["a", { b: "c" }, "text", ["d"]])', '"<a b=\\"c\\">text<d></d></a>"\n'],
  [
    'std.manifestXmlJsonml("a")',
    'RUNTIME ERROR: Expected a JSONML value (an array), got string\n\t<std>:1337:7-75\tfunction <anonymous>\n\trow:1:1-27\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.manifestXmlJsonml([1])',
    'RUNTIME ERROR: Expected string or array, got number\n\t<std>:336:7-63\tfunction <anonymous>\n\t<std>:334:21-36\tthunk from <thunk from <function <anonymous>>>\n\t<std>:334:7-51\tfunction <anonymous>\n\t<std>:1349:11-95\tfunction <aux>\n\t<std>:1351:7-17\tfunction <anonymous>\n\trow:1:1-27\t$\n\tDuring evaluation\t\n',
  ],
])

chapter('std collections: Reading', [
  [
    'std.parseJson("{\\"a\\": [1, -2.5e3, true, null, \\"\\\\u00e9\\"]}")',
    '{\n   "a": [\n      1,\n      -2500,\n      true,\n      null,\n      "é"\n   ]\n}\n',
  ],
  ['std.parseJson("1")', '1\n'],
  [
    'std.parseJson("")',
    'RUNTIME ERROR: failed to parse JSON: unexpected end of JSON input\n\trow:1:1-18\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.parseJson("{\\"a\\":1,}")',
    "RUNTIME ERROR: failed to parse JSON: invalid character '}' looking for beginning of object key string\n\trow:1:1-28\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("[1 2]")',
    "RUNTIME ERROR: failed to parse JSON: invalid character '2' after array element\n\trow:1:1-23\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("tru")',
    "RUNTIME ERROR: failed to parse JSON: invalid character ' ' in literal true (expecting 'e')\n\trow:1:1-21\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("01")',
    "RUNTIME ERROR: failed to parse JSON: invalid character '1' after top-level value\n\trow:1:1-20\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("\\"a")',
    'RUNTIME ERROR: failed to parse JSON: unexpected end of JSON input\n\trow:1:1-21\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.parseJson("{a:1}")',
    "RUNTIME ERROR: failed to parse JSON: invalid character 'a' looking for beginning of object key string\n\trow:1:1-23\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("[1] x")',
    "RUNTIME ERROR: failed to parse JSON: invalid character 'x' after top-level value\n\trow:1:1-23\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("\'a\'")',
    "RUNTIME ERROR: failed to parse JSON: invalid character '\\'' looking for beginning of value\n\trow:1:1-21\t$\n\tDuring evaluation\t\n",
  ],
  [
    'std.parseJson("1e999")',
    'RUNTIME ERROR: failed to parse JSON: json: cannot unmarshal number 1e999 into Go value of type float64\n\trow:1:1-23\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.parseJson(1)',
    'RUNTIME ERROR: Unexpected type number, expected string\n\trow:1:1-17\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.parseYaml("a: 1\\nb:\\n- x\\n- y: z\\n")',
    '{\n   "a": 1,\n   "b": [\n      "x",\n      {\n         "true": "z"\n      }\n   ]\n}\n',
  ],
  ['std.parseYaml("- 1\\n- true\\n- ~\\n- \'q\'\\n- 0x10\\n")', '[\n   1,\n   true,\n   null,\n   "q",\n   16\n]\n'],
  ['std.parseYaml("---\na: 1\n---\nb: 2\n")', '[\n   {\n      "a": 1\n   },\n   {\n      "b": 2\n   }\n]\n'],
  ['std.parseYaml("a: |\\n  x\\n  y\\nb: >\\n  x\\n  y\\n")', '{\n   "a": "x\\ny\\n",\n   "b": "x y\\n"\n}\n'],
  [
    'std.parseYaml("{a: [1, {b: c}], \'d\': \\"e\\\\n\\"}")',
    '{\n   "a": [\n      1,\n      {\n         "b": "c"\n      }\n   ],\n   "d": "e\\n"\n}\n',
  ],
  ['std.parseYaml("a: &x {b: 1}\\nc: *x\\n")', '{\n   "a": {\n      "b": 1\n   },\n   "c": {\n      "b": 1\n   }\n}\n'],
  [
    'std.parseYaml("a: b: c")',
    'RUNTIME ERROR: failed to parse YAML: error converting YAML to JSON: yaml: mapping values are not allowed in this context\n\trow:1:1-25\t$\n\tDuring evaluation\t\n',
  ],
  [
    'std.parseYaml("[1")',
    "RUNTIME ERROR: failed to parse YAML: error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'\n\trow:1:1-20\t$\n\tDuring evaluation\t\n",
  ],
  ['std.parseYaml("plain text\\n over lines")', '"plain text over lines"\n'],
  ['std.parseYaml("a: yes\\nb: off\\n1: 2\\n")', '{\n   "1": 2,\n   "a": true,\n   "b": false\n}\n'],
])
