import { expect, test } from 'vitest'
import { formats } from './formats.ts'

test.each<[string, readonly string[], readonly string[]]>([
  [
    'email',
    [
      'ann@example.test',
      'a+b@x.test',
      "o'neil@example.test",
      'ä@example.test',
      '"a b"@example.test',
      'ann@localhost',
      `${'a'.repeat(64)}@x.test`,
    ],
    [
      '',
      'x',
      '@',
      'a@',
      '@b.test',
      'a@b@',
      'a b@x.test',
      'a..b@x.test',
      '.a@x.test',
      'a@-x.test',
      'a@x_y.test',
      'a@ex ample.test',
      'a\u0000@x.test',
      'a\u200b@x.test',
      'a\u202e@x.test',
      `${'a'.repeat(65)}@x.test`,
      `a@${'x'.repeat(64)}.test`,
      `${'a'.repeat(10_000)}@x.test`,
      'Ann <ann@example.test>',
      'ann@example.test\n',
    ],
  ],
  ['email_loose', ['a@b', 'a..b@c'], ['ab', 'a b@c', 'a@b@c', '@', 'a\u200b@b']],
  ['tel', ['+14155552671', '+49 30 123456'], ['4155552671', '+1', 'x', '']],
  [
    'date',
    ['2024-02-29', '0099-12-31'],
    ['2023-02-29', '2024-2-9', '2024-13-01', '2024-00-10', 'x', '', '2024-01-01T00:00:00Z'],
  ],
  ['time', ['10:20:30Z', '23:59:59.123+02:00'], ['10:20', '24:00:00Z', '10:60:00Z', '10:20:30']],
  [
    'date-time',
    ['2024-02-29T10:20:30Z', '2024-02-29T10:20:30.5-23:59'],
    ['2024-02-29 10:20:30Z', '2023-02-29T10:20:30Z', '2024-02-29', 'T', ''],
  ],
  ['hostname', ['example.test', 'a', 'example.test.'], ['', '-a', 'a_b', 'a..b', 'ä.test']],
  ['ipv4', ['127.0.0.1', '255.255.255.255'], ['256.0.0.1', '1.2.3', '1.2.3.4.5', '::1', '']],
  ['ipv6', ['::1', 'fe80::1'], ['1.2.3.4', 'g::', '']],
  [
    'uri',
    ['https://example.test/a?b#c', 'mailto:ann@example.test'],
    ['/a', 'example.test', 'https://exa mple.test', ' https://a.test', 'https://a.test\n', ''],
  ],
  ['uri-reference', ['/a', 'a?b', 'https://a.test'], ['a b', 'http://[', '\u0000']],
  ['regex', ['^a+$', '(a|b)'], ['(?=a)', '(', '(a)\\1']],
  ['json-pointer', ['', '/a/b~0~1'], ['a', '/~2', '/~']],
  ['relative-json-pointer', ['0', '1/a', '2#'], ['', '-1', '01', '/a', '#']],
])('%s takes %j and nothing like %j', (name, good, bad) => {
  const check = formats[name]
  expect(good.filter((text) => check?.(text) !== true)).toEqual([])
  expect(bad.filter((text) => check?.(text) !== false)).toEqual([])
})

test('a hostile address is judged as fast as any', () => {
  const started = performance.now()
  for (const text of [
    `${'a.'.repeat(50_000)}@x.test`,
    '"'.repeat(100_000),
    `a@${'a.'.repeat(50_000)}`,
    `x:${'/'.repeat(100_000)}`,
  ]) {
    for (const check of Object.values(formats)) check(text)
  }
  expect(performance.now() - started).toBeLessThan(2000)
})
