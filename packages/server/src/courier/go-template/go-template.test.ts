import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { loadGoTemplate } from './go-template.ts'
import type { Limits } from './limits.ts'
import { GoTemplateError } from './problem.ts'
import type { Dict } from './values.ts'

const DATA: Dict = {
  d: {
    name: 'Ann',
    html: '<b>&"\'',
    n: 5,
    f: 2.5,
    zero: 0,
    t: true,
    no: false,
    nil: null,
    empty: '',
    list: ['a', 'b', 'c'],
    nums: [3, 1, 2],
    map: { b: 'two', a: 'one' },
    url: 'https://example.test/x?a=1&b=2',
    bad: 'javascript:alert(1)',
    deep: { er: { x: 'y' } },
    uni: 'Zoë ☃ 𝒳',
    multi: 'l1\nl2',
    css: '#ff0000',
    evil: 'red; background: url(x)',
    sp: 'two words',
    mail: 'ann+tag@example.test',
  },
  To: 'ann@example.test',
  RecoveryCode: '123456',
  Identity: { traits: { lang: 'de', email: 'ann@example.test' }, metadata_public: null },
  TransientPayload: { k: 'v' },
  ExpiresInMinutes: 60,
}

const render = (text: string, html: boolean, data: Dict = DATA, limits: Partial<Limits> = {}) =>
  loadGoTemplate({ file: 'mail.gotmpl', text }, { html, limits }).render(data)

