import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Who listens on a TCP port, as far as this system tells: `node server.js (pid 4711)`. Null where it does not. */
export function portOwner(port: number): string | null {
  try {
    const inodes = new Set(
      ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(readFileSync(table, 'utf8'), port)),
    )
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, inodes))
    if (pid === undefined) return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return `${command} (pid ${pid})`
  } catch {
    // Not Linux, or not ours to see.
    return null
  }
}

/** The inodes of the sockets in state LISTEN (0A) on this port (proc(5)). */
const listening = (table: string, port: number) =>
  table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const isHere =
      fields[1]?.endsWith(`:${port.toString(16).toUpperCase().padStart(4, '0')}`) === true && fields[3] === '0A'
    return isHere && fields[9] !== undefined ? [fields[9]] : []
  })

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlink(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && inodes.has(inode)
    })
  } catch {
    return false
  }
}

const readlink = (path: string) => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
