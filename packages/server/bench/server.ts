import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../src/core/json.ts'
import { freePort } from '../test/free-port.ts'
import { pinned } from './pin.ts'

/** A server under load: the built one, in a process of its own. */
export type Server = {
  readonly publicUrl: string
  readonly adminUrl: string
  /** From the start of the process to the first answer of /health/ready. */
  readonly readyAfter: number
  /** Megabytes that it keeps in memory at the moment. */
  resident(): number
  /** Milliseconds of processor time that it has used so far, of all its threads. */
  cpu(): number
  stop(): Promise<void>
  /** Without a goodbye: nobody waits for what is under way. */
  kill(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../dist/main.mjs', import.meta.url))

/** Starts `cardea serve PART` with a configuration; its two listeners get free ports. */
export async function startServer(part: 'identity' | 'oauth2', config: (ports: Ports) => JsonObject): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-bench-'))
  const ports = { open: await freePort(), admin: await freePort() }
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(config(ports)))
  const started = performance.now()
  const [command, ...args] = pinned(0, [process.execPath, MAIN, 'serve', part, '-c', file, '--dev', '--migrate'])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  child.stderr.on('data', (chunk) => said.push(String(chunk)))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const publicUrl = `http://127.0.0.1:${ports.open}`
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal)
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  while (!(await isReady(publicUrl))) {
    if (child.exitCode === null && performance.now() - started < 20_000) continue
    await end('SIGTERM')
    throw new Error(`the server did not start:\n${said.join('')}`)
  }
  return {
    publicUrl,
    adminUrl: `http://127.0.0.1:${ports.admin}`,
    readyAfter: performance.now() - started,
    resident: () => residentOf(child.pid ?? 0),
    cpu: () => cpuOf(child.pid ?? 0),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

export type Ports = { readonly open: number; readonly admin: number }

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return false
  }
}

/** Zero where the system does not say. */
function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** The fields after the name in parentheses, in ticks of which there are a hundred a second (proc(5)). */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}