/** What Go's own text/template makes of these, with sprig's functions. */
const TEXTS: readonly (readonly [template: string, result: string])[] = [
  ['hello', 'hello'],
  ['{{ .To }}', 'ann@example.test'],
  ['{{.To}}|{{- " x " -}}|  y', 'ann@example.test| x |  y'],
  ['  {{- .To -}}  ', 'ann@example.test'],
  ['a {{- /* c */ -}} b', 'ab'],
  ['{{/* c */}}x', 'x'],
  ['{{ .d.missing }}', '<no value>'],
  ['{{ .d.missing.more }}', '<no value>'],
  ['{{ .d.nil }}', '<no value>'],
  ['{{ .d.deep.er.x }}', 'y'],
  ['{{ .d.list }} {{ .d.map }} {{ .d.nums }}', '[a b c] map[a:one b:two] [3 1 2]'],
  ['{{ .d.t }} {{ .d.n }} {{ .d.f }} {{ .d.zero }}', 'true 5 2.5 0'],
  ['{{ if .d.t }}y{{ else }}n{{ end }}', 'y'],
  ['{{ if .d.zero }}y{{ else }}n{{ end }}', 'n'],
  ['{{ if .d.empty }}y{{ else if .d.list }}l{{ else }}n{{ end }}', 'l'],
  ['{{ if and .d.t .d.no }}y{{ else }}n{{ end }}', 'n'],
  ['{{ if or .d.no .d.name }}y{{ end }}', 'y'],
  ['{{ and .d.t .d.name }} {{ and .d.zero .d.name }} {{ or .d.zero .d.name }} {{ or .d.zero .d.empty }}', 'Ann 0 Ann '],
  ['{{ not .d.t }} {{ not .d.nil }}', 'false true'],
  ['{{ with .d.deep }}{{ .er.x }} {{ $.To }}{{ else }}none{{ end }}', 'y ann@example.test'],
  ['{{ with .d.nil }}x{{ else }}none{{ end }}', 'none'],
  ['{{ with .d.nil }}x{{ else with .d.name }}{{ . }}{{ end }}', 'Ann'],
  ['{{ with $x := .d.name }}{{ $x }}{{ end }}', 'Ann'],
  ['{{ range .d.list }}<{{ . }}>{{ end }}', '<a><b><c>'],
  ['{{ range $i, $x := .d.list }}{{ $i }}={{ $x }};{{ end }}', '0=a;1=b;2=c;'],
  ['{{ range $k, $v := .d.map }}{{ $k }}={{ $v }};{{ end }}', 'a=one;b=two;'],
  ['{{ range $x := .d.map }}{{ $x }}{{ end }}', 'onetwo'],
  ['{{ range .d.nil }}x{{ else }}none{{ end }}', 'none'],
  ['{{ range $i := 3 }}{{ $i }}{{ end }}', '012'],
  ['{{ range .d.list }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}', 'ac'],
  ['{{ range .d.list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', 'a'],
  ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
  ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}', '21'],
  ['{{ $m := .d.map }}{{ $m.a }} {{ ($m).b }} {{ (index .d.list 1) }}', 'one two b'],
  ['{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .d.name }}{{ template "t" }}', '[Ann][<no value>]'],
  ['{{ define "t" }}{{ $.name }}{{ end }}{{ template "t" .d }}', 'Ann'],
  ['{{ block "b" .d.name }}({{ . }}){{ end }}', '(Ann)'],
  ['{{ define "r" }}{{ . }}{{ if gt . 0 }}{{ template "r" (sub . 1) }}{{ end }}{{ end }}{{ template "r" 3 }}', '3210'],
  [
    '{{ define "en" }}Hi{{ end }}{{ define "de" }}Hallo{{ end }}{{- if eq .Identity.traits.lang "de" -}}{{ template "de" . }}{{- else -}}{{ template "en" . }}{{- end -}}',
    'Hallo',
  ],
  ['{{ if eq (index .TransientPayload "lang") "de" }}FOO{{ else }}BAR{{ end }}', 'BAR'],
  ['{{ index .TransientPayload "k" }} {{ index .TransientPayload "nope" }}', 'v <no value>'],
  ['{{ eq .d.name "Ann" }} {{ eq .d.name "x" "Ann" }} {{ ne .d.name "x" }}', 'true true true'],
  ['{{ lt 1 2 }} {{ le 2 2 }} {{ gt 1 2 }} {{ ge 2 3 }} {{ lt "a" "b" }}', 'true true false false true'],
  ['{{ eq .d.missing "x" }} {{ eq .d.nil .d.missing }}', 'false true'],
  ['{{ eq .d.t true }}', 'true'],
  ['{{ len .d.list }} {{ len .d.map }} {{ len .d.uni }}', '3 2 13'],
  ['{{ index .d.list 1 }} {{ index .d.map "a" }} {{ index .d.deep "er" "x" }}', 'b one y'],
  [
    '{{ printf "%s %d %v %q %t %5.2f|%-5s|%05d|%x|%%|%c" "a" 7 "b" "c\\"" true 3.14159 "l" 42 255 65 }}',
    'a 7 b "c\\"" true  3.14|l    |00042|ff|%|A',
  ],
  ['{{ printf "%v %v %v" nil .d.list .d.map }}', '<nil> [a b c] map[a:one b:two]'],
  ['{{ printf "%d %s" "x" 1 }}', '%!d(string=x) %!s(int=1)'],
  ['{{ printf "%s" }} {{ printf "x" 1 "y" }}', '%!s(MISSING) x%!(EXTRA int=1, string=y)'],
  [
    '{{ printf "%+d % d %o %b %e %g %U %X %#x" 5 5 8 5 12345.678 0.5 9731 255 255 }}',
    '+5  5 10 101 1.234568e+04 0.5 U+2603 FF 0xff',
  ],
  ['{{ printf "%q %v %s" .d.uni .d.f .d.list }}', '"Zoë ☃ 𝒳" 2.5 [a b c]'],
  ['{{ printf "%6.3v|%T %T %T" "abcdef" "s" 1 true }}', '   abc|string int bool'],
  ['{{ print "a" 1 2 "b" 3 }} {{ println "x" 1 }}', 'a1 2b3 x 1\n'],
  [
    '{{ "quoted \\"x\\" \\u00e9 \\x41 \\101\\n" }}{{ \'a\' }} {{ 0x1F }} {{ 1_000 }} {{ 0b11 }} {{ 1.5 }} {{ -3 }} {{ 1e3 }}',
    'quoted "x" é A A\n97 31 1000 3 1.5 -3 1000',
  ],
  ['{{ html "<a>" }} {{ urlquery "a b&c=d/é" }}', '&lt;a&gt; a+b%26c%3Dd%2F%C3%A9'],
  ['{{ .d.name | printf "%s-%s" "x" }}', 'x-Ann'],
  ['{{ "a" | upper | repeat 3 }}', 'AAA'],
  [
    '{{ upper "aé" }} {{ lower "AÉ" }} {{ title "hello world" }} {{ untitle "Hello World" }}',
    'AÉ aé Hello World hello world',
  ],
  [
    '{{ trim "  x " }}|{{ trimAll "$" "$5.00$" }}|{{ trimSuffix "-" "hello-" }}|{{ trimPrefix "-" "-hello" }}',
    'x|5.00|hello|hello',
  ],
  [
    '{{ substr 0 5 "hello world" }}|{{ substr 6 -1 "hello world" }}|{{ trunc 5 "hello world" }}|{{ trunc -5 "hello world" }}',
    'hello|world|hello|world',
  ],
  ['{{ abbrev 5 "hello world" }}|{{ nospace "h e l l o" }}|{{ initials "First Try" }}', 'he...|hello|FT'],
  ['{{ contains "cat" "catch" }} {{ hasPrefix "cat" "catch" }} {{ hasSuffix "ch" "catch" }}', 'true true true'],
  [
    '{{ quote "a" 1 }} {{ squote "a" "b" }} {{ cat "hello" "beautiful" "world" }}',
    '"a" "1" \'a\' \'b\' hello beautiful world',
  ],
  ['{{ indent 4 .d.multi }}|{{ nindent 2 .d.multi }}', '    l1\n    l2|\n  l1\n  l2'],
  [
    '{{ replace " " "-" "I Am Henry VIII" }} {{ plural "one" "many" 1 }} {{ plural "one" "many" 2 }}',
    'I-Am-Henry-VIII one many',
  ],
  [
    '{{ default "foo" .d.empty }} {{ default "foo" .d.name }} {{ .d.missing | default "x" }} {{ default 1 .d.zero }}',
    'foo Ann x 1',
  ],
  ['{{ empty .d.empty }} {{ empty .d.name }} {{ coalesce .d.zero .d.empty .d.name }}', 'true false Ann'],
  ['{{ ternary "a" "b" true }} {{ ternary "a" "b" false }} {{ true | ternary "a" "b" }}', 'a b a'],
  [
    '{{ add 1 2 3 }} {{ add1 3 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 4 }} {{ max 1 3 2 }} {{ min 1 3 2 }}',
    '6 4 3 24 3 3 3 1',
  ],
  ['{{ floor 123.9 }} {{ ceil 123.1 }} {{ round 123.555 2 }}', '123 124 123.56'],
  ['{{ int "42" }} {{ int64 4.9 }} {{ float64 "1.5" }} {{ atoi "12" }}', '42 4 1.5 12'],
  [
    '{{ list 1 2 "a" }} {{ first .d.list }} {{ last .d.list }} {{ rest .d.list }} {{ initial .d.list }}',
    '[1 2 a] a c [b c] [a b]',
  ],
  [
    '{{ append .d.list "d" }} {{ prepend .d.list "z" }} {{ concat .d.list .d.nums }} {{ reverse .d.nums }}',
    '[a b c d] [z a b c] [a b c 3 1 2] [2 1 3]',
  ],
  [
    '{{ uniq (list 1 2 1) }} {{ without .d.list "a" "c" }} {{ has "a" .d.list }} {{ compact (list 0 1 "" "a") }}',
    '[1 2] [b] true [1 a]',
  ],
  [
    '{{ join "," .d.list }} {{ join "," (list 1 2) }} {{ splitList "," "a,b,c" }} {{ (split "$" "a$b")._1 }} {{ sortAlpha .d.list }}',
    'a,b,c 1,2 [a b c] b [a b c]',
  ],
  ['{{ $p := splitn "$" 2 "foo$bar$baz" }}{{ $p._0 }} {{ $p._1 }}', 'foo bar$baz'],
  ['{{ until 3 }} {{ untilStep 3 9 2 }} {{ range $i := until 2 }}{{ $i }}{{ end }}', '[0 1 2] [3 5 7] 01'],
  [
    '{{ dict "a" 1 "b" 2 }} {{ get .d.map "a" }} {{ get .d.map "zz" }} {{ hasKey .d.map "a" }}',
    'map[a:1 b:2] one  true',
  ],
  [
    '{{ keys .d.map | sortAlpha }} {{ pick .d.map "a" }} {{ omit .d.map "a" }} {{ pluck "a" .d.map }}',
    '[a b] map[a:one] map[b:two] [one]',
  ],
  ['{{ dig "er" "x" "def" .d.deep }} {{ dig "er" "nope" "def" .d.deep }}', 'y def'],
  ['{{ merge (dict "a" 1) (dict "a" 2 "b" 3) }}', 'map[a:1 b:3]'],
  [
    '{{ toJson .d.map }} {{ toJson .d.html }} {{ toRawJson .d.html }} {{ toPrettyJson .d.map }}',
    '{"a":"one","b":"two"} "\\u003cb\\u003e\\u0026\\"\'" "<b>&\\"\'" {\n  "a": "one",\n  "b": "two"\n}',
  ],
  ['{{ (fromJson "{\\"a\\":[1,2]}").a }}', '[1 2]'],
  [
    '{{ b64enc "hello" }} {{ b64dec "aGVsbG8=" }} {{ sha256sum "x" }} {{ sha1sum "x" }}',
    'aGVsbG8= hello 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 11f6ad8ec52a2984abaafd7c3b516503785c2072',
  ],
  [
    '{{ regexMatch "^[a-z]+$" "abc" }} {{ regexFind "[a-z][1-9]" "abcd1234" }} {{ regexFindAll "[2,4,6,8]" "123456789" -1 }}',
    'true d1 [2 4 6 8]',
  ],
  [
    '{{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W" }} {{ regexReplaceAllLiteral "a(x*)b" "-ab-axxb-" "${1}" }} {{ regexSplit "z+" "pizza" -1 }}',
    '-W-xxW- -${1}-${1}- [pi a]',
  ],
  [
    '{{ snakecase "FirstName" }} {{ kebabcase "FirstName" }} {{ camelcase "http_server" }} {{ swapcase "aBc" }}',
    'first_name first-name HttpServer AbC',
  ],
  ['{{ wrap 10 "the quick brown fox" }} {{ wrapWith 5 "-" "Hello World" }}', 'the quick\nbrown fox Hello-World'],
  [
    '{{ kindOf .d.list }} {{ kindOf .d.name }} {{ kindIs "map" .d.map }} {{ typeOf .d.name }}',
    'slice string true string',
  ],
  ['{{ toString 5 }} {{ toStrings (list 1 2) }}', '5 [1 2]'],
  ['{{ all 1 "a" }} {{ any 0 "" }}', 'true false'],
  ['{{ "x" | quote }} {{ .d.name | quote | printf "%s!" }}', '"x" "Ann"!'],
  ['{{ len (printf "%s" .d.name) }}', '3'],
  ['{{ if (and (eq .d.name "Ann") (gt (len .d.list) 2)) }}yes{{ end }}', 'yes'],
  [' | upper }}', ' | upper }}'],
  ['{{ and 0 (fail "x") }} {{ or 1 (fail "x") }}', '0 1'],
  ['{{ range $i, $_ := .d.list }}{{ if $i }}, {{ end }}{{ . }}{{ end }}', 'a, b, c'],
  ['{{ true }} {{ false }}', 'true false'],
  [
    '{{ $ }}{{ len $ }}',
    'map[ExpiresInMinutes:60 Identity:map[metadata_public:<nil> traits:map[email:ann@example.test lang:de]] RecoveryCode:123456 To:ann@example.test TransientPayload:map[k:v] d:map[bad:javascript:alert(1) css:#ff0000 deep:map[er:map[x:y]] empty: evil:red; background: url(x) f:2.5 html:<b>&"\' list:[a b c] mail:ann+tag@example.test map:map[a:one b:two] multi:l1\nl2 n:5 name:Ann nil:<nil> no:false nums:[3 1 2] sp:two words t:true uni:Zoë ☃ 𝒳 url:https://example.test/x?a=1&b=2 zero:0]]6',
  ],
  ['{{ $.d.name }}{{ $.To | upper }}', 'AnnANN@EXAMPLE.TEST'],
  ['{{with .d.map}}{{.a}}{{$.d.name}}{{end}}', 'oneAnn'],
  ['{{ .d.name | len }}', '3'],
  ['{{ print .d.nil }} {{ print }}', '<nil> '],
  ['{{ printf "%s" .d.nil }}', '%!s(<nil>)'],
  ['{{ range $k, $v := .d.deep }}{{ $k }}{{ $v.x }}{{ end }}', 'ery'],
]

