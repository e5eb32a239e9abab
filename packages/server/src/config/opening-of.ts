import type { Opening, PemSource, TlsSettings } from '../core/settings.ts'

type Pem = { readonly path?: string | undefined; readonly base64?: string | undefined }

export type TlsKeys = { readonly key?: Pem | undefined; readonly cert?: Pem | undefined }

type SocketKeys = { readonly owner?: string | undefined; readonly group?: string | undefined; readonly mode: number }

type OpeningKeys = {
  readonly socket?: SocketKeys | undefined
  readonly tls?: TlsKeys | undefined
  readonly request_log: { readonly disable_for_health: boolean }
}

/** How a listener is opened, as `serve.*` says it. */
export const openingOf = ({ socket, tls, request_log }: OpeningKeys): Opening => ({
  socket: socket === undefined ? null : { owner: socket.owner ?? null, group: socket.group ?? null, mode: socket.mode },
  tls: tlsOf(tls),
  logsHealth: !request_log.disable_for_health,
})

/** A key and a certificate, or nothing. */
export function tlsOf(tls: TlsKeys | undefined): TlsSettings | null {
  const [key, cert] = [pemOf(tls?.key), pemOf(tls?.cert)]
  return key === null || cert === null ? null : { key, cert }
}

function pemOf(pem: Pem | undefined): PemSource | null {
  if (pem?.base64 !== undefined && pem.base64 !== '') return { kind: 'base64', base64: pem.base64 }
  return pem?.path === undefined || pem.path === '' ? null : { kind: 'file', path: pem.path }
}
