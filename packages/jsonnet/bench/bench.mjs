// npm run bench -w packages/jsonnet: evaluations a second, on one core.
import { execFileSync } from 'node:child_process'
import { compile } from '../src/index.ts'

const hookBody = `function(ctx) {
  userId: ctx.identity.id,
  traits: {
    email: ctx.identity.traits.email,
    name: ctx.identity.traits.name.first + ' ' + ctx.identity.traits.name.last,
    newsletterConsent: ctx.identity.traits.consent.newsletter,
  },
  flow: ctx.flow.id,
  method: ctx.request_method,
}`
const large = `function(ctx)
  local people = [
    { id: i, name: 'person %03d' % i, mail: std.asciiLower(ctx.identity.traits.name.first) + i + '@example.test' }
    for i in std.range(1, 100)
  ];
  {
    count: std.length(people),
    names: std.join(', ', [person.name for person in people if person.id % 3 == 0]),
    byMail: { [person.mail]: { id: person.id, even: person.id % 2 == 0 } for person in people },
    total: std.foldl(function(sum, person) sum + person.id, people, 0),
    sorted: std.sort([person.id * 7 % 101 for person in people]),
    price: ['%08.2f' % (person.id * 1.1) for person in people],
  }`

/** A ctx of about so many bytes; what the template does not read is headers and payload. */
function context(bytes) {
  const base = {
    flow: { id: 'a1b2c3d4-0000-4000-8000-000000000001', type: 'browser', issued_at: '2026-01-01T00:00:00Z' },
    identity: {
      id: '9f425a8d-7efc-4768-8f23-7647a74fdf13',
      schema_id: 'default',
      state: 'active',
      traits: { email: 'ann@example.test', name: { first: 'Ann', last: 'Example' }, consent: { newsletter: true } },
      metadata_public: null,
    },
    request_headers: { 'User-Agent': ['Mozilla/5.0 (X11; Linux x86_64)'], Accept: ['application/json'] },
    request_method: 'POST',
    request_url: 'https://auth.example.test/self-service/registration?flow=a1b2c3d4',
    request_cookies: { csrf_token: 'x'.repeat(44) },
    transient_payload: {},
  }
  const items = []
  while (JSON.stringify(base).length + JSON.stringify(items).length < bytes)
    items.push({ index: items.length, label: `item ${items.length}`, tags: ['a', 'b'], nested: { on: true } })
  return { ...base, transient_payload: { items } }
}

const seconds = 2

/** Evaluations a second, and bytes of heap each of them takes (garbage included). */
function measure(work) {
  for (const start = performance.now(); performance.now() - start < 500; ) work()
  globalThis.gc?.()
  let runs = 0
  const start = performance.now()
  while (performance.now() - start < seconds * 1000) {
    for (let i = 0; i < 20; i++) work()
    runs += 20
  }
  const perSecond = runs / ((performance.now() - start) / 1000)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 100; i++) work()
  return { perSecond, heap: Math.max(0, process.memoryUsage().heapUsed - before) / 100 }
}

function show(label, { perSecond, heap }) {
  console.log(
    `${label.padEnd(46)} ${Math.round(perSecond).toLocaleString('en').padStart(9)}/s ${(1e6 / perSecond).toFixed(1).padStart(8)} µs ${Math.round(
      heap / 1024,
    )
      .toLocaleString('en')
      .padStart(6)} KiB`,
  )
}

const small = { tla: { ctx: { value: context(2_000) } } }
const big = { tla: { ctx: { value: context(60_000) } } }
const hook = compile(hookBody)
const report = compile(large)
const dump = compile('function(ctx) ctx')
console.log(`Node ${process.version}; the reference (go-jsonnet in a worker) does 954/s of (a)`)
show(
  '(a) hook body, ctx of 2 KB',
  measure(() => hook.evaluate(small)),
)
show(
  '(b) hook body, ctx of 60 KB',
  measure(() => hook.evaluate(big)),
)
show(
  '(c) comprehensions, formats, sorting',
  measure(() => report.evaluate(small)),
)
show(
  '(d) the whole ctx, 2 KB',
  measure(() => dump.evaluate(small)),
)
show(
  '(e) the whole ctx, 60 KB',
  measure(() => dump.evaluate(big)),
)
show(
  'compile (a)',
  measure(() => compile(hookBody)),
)
show(
  'compile (c)',
  measure(() => compile(large)),
)

const entry = new URL('../src/index.ts', import.meta.url).href
const script = `const s = performance.now(); await import(${JSON.stringify(entry)}); console.log(performance.now() - s)`
const starts = Array.from({ length: 5 }, () =>
  Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })),
)
console.log(`start: importing the package takes ${Math.min(...starts).toFixed(0)} ms (types stripped while loading)`)