/** What Go's own html/template makes of these. */
const DOCUMENTS: readonly (readonly [template: string, result: string])[] = [
  ['<p>{{ .d.html }}</p>', '<p>&lt;b&gt;&amp;&#34;&#39;</p>'],
  ['<p>{{ .d.missing }}|{{ .d.nil }}</p>', '<p>|</p>'],
  [
    '<a href="{{ .d.url }}">{{ .d.url }}</a>',
    '<a href="https://example.test/x?a=1&amp;b=2">https://example.test/x?a=1&amp;b=2</a>',
  ],
  ['<a href="{{ .d.bad }}">x</a>', '<a href="#ZgotmplZ">x</a>'],
  [
    '<a href="/x?q={{ .d.sp }}&r={{ .d.url }}">x</a>',
    '<a href="/x?q=two%20words&r=https%3a%2f%2fexample.test%2fx%3fa%3d1%26b%3d2">x</a>',
  ],
  ['<a href="https://example.test/{{ .d.sp }}/y">x</a>', '<a href="https://example.test/two%20words/y">x</a>'],
  ['<a href="https://example.test/#{{ .d.sp }}">x</a>', '<a href="https://example.test/#two%20words">x</a>'],
  ["<a href='{{ .d.url }}'>x</a>", "<a href='https://example.test/x?a=1&amp;b=2'>x</a>"],
  ['<a href={{ .d.url }}>x</a>', '<a href=https://example.test/x?a&#61;1&amp;b&#61;2>x</a>'],
  ['<a title="{{ .d.html }}">x</a>', '<a title="&lt;b&gt;&amp;&#34;&#39;">x</a>'],
  ["<a title='{{ .d.html }}'>x</a>", "<a title='&lt;b&gt;&amp;&#34;&#39;'>x</a>"],
  ['<a title={{ .d.html }}>x</a>', '<a title=&lt;b&gt;&amp;&#34;&#39;>x</a>'],
  ['<a title={{ .d.empty }}>x</a>', '<a title=ZgotmplZ>x</a>'],
  ['<img src="{{ .d.bad }}" alt="{{ .d.html }}">', '<img src="#ZgotmplZ" alt="&lt;b&gt;&amp;&#34;&#39;">'],
  ['<p style="color: {{ .d.css }}">x</p>', '<p style="color: #ff0000">x</p>'],
  ['<p style="color: {{ .d.evil }}">x</p>', '<p style="color: ZgotmplZ">x</p>'],
  ['<style>p { color: {{ .d.css }}; }</style>', '<style>p { color: #ff0000; }</style>'],
  ['<style>p { color: {{ .d.evil }}; }</style>', '<style>p { color: ZgotmplZ; }</style>'],
  [
    '<textarea>{{ .d.html }}</textarea><title>{{ .d.html }}</title>',
    '<textarea>&lt;b&gt;&amp;&#34;&#39;</textarea><title>&lt;b&gt;&amp;&#34;&#39;</title>',
  ],
  ['<!-- {{ .d.html }} -->x', 'x'],
  ['a<!-- c -->b', 'ab'],
  ['<!DOCTYPE html><html><body>{{ .To }}</body></html>', '<!DOCTYPE html><html><body>ann@example.test</body></html>'],
  ['1 < 2 {{ .To }}', '1 &lt; 2 ann@example.test'],
  ['<p {{ if .d.t }}class="a"{{ end }}>x</p>', '<p class="a">x</p>'],
  ['<p {{ if .d.t }}class="a"{{ else }}id=\'b\'{{ end }}>x</p>', '<p class="a">x</p>'],
  ['{{ range .d.list }}<li>{{ . }}</li>{{ end }}', '<li>a</li><li>b</li><li>c</li>'],
  ['{{ define "l" }}<b>{{ . }}</b>{{ end }}{{ template "l" .d.html }}', '<b>&lt;b&gt;&amp;&#34;&#39;</b>'],
  [
    '{{ define "u" }}{{ . }}{{ end }}<a href="{{ template "u" .d.bad }}">{{ template "u" .d.html }}</a>',
    '<a href="#ZgotmplZ">&lt;b&gt;&amp;&#34;&#39;</a>',
  ],
  [
    '<a href="{{ if .d.t }}{{ .d.url }}{{ else }}/x{{ end }}">x</a>',
    '<a href="https://example.test/x?a=1&amp;b=2">x</a>',
  ],
  ['<a href="{{ if .d.t }}/a{{ else }}/a?b={{ end }}">x</a>', '<a href="/a">x</a>'],
  [
    '<a href="{{ .d.url | html }}">{{ .d.html | html }}</a>',
    '<a href="https://example.test/x?a=1&amp;b=2">&lt;b&gt;&amp;&#34;&#39;</a>',
  ],
  ['<a href="/?x={{ .d.sp | urlquery }}">x</a>', '<a href="/?x=two&#43;words">x</a>'],
  [
    '{{ .d.name | upper }} {{ printf "%s" .d.html }} {{ .d.list }} {{ .d.n }}',
    'ANN &lt;b&gt;&amp;&#34;&#39; [a b c] 5',
  ],
  [
    '<a href="mailto:{{ .d.mail }}">{{ .d.mail }}</a>',
    '<a href="mailto:ann&#43;tag@example.test">ann&#43;tag@example.test</a>',
  ],
  ['<a href="tel:{{ .d.n }}">x</a>', '<a href="tel:5">x</a>'],
  ['<input value="{{ .d.html }}" disabled>', '<input value="&lt;b&gt;&amp;&#34;&#39;" disabled>'],
  ['<td background="{{ .d.bad }}">x</td>', '<td background="#ZgotmplZ">x</td>'],
  [
    '<a data-url="{{ .d.bad }}" data-x="{{ .d.bad }}">x</a>',
    '<a data-url="#ZgotmplZ" data-x="javascript:alert(1)">x</a>',
  ],
  ['<img srcset="{{ .d.url }} 2x">', '<img srcset="https://example.test/x?a=1&amp;b=2 2x">'],
  ['<br/>{{ .d.html }}<br />', '<br/>&lt;b&gt;&amp;&#34;&#39;<br />'],
  ['{{ toJson .d.map }}', '{&#34;a&#34;:&#34;one&#34;,&#34;b&#34;:&#34;two&#34;}'],
  ['<p>{{ .d.uni }}</p>', '<p>Zoë ☃ 𝒳</p>'],
  [
    '{{ define "r" }}<i>{{ . }}</i>{{ if gt . 0 }}{{ template "r" (sub . 1) }}{{ end }}{{ end }}{{ template "r" 2 }}',
    '<i>2</i><i>1</i><i>0</i>',
  ],
  ['<a href="{{ .d.uni }}">x</a>', '<a href="Zo%c3%ab%20%e2%98%83%20%f0%9d%92%b3">x</a>'],
  ['<p title="a {{ .d.sp }} b">x</p>', '<p title="a two words b">x</p>'],
  ['<p>{{ .d.html }}<b>{{ .d.html }}</b></p>', '<p>&lt;b&gt;&amp;&#34;&#39;<b>&lt;b&gt;&amp;&#34;&#39;</b></p>'],
  [
    '<a href="{{ .d.url }}/x?y={{ .d.sp }}">x</a>',
    '<a href="https://example.test/x?a=1&amp;b=2/x?y=two%20words">x</a>',
  ],
  ['<A HREF="{{ .d.bad }}">x</A>', '<A HREF="#ZgotmplZ">x</A>'],
  ['<a href = "{{ .d.bad }}">x</a>', '<a href = "#ZgotmplZ">x</a>'],
  ['<p>{{ if .d.t }}<b>{{ end }}x</b></p>', '<p><b>x</b></p>'],
  ['<p>{{ html .d.html }}</p>', '<p>&lt;b&gt;&amp;&#34;&#39;</p>'],
  ['<svg:a xlink:href="{{ .d.bad }}">x</svg:a>', '<svg:a xlink:href="#ZgotmplZ">x</svg:a>'],
  ['<table><tr><td>{{ with .d.map }}{{ .a }}{{ end }}</td></tr></table>', '<table><tr><td>one</td></tr></table>'],
]

