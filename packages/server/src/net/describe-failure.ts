import { errors } from 'undici'
import type { FailureReason, Sent } from './outgoing.ts'
import { RefusedAddressError, UnresolvedNameError } from './guarded-connector.ts'

/** What went wrong on the network, in one word and one sentence. Anything unknown counts as a lost connection. */
export function describeFailure(error: unknown): Sent {
  const { reason, detail } = failureOf(error)
  return { kind: 'failed', reason, detail }
}

type Failure = { readonly reason: FailureReason; readonly detail: string }

function failureOf(error: unknown): Failure {
  if (error instanceof RefusedAddressError) return { reason: 'refused_address', detail: error.message }
  if (error instanceof UnresolvedNameError) return { reason: 'dns', detail: error.message }
  const code = codeOf(error)
  const reason =
    error instanceof errors.HTTPParserError ? 'bad_answer' : (REASONS[code] ?? (isTls(code) ? 'tls' : 'closed'))
  return { reason, detail: `${SENTENCES[reason] ?? 'the connection was lost'}${code === '' ? '' : ` (${code})`}` }
}

const REASONS: { readonly [code: string]: FailureReason } = {
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  EADDRNOTAVAIL: 'connect',
  ETIMEDOUT: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_INVALID_ARG: 'invalid_request',
  UND_ERR_NOT_SUPPORTED: 'invalid_request',
  ERR_INVALID_URL: 'invalid_request',
  UND_ERR_HEADERS_OVERFLOW: 'bad_answer',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_answer',
}

const SENTENCES: { readonly [R in FailureReason]?: string } = {
  connect: 'no connection could be made',
  tls: 'the certificate is not trusted or TLS failed',
  invalid_request: 'the method or a header cannot be sent',
  bad_answer: 'the answer is not HTTP, or its headers are too large',
}

const TLS_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'EPROTO',
])
const isTls = (code: string) => TLS_CODES.has(code) || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_')

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
