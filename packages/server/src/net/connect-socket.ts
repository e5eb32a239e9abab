import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { guardedConnector, type Reach, type Resolve } from './guarded-connector.ts'

/** Opens a plain connection through the same guard as every call: to a mail server, for instance. */
export function connectSocket(
  { host, port, reach }: { readonly host: string; readonly port: number; readonly reach: Reach },
  resolve: Resolve = (name) => lookup(name, { all: true, verbatim: true }),
): Promise<Socket> {
  const connect = guardedConnector(reach, resolve)
  return new Promise((resolve, reject) => {
    connect({ hostname: host, host, port: String(port), protocol: 'tcp:' }, (error, socket) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
  })
}