/** What Go refuses too, but for the last of html. */
const REFUSED: readonly (readonly [kind: 'text' | 'html', template: string, problem: string])[] = [
  ['text', '{{ .d.name', '1:1: unclosed action'],
  ['text', '{{', '1:1: unclosed action'],
  ['text', '{{ }}', '1:4: missing value'],
  ['text', '{{ .a b }}', '1:7: unexpected b: only a function takes arguments'],
  ['text', '{{ nope }}', '1:4: function "nope" not defined'],
  ['text', '{{ if }}x{{ end }}', '1:7: missing value'],
  ['text', '{{ if .d.t }}x', '1:15: unexpected end of the template: {{end}} is missing'],
  ['text', '{{ end }}', '1:4: unexpected {{end}}'],
  ['text', '{{ else }}', '1:4: unexpected {{else}}'],
  ['text', '{{ template "nope" }}', '1:4: template "nope" not defined'],
  ['text', '{{ $x }}', '1:4: undefined variable $x'],
  ['text', '{{ "abc }}', '1:4: unterminated quoted string'],
  ['text', '{{ .d.name.x }}', "1:4: can't evaluate field x in string"],
  ['text', '{{ index .d.list 9 }}', '1:4: index: index out of range: 9'],
  ['text', '{{ index .d.nil "x" }}', '1:4: index: index of nothing'],
  ['text', '{{ len 5 }}', '1:4: len: len of int'],
  ['text', '{{ eq .d.name 1 }}', '1:4: eq: incompatible types for comparison: string and int'],
  ['text', '{{ lt .d.name 1 }}', '1:4: lt: incompatible types for comparison: string and int'],
  ['text', '{{ range .d.name }}x{{ end }}', '1:4: range cannot go over string'],
  ['text', '{{ break }}', '1:4: {{break}} outside {{range}}'],
  ['text', '{{ define "x" }}', '1:17: unexpected end of the template: {{end}} is missing'],
  ['text', '{{ if .d.t }}{{ define "x" }}{{ end }}{{ end }}', '1:17: unexpected {{define}} inside another block'],
  ['text', '{{ 1 | 2 }}', '1:8: only a function can take the value of a pipe'],
  ['text', '{{ nil }}', '1:4: nil is not a command'],
  ['text', '{{ upper 5 }}', '1:4: upper: argument 1 must be a string, it is int'],
  ['text', '{{ upper .d.missing }}', '1:4: upper: argument 1 must be a string, it is nothing'],
  ['text', '{{ div 1 0 }}', '1:4: div: division by zero'],
  ['text', '{{ fail "no" }}', '1:4: fail: no'],
  ['text', '{{ ternary 1 2 3 }}', '1:4: ternary: argument 3 of ternary must be true or false'],
  ['text', '{{ printf }}', '1:4: wrong number of arguments for printf: it takes at least 1, it gets 0'],
  ['text', '{{ first 5 }}', '1:4: first: argument 1 must be a list, it is int'],
  ['text', '{{ (.d.name }}', '1:13: unclosed left parenthesis'],
  ['text', '{{ .d.name) }}', '1:11: unexpected right parenthesis'],
  ['text', '{{ /* x */ }}', '1:3: a comment must start right after {{'],
  ['text', '{{/* x }}', '1:1: unclosed comment'],
  ['text', "{{ '' }} ", '1:4: a character constant must hold one character'],
  ['text', '{{ 1x }}', '1:4: bad number syntax: 1x'],
  ['text', '{{ "\\q" }}', '1:4: invalid escape \\q in a string'],
  ['text', '{{ now }}', '1:4: function "now" not defined'],
  ['text', '{{ env "PATH" }}', '1:4: function "env" not defined'],
  ['text', '{{ call .d.name }}', '1:4: function "call" not defined'],
  ['text', '{{ .d.name 1 }}', '1:12: unexpected 1: only a function takes arguments'],
  ['text', '{{ true.x }}', '1:8: a constant has no fields'],
  ['text', '{{ eq }}', '1:4: wrong number of arguments for eq: it takes at least 2, it gets 0'],
  [
    'text',
    '{{ regexReplaceAll "(" "x" "y" }}',
    '1:4: regexReplaceAll: invalid regular expression: error parsing regexp: missing closing ): `(`',
  ],
  ['text', '{{ slice .d.name 5 9 }}', '1:4: slice: index out of range: 5:9'],
  ['text', '{{ "a" "b" }}', '1:8: unexpected "b": only a function takes arguments'],
  ['text', '{{ {{ }} }}', '1:4: unexpected "{" in an action'],
  ['html', '<a href="{{ .d.url }}', '1:22: the template ends inside the value of the attribute href'],
  [
    'html',
    '<p>{{ html .d.html | printf "%s" }}</p>',
    '1:7: values are escaped by themselves: this belongs at the end of the pipe',
  ],
  ['html', '<script>{{ .d.name }}</script>', '1:9: a value cannot stand in a script'],
  ['html', '<a onclick="{{ .d.name }}">x</a>', '1:13: a value cannot stand in a script'],
  [
    'html',
    '<a {{ .d.name }}="x">x</a>',
    '1:4: a value cannot be the name of an attribute; write the name, and the value in quotes',
  ],
  [
    'html',
    '<p style="background: url({{ .d.url }})">x</p>',
    '1:27: a value cannot stand in a text or an address of CSS',
  ],
  [
    'html',
    '{{ if .d.t }}<a href="{{ end }}x">y</a>',
    '1:4: the ways through this {{if}} end in different places: inside the value of the attribute href, and inside the text',
  ],
  [
    'html',
    '<a href="{{ if .d.t }}/a{{ else }}/a?b={{ end }}{{ .d.sp }}">x</a>',
    '1:49: this value is in different parts of a URL on different ways',
  ],
  [
    'html',
    '{{ range .d.list }}<a href="{{ end }}',
    '1:4: the ways through this {{range}} end in different places: inside the text, and inside the value of the attribute href',
  ],
  [
    'html',
    '<a href="x{{ if .d.t }}">{{ end }}',
    '1:14: the ways through this {{if}} end in different places: inside the text, and inside the value of the attribute href',
  ],
  ['html', '<p', '1:3: the template ends inside a tag'],
]

