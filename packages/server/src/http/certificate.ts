import { readFileSync } from 'node:fs'
import type { PemSource, TlsSettings } from '../core/settings.ts'

/** A private key and the certificate that goes with it, both as PEM. */
export type Certificate = { readonly key: string; readonly cert: string }

/** Reads what a listener shows; null where it speaks plain http. Renewed files count with the next reload. */
export const readCertificate = (tls: TlsSettings | null): Certificate | null =>
  tls === null ? null : { key: readPem(tls.key), cert: readPem(tls.cert) }

const readPem = (source: PemSource) =>
  source.kind === 'file' ? readFileSync(source.path, 'utf8') : Buffer.from(source.base64, 'base64').toString()
