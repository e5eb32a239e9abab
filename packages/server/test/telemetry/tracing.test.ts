import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, webHook } from '../app.ts'
import { at, textAt } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

type Collector = {
  readonly url: string
  readonly spans: JsonObject[]
  readonly headers: string[]
  close(): Promise<void>
}

const listIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

/** Takes OTLP over HTTP, as a collector does. */
async function startCollector(): Promise<Collector> {
  const [spans, headers]: [JsonObject[], string[]] = [[], []]
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
    request.on('end', () => {
      headers.push(request.headers.authorization ?? '')
      const body: Json = JSON.parse(Buffer.concat(chunks).toString())
      for (const resource of listIn(at(body, 'resourceSpans')))
        for (const scope of listIn(resource['scopeSpans'])) spans.push(...listIn(scope['spans']))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `127.0.0.1:${port}`,
    spans,
    headers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

describe.each(DIALECTS)('traces on %s', (dialect) => {
  let collector: Collector
  let receiver: Receiver
  beforeAll(async () => {
    collector = await startCollector()
    receiver = await startReceiver()
    const app = await startTestApp({
      dialect,
      config: {
        tracing: {
          provider: 'otel',
          service_name: 'people',
          providers: { otlp: { server_url: collector.url, insecure: true, authorization_header: 'Bearer collector' } },
        },
        selfservice: {
          flows: {
            registration: {
              before: { hooks: [webHook(receiver.url('/gate?token=hush-hush'))] },
              after: {
                password: {
                  hooks: [webHook(receiver.url('/crm'), { response: { ignore: true } }), { hook: 'session' }],
                },
              },
            },
          },
        },
      },
    })
    await somebody(app, 'api').signUp('ann@example.test')
    await fetch(`${app.publicUrl}/self-service/registration/api`, {
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    })
    await receiver.waitFor('/crm')
    await app.close()
  })
  afterAll(async () => {
    await receiver.close()
    await collector.close()
  })

  const named = (name: string) => collector.spans.filter((span) => span['name'] === name)
  const parent = (span: JsonObject | undefined) =>
    collector.spans.find((each) => each['spanId'] === span?.['parentSpanId'])

  test('a request, its actions, their calls and its commit are one trace', () => {
    const [call] = named(`POST 127.0.0.1:${receiver.port}`).filter((span) => span['parentSpanId'] !== undefined)
    expect(parent(call)?.['name']).toBe('actions registration.before')
    expect(parent(parent(call))?.['name']).toBe('GET /self-service/registration/api')
    const after = named('actions registration.after.password')
    expect(after).toHaveLength(1)
    expect(parent(after[0])?.['name']).toBe('POST /self-service/registration')
    expect(named('commit').map((span) => parent(span)?.['name'])).toContain('POST /self-service/registration')
    expect(collector.headers).toContain('Bearer collector')
    expect(JSON.stringify(collector.spans)).not.toMatch(/hush-hush|ann@example\.test/)
  })

  test('the trace of whoever asks goes on, to the receiver', () => {
    const ours = collector.spans.filter((span) => span['traceId'] === '0af7651916cd43dd8448eb211c80319c')
    expect(ours.map((span) => span['name'])).toEqual(
      expect.arrayContaining(['GET /self-service/registration/api', 'actions registration.before']),
    )
    const heard = receiver.callsTo('/gate').map((call) => call.headers['traceparent'])
    expect(heard.filter((header) => header?.startsWith('00-0af7651916cd43dd8448eb211c80319c-'))).toHaveLength(1)
  })

  test('a delivery is known to its receiver by its own names, and linked to what caused it', () => {
    const [, traceId, spanId] = receiver.callsTo('/crm')[0]?.headers['traceparent']?.split('-') ?? []
    const tried = collector.spans.find((span) => span['traceId'] === traceId)
    expect(tried).toMatchObject({ spanId })
    const cause = named('commit').find((span) => span['spanId'] === textAt(tried, 'links.0.spanId'))
    expect(parent(cause)?.['name']).toBe('POST /self-service/registration')
  })
})