describe('a text template renders as Go renders it', () => {
  test.each(TEXTS)('%s', (template, result) => {
    expect(render(template, false)).toBe(result)
  })
})

describe('an HTML template escapes every value where it stands, as Go does', () => {
  test.each(DOCUMENTS)('%s', (template, result) => {
    expect(render(template, true)).toBe(result)
  })
})

describe('what cannot be done is refused with its place', () => {
  test.each(REFUSED)('%s: %s', (kind, template, problem) => {
    expect(() => render(template, kind === 'html')).toThrow(`mail.gotmpl:${problem}`)
  })
})

test('a template with an unknown construct is refused when it is loaded, on whatever branch it stands', () => {
  const text = 'line one\n  {{ if false }}\n\t{{ nowhere .To }}{{ end }}'
  const load = () => loadGoTemplate({ file: 'email.body.gotmpl', text }, { html: false })
  expect(load).toThrow(GoTemplateError)
  expect(load).toThrow('email.body.gotmpl:3:5: function "nowhere" not defined')
})

test('a field that the data never has is a mistake, a field of the person may be missing', () => {
  expect(() => render('{{ .RecoveryURL }}', false)).toThrow('1:4: there is no .RecoveryURL here')
  expect(render('{{ .Identity.metadata_public.lang }}', false)).toBe('<no value>')
})

