import { chmod, chown, readFile, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Listener, Opening, SocketSettings } from '../core/settings.ts'

export type Place = Pick<Listener, 'host' | 'port'> & Pick<Opening, 'socket'>

/** Opens a listener at a port, or at a unix socket where the host is spelt `unix:/path` (ory-identity-api.md §10.2). */
export async function listen(app: FastifyInstance, { host, port, socket }: Place): Promise<void> {
  const path = /^unix:(?:\/\/)?(\/.+)$/.exec(host)?.[1]
  if (path === undefined) {
    await app.listen({ host, port })
    return
  }
  await removeStale(path)
  await app.listen({ path })
  if (socket !== null) await restrict(path, socket)
}

/** What a process that was killed has left behind is removed; a socket that somebody answers is not. */
async function removeStale(path: string): Promise<void> {
  const isAnswered = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
  if (!isAnswered) await unlink(path).catch(() => {})
}

async function restrict(path: string, { owner, group, mode }: SocketSettings): Promise<void> {
  await chmod(path, mode)
  if (owner === null && group === null) return
  const [uid, gid] = [await idIn('/etc/passwd', owner), await idIn('/etc/group', group)]
  await chown(path, uid, gid)
}

/** The number of a user or group; -1 leaves it as it is (chown(2)). */
async function idIn(file: string, name: string | null): Promise<number> {
  if (name === null) return -1
  if (/^\d+$/.test(name)) return Number(name)
  const entries = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'))
  const id = entries.find(([known]) => known === name)?.[2]
  if (id === undefined) throw new Error(`there is no "${name}" in ${file}`)
  return Number(id)
}
