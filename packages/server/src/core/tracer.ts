type Attributes = { readonly [name: string]: string | number | boolean }

/** A piece of work as traces show it. */
export type Span = {
  set(attributes: Attributes): void
  /** What names it to others (W3C Trace Context); null where nobody traces. */
  readonly traceparent: string | null
}

type SpanOptions = {
  readonly kind?: 'server' | 'client' | 'internal'
  readonly attributes?: Attributes
  /** The span of somebody else that this one goes on from. */
  readonly parent?: string | null
  /** It begins a trace of its own, and is known by these names already. */
  readonly named?: string
  /** Spans it has to do with. */
  readonly links?: readonly string[]
}

/** Who shows what was done, and within what. */
export type Tracer = {
  span<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>
  /** The span that is under way, by its name for others; null where there is none. */
  current(): string | null
}

const nobody: Span = { set: () => {}, traceparent: null }

/** Nobody looks: nothing is kept, and nothing costs anything. */
export const noTracer: Tracer = { span: (_name, _options, work) => work(nobody), current: () => null }