test('nothing that JavaScript itself puts into a map can be seen', () => {
  expect(render('{{ .d.constructor }}{{ .d.map.__proto__ }}{{ .d.list | len }}', false)).toBe('<no value><no value>3')
  expect(() => render('{{ .d.name.length }}', false)).toThrow("can't evaluate field length in string")
})

test('templates of the same folder are called by their file names', () => {
  const files = { file: 'email.body.gotmpl', text: '{{ template "email.body.de.gotmpl" . }}' }
  const beside = [{ file: 'email.body.de.gotmpl', text: 'Hallo {{ .To }}\n{{ nope }}' }]
  expect(() => loadGoTemplate(files, { html: true, beside })).toThrow('email.body.de.gotmpl:2:4')
  const good = [{ file: 'email.body.de.gotmpl', text: 'Hallo {{ .To }}' }]
  expect(loadGoTemplate(files, { html: true, beside: good }).render(DATA)).toBe('Hallo ann@example.test')
})

const deepTemplate = (depth: number) => `${'{{ if true }}'.repeat(depth)}x${'{{ end }}'.repeat(depth)}`
const deepParentheses = (depth: number) => `{{ ${'('.repeat(depth)}1${')'.repeat(depth)} }}`
const doubled = Array.from(
  { length: 30 },
  (_, at) => `{{ define "t${at}" }}{{ template "t${at + 1}" }}{{ template "t${at + 1}" }}{{ end }}`,
).join('')

