import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { TracingSettings } from '../core/settings.ts'
import type { Span, Tracer } from '../core/tracer.ts'

export type Tracing = Tracer & {
  /** Sends what has come together, and no more. */
  stop(): Promise<void>
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const

/** Starts to send traces by OTLP over HTTP. What it needs is loaded only here: whoever doesn't trace pays nothing. */
export async function startTracing(settings: TracingSettings, version: string): Promise<Tracing> {
  const [
    { BatchSpanProcessor, ParentBasedSampler, RandomIdGenerator, TraceIdRatioBasedSampler, TracerProvider },
    { OTLPTraceExporter },
    { resourceFromAttributes },
  ] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const random = new RandomIdGenerator()
  // A delivery is known to its receiver by names that were there before its span is.
  const given: { named: SpanContext | null } = { named: null }
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.serviceName,
      'service.version': version,
      ...(settings.environment === null ? {} : { 'deployment.environment.name': settings.environment }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.ratio) }),
    idGenerator: {
      generateTraceId: () => given.named?.traceId ?? random.generateTraceId(),
      generateSpanId: () => given.named?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: settings.url, headers: { ...settings.headers } }),
      }),
    ],
  })
  const tracer = provider.getTracer('cardea', version)
  const under = new AsyncLocalStorage<Context>()

  const start: Start = (name, { kind = 'internal', attributes = {}, parent = null, named, links = [] }) => {
    const context = contextFor(under.getStore(), parent, named)
    given.named = named === undefined ? null : readTraceparent(named)
    try {
      const linked = links.flatMap((link) => readTraceparent(link) ?? []).map((found) => ({ context: found }))
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes }, links: linked }, context)
      return { span, context: trace.setSpan(context, span) }
    } finally {
      given.named = null
    }
  }
  return {
    span: async (name, options, work) => {
      const { span, context } = start(name, options)
      try {
        return await under.run(context, () => work(told(span)))
      } catch (error) {
        // What it says may hold what a person wrote; its kind does not.
        span.setStatus({ code: SpanStatusCode.ERROR })
        span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown')
        throw error
      } finally {
        span.end()
      }
    },
    current: () => {
      const span = trace.getSpan(under.getStore() ?? ROOT_CONTEXT)
      return span === undefined ? null : traceparentOf(span.spanContext())
    },
    stop: () => provider.shutdown(),
  }
}

type Start = (
  name: string,
  options: Parameters<Tracer['span']>[1],
) => { readonly span: OtelSpan; readonly context: Context }

function contextFor(current: Context | undefined, parent: string | null, named: string | undefined): Context {
  if (named !== undefined) return ROOT_CONTEXT
  const remote = parent === null ? null : readTraceparent(parent)
  return remote === null ? (current ?? ROOT_CONTEXT) : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true })
}

const told = (span: OtelSpan): Span => ({
  set: (attributes) => void span.setAttributes({ ...attributes }),
  traceparent: traceparentOf(span.spanContext()),
})

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext) =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

/** W3C Trace Context §3.2; what is none begins a new trace. */
function readTraceparent(text: string): SpanContext | null {
  const [, traceId = '', spanId = '', flags = ''] =
    /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(text.trim()) ?? []
  if (traceId === '' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 }
}
