/** The headers of one attempt: which delivery it is, which try, and the thread that tracing follows. */
export function attemptHeaders(
  deliveryId: string,
  requestId: string,
  emitHeaders: boolean,
): { readonly [name: string]: string } {
  return {
    'webhook-id': deliveryId,
    // W3C Trace Context: the trace is the delivery, the span the attempt.
    traceparent: `00-${hex(deliveryId, 32)}-${hex(requestId, 16)}-01`,
    ...(emitHeaders ? { 'ory-webhook-trigger-id': deliveryId, 'ory-webhook-request-id': requestId } : {}),
  }
}

const hex = (uuid: string, length: number) => uuid.replaceAll('-', '').slice(-length)