test.each([
  [
    'a template that calls itself without end',
    '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    'too deeply',
  ],
  [
    'two that call each other',
    '{{ define "a" }}{{ template "b" }}{{ end }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "a" }}',
    'too deeply',
  ],
  ['a billion laughs', `${doubled}{{ define "t30" }}ha{{ end }}{{ template "t0" }}`, 'too much work'],
  [
    'a loop in a loop in a loop',
    '{{ range 9999 }}{{ range 9999 }}{{ range 9999 }}{{ end }}{{ end }}{{ end }}',
    'too much work',
  ],
  ['a loop over a number', '{{ range 1000000000 }}x{{ end }}', 'too many rounds'],
  ['a text repeated', '{{ repeat 1000000000 "x" }}', 'too long'],
  [
    'a text repeated by degrees',
    `{{ $x := "${'x'.repeat(1000)}" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}`,
    'too long',
  ],
  ['a list counted up', '{{ until 1000000000 }}', 'too long'],
  ['a list with a tiny step', '{{ untilStep 0 1000000000 1 }}', 'too long'],
  ['a list joined to itself', '{{ $x := list 1 2 3 }}{{ range 100 }}{{ $x = concat $x $x }}{{ end }}', 'too long'],
  [
    'a map within a map',
    '{{ $x := dict "a" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }}{{ range 40 }}{{ $x = dict "a" $x "b" $x }}{{ end }}{{ $x }}',
    '',
  ],
  ['a width', '{{ printf "%1000000000d" 1 }}', 'too wide'],
  ['a precision', '{{ printf "%.1000000000f" 1.0 }}', 'too wide'],
  ['an indentation', '{{ indent 1000000000 "x" }}', 'too long'],
  ['a replacement', `{{ replace "" "${'y'.repeat(2000)}" "${'x'.repeat(2000)}" }}`, 'too long'],
  ['a pattern that backtracks elsewhere', `{{ regexMatch "(a*)*b" "${'a'.repeat(5000)}" }}`, null],
  ['a pattern that repeats', '{{ regexMatch "((a{100}){100}){100}" "a" }}', 'repeats too often'],
  ['a result without end', `{{ range 9999 }}${'x'.repeat(1000)}{{ end }}`, 'grows too long'],
  ['blocks in blocks', deepTemplate(5_000), 'nested too deeply'],
  ['parentheses in parentheses', deepParentheses(5_000), 'nested too deeply'],
  ['a chain of else', `{{ if false }}${'{{ else if false }}'.repeat(5_000)}{{ end }}`, 'nested too deeply'],
  ['a template of a megabyte', 'x'.repeat(1_000_000), 'longer than 256 KiB'],
  ['deep JSON', `{{ fromJson "${'['.repeat(10_000)}" }}`, 'nested too deeply'],
])('a bomb ends early: %s', (_name, template, problem) => {
  const begun = performance.now()
  const light = () => render(template, false)
  if (problem === null) light()
  else expect(light).toThrow(problem)
  expect(performance.now() - begun).toBeLessThan(2_000)
})

