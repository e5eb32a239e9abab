import { chapter } from './chapter.ts'

chapter('scoping: local', [
  ['local x = 1; x', '1\n'],
  ['local x = 1, y = 2; x + y', '3\n'],
  ['local x = y, y = 2; x', '2\n'],
  ['local x = 1; local x = 2; x', '2\n'],
  ['local x = 1; local y = x; local x = 3; y', '1\n'],
  [
    'local x = x; x',
    'RUNTIME ERROR: max stack frames exceeded.\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\t...\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:14-15\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local x = x + 1; x',
    'RUNTIME ERROR: max stack frames exceeded.\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\t...\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:11-12\tthunk <x> from <$>\n\trow:1:18-19\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local a = b, b = a; a',
    'RUNTIME ERROR: max stack frames exceeded.\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\t...\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:18-19\tthunk <b> from <$>\n\trow:1:11-12\tthunk <a> from <$>\n\trow:1:21-22\t$\n\tDuring evaluation\t\n',
  ],
  ['local x = 1, x = 2; x', 'row:1:14-15 Duplicate local var: x\n\nlocal x = 1, x = 2; x\n\n'],
  ['local x = 1 x', 'row:1:13-14 Expected , or ; but got (IDENTIFIER, "x")\n\nlocal x = 1 x\n\n'],
  ['local x; 1', 'row:1:8-9 Expected operator = but got ";"\n\nlocal x; 1\n\n'],
  ['local = 1; 1', 'row:1:7-8 Expected token IDENTIFIER but got (OPERATOR, "=")\n\nlocal = 1; 1\n\n'],
  ['local f(x) = x + 1; f(1)', '2\n'],
  [
    'local even(n) = if n == 0 then true else odd(n - 1), odd(n) = if n == 0 then false else even(n - 1); even(20)',
    'true\n',
  ],
  ['local x = 1; { x: x + 1 }.x', '2\n'],
  ['local x = [x2 for x2 in [1]]; x', '[\n   1\n]\n'],
  ['(local x = 1; x) + x', 'row:1:20-21 Unknown variable: x\n\n(local x = 1; x) + x\n\n'],
  ['x', 'row:1:1-2 Unknown variable: x\n\nx\n\n'],
  ['local f() = y; f()', 'row:1:13-14 Unknown variable: y\n\nlocal f() = y; f()\n\n'],
  ['local std = { length(x): "mine" }; std.length(1)', '"mine"\n'],
  ['std', '{ }\n'],
])

