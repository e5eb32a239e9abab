import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { PemSource, TlsSettings } from '../core/settings.ts'

/** A private key and the certificate that goes with it, both as PEM. */
export type Certificate = { readonly key: string; readonly cert: string }

/** Reads what a listener shows; null where it speaks plain http. Renewed files count with the next reload. Throws where it can't be shown. */
export function readCertificate(tls: TlsSettings | null): Certificate | null {
  if (tls === null) return null
  const read = { key: readPem(tls.key), cert: readPem(tls.cert) }
  createSecureContext(read)
  return read
}

const readPem = (source: PemSource) =>
  source.kind === 'file' ? readFileSync(source.path, 'utf8') : Buffer.from(source.base64, 'base64').toString()