test('data that is nested deeper than the stack is refused and not a crash', () => {
  const deep = Array.from({ length: 100_000 }).reduce((inside: Dict) => ({ x: inside }), { x: 1 })
  expect(() => render('{{ .deep }}', false, { deep })).toThrow(GoTemplateError)
})

const fragment = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{{-',
    '-}}',
    ' ',
    '|',
    '(',
    ')',
    '.',
    '$',
    '$x',
    ':=',
    '=',
    ',',
    '"',
    '`',
    "'",
    '\\',
    '/*',
    '*/',
    '\n',
  ),
  fc.constantFrom(
    'if',
    'else',
    'end',
    'range',
    'with',
    'define',
    'template',
    'block',
    'break',
    'continue',
    'nil',
    'true',
  ),
  fc.constantFrom('.d', '.d.name', '.d.list', '.d.map', '.To', '"a"', '1', '-2', '0x', '1e9', "'x'", '`r`'),
  fc.constantFrom(
    'printf "%d"',
    'index',
    'len',
    'eq',
    'and',
    'upper',
    'repeat',
    'dict',
    'list',
    'toJson',
    'regexFind',
    'slice',
  ),
  fc.constantFrom('<a href="', '">', '<style>', '<script>', '</', '<!--', '-->', '<p', " x='", '<textarea>', '&', '?'),
  fc.string({ maxLength: 8, unit: 'binary' }),
)

test('whatever is written, nothing but a template error is thrown', () => {
  const whole = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(''))
  const action = fc.array(fragment, { maxLength: 12 }).map((parts) => `{{ ${parts.join(' ')} }}`)
  fc.assert(
    fc.property(
      fc.oneof(
        whole,
        fc.array(action, { maxLength: 6 }).map((parts) => parts.join('x')),
      ),
      fc.boolean(),
      (text, html) => {
        try {
          expect(typeof render(text, html)).toBe('string')
        } catch (error) {
          if (!(error instanceof GoTemplateError)) throw error
          expect(error.line).toBeGreaterThan(0)
          expect(error.column).toBeGreaterThan(0)
        }
      },
    ),
    { numRuns: 3_000 },
  )
})

const FRAME = '<p title="{{ .v }}" class=\'{{ .v }}\' id={{ .v }}>{{ .v }}</p><style>a{color:{{ .v }}}</style>'

const WHOLE =
  /^<p title="[^"<>]*" class='[^'<>]*' id=[^ \t\n\f\r"'`=<>]+>[^<>]*<\/p><style>a\{color:[^<>{};:"'()\\/]*\}<\/style>$/

test('no value ever adds a tag, an attribute or a quote to a document', () => {
  const sign = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '`',
    '=',
    ' ',
    '&',
    ';',
    '\0',
    '</style>',
    '-->',
    '{',
    '}',
    'url(',
    '\\',
  )
  const hostile = fc.array(fc.oneof(sign, fc.string({ unit: 'binary' })), { minLength: 1 })
  fc.assert(
    fc.property(hostile, (parts) => {
      expect(render(FRAME, true, { v: parts.join('') })).toMatch(WHOLE)
    }),
    { numRuns: 1_000 },
  )
})

test('no value ever makes a link run a script', () => {
  const scheme = fc.constantFrom(
    'javascript:',
    'JaVaScRiPt:',
    ' javascript:',
    'java\tscript:',
    'data:text/html,',
    'vbscript:',
    '\x01javascript:',
  )
  fc.assert(
    fc.property(scheme, fc.string(), (start, rest) => {
      const text = render('<a href="{{ .v }}">x</a>', true, { v: start + rest })
      expect(text).toMatch(/^<a href="(#ZgotmplZ|[^:]*\/.*)">x<\/a>$/s)
    }),
  )
})