chapter('scoping: Functions', [
  ['(function(x) x)(1)', '1\n'],
  ['(function() 5)()', '5\n'],
  ['(function(x, y) [x, y])(1, 2)', '[\n   1,\n   2\n]\n'],
  ['(function(x, y) [x, y])(y=1, x=2)', '[\n   2,\n   1\n]\n'],
  ['(function(x, y=x + 1) [x, y])(1)', '[\n   1,\n   2\n]\n'],
  ['(function(x=y, y=2) x)()', '2\n'],
  ['(function(x, y=3) [x, y])(1, y=5)', '[\n   1,\n   5\n]\n'],
  ['(function(x) x)()', 'RUNTIME ERROR: Missing argument: x\n\trow:1:1-18\t$\n\tDuring evaluation\t\n'],
  [
    '(function(x) x)(1, 2)',
    'RUNTIME ERROR: function expected 1 positional argument(s), but got 2\n\trow:1:1-22\t$\n\tDuring evaluation\t\n',
  ],
  ['(function(x) x)(y=1)', 'RUNTIME ERROR: function has no parameter y\n\trow:1:1-21\t$\n\tDuring evaluation\t\n'],
  ['(function(x) x)(1, x=2)', 'RUNTIME ERROR: Argument x already provided\n\trow:1:1-24\t$\n\tDuring evaluation\t\n'],
  [
    '(function(x, y) x)(x=1, x=2)',
    'RUNTIME ERROR: Argument x already provided\n\trow:1:1-29\t$\n\tDuring evaluation\t\n',
  ],
  [
    '(function(x=1) x)(2, 3)',
    'RUNTIME ERROR: function expected 1 positional argument(s), but got 2\n\trow:1:1-24\t$\n\tDuring evaluation\t\n',
  ],
  ['(function(x, y) x)(1, error "lazy")', '1\n'],
  ['(function(x, y=error "lazy") x)(1)', '1\n'],
  ['function(x) x', 'RUNTIME ERROR: Missing argument: x\n\tTop-level function call\t\n'],
  ['function() 1', '1\n'],
  ['function(x=5) x', '5\n'],
  [
    '[function(x) x]',
    "RUNTIME ERROR: couldn't manifest function as JSON\n\tArray element 0\t\n\tDuring manifestation\t\n",
  ],
  ['1(2)', 'RUNTIME ERROR: Unexpected type number, expected function\n\trow:1:1-5\t$\n\tDuring evaluation\t\n'],
  ['"f"(1)', 'RUNTIME ERROR: Unexpected type string, expected function\n\trow:1:1-7\t$\n\tDuring evaluation\t\n'],
  ['{ f(x): x * 2 }.f(4)', '8\n'],
  ['local f(x,) = x; f(1,)', '1\n'],
  ['local f(x, x) = x; f(1, 2)', '2\n'],
  ['local f = function(x) function(y) x + y; f(1)(2)', '3\n'],
  ['local apply(f, x) = f(x); apply(function(a) a * a, 5)', '25\n'],
  ['local f(x) = if x == 0 then 0 else f(x - 1); f(100)', '0\n'],
  [
    'local f(x) = f(x); f(1)',
    'RUNTIME ERROR: max stack frames exceeded.\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\t...\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:14-18\tfunction <f>\n\trow:1:20-24\t$\n\tDuring evaluation\t\n',
  ],
  ['f(1)', 'row:1:1-2 Unknown variable: f\n\nf(1)\n\n'],
  [
    '(function(x) x)(1 2)',
    'row:1:19-20 Expected a comma before next function argument, got (NUMBER, "2")\n\n(function(x) x)(1 2)\n\n',
  ],
  [
    '(function(x) x)(x=1, 2)',
    'row:1:22-23 Positional argument after a named argument is not allowed\n\n(function(x) x)(x=1, 2)\n\n',
  ],
  [
    'function(x y) x',
    'row:1:12-13 Expected a comma before next function parameter, got (IDENTIFIER, "y")\n\nfunction(x y) x\n\n',
  ],
  ['function x', 'row:1:10-11 Expected ( but got (IDENTIFIER, "x")\n\nfunction x\n\n'],
  ['std.length(function(a, b=1, c) a)', '2\n'],
])

chapter('scoping: tailstrict', [
  [
    '(function(x) 1)(error "strict") tailstrict',
    'RUNTIME ERROR: strict\n\trow:1:17-31\tthunk from <$>\n\trow:1:1-32\t$\n\tDuring evaluation\t\n',
  ],
  ['(function(x) x)(1) tailstrict', '1\n'],
  ['local f(n, acc) = if n == 0 then acc else f(n - 1, acc + n) tailstrict; f(2000, 0)', '2001000\n'],
  [
    'local f(n) = if n == 0 then error "bottom" else f(n - 1) tailstrict; f(3)',
    'RUNTIME ERROR: bottom\n\trow:1:29-43\tfunction <f>\n\trow:1:49-57\tfunction <f>\n\trow:1:70-74\t$\n\tDuring evaluation\t\n',
  ],
  [
    'local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(600)',
    'RUNTIME ERROR: max stack frames exceeded.\n\trow:1:17-18\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\t...\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:40-48\tfunction <f>\n\trow:1:50-56\t$\n\tDuring evaluation\t\n',
  ],
  ['std.length([1, 2]) tailstrict', '2\n'],
])

chapter('scoping: Top-level arguments do not reach these', [['(function(a) a)(a=1)', '1\n']])
