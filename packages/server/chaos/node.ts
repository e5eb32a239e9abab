import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../src/core/json.ts'
import { freePort } from '../test/free-port.ts'

/** A server that is started again whenever it dies. */
export type ChaosNode = {
  readonly publicUrl: string
  /** SIGKILL: no instruction more is carried out. False where it is dead already. */
  kill(): boolean
  stop(): Promise<void>
}

type Ports = { readonly open: number; readonly admin: number }

/** Starts a server from `main` and keeps one running until it is stopped. */
export async function startNode(main: string, config: (ports: Ports) => JsonObject): Promise<ChaosNode> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-chaos-'))
  const ports = { open: await freePort(), admin: await freePort() }
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(config(ports)))
  const publicUrl = `http://127.0.0.1:${ports.open}`
  const said: string[] = []
  const now: { child: ChildProcess | null; isStopping: boolean; exited: Promise<void> } = {
    child: null,
    isStopping: false,
    exited: Promise.resolve(),
  }
  const start = () => {
    const args = ['--disable-warning=ExperimentalWarning', main, 'serve', '-c', file, '--dev', '--migrate']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (chunk) => said.splice(0, said.length - 50, String(chunk)))
    now.child = child
    now.exited = new Promise((resolve) => {
      child.once('exit', () => {
        now.child = null
        resolve()
        if (!now.isStopping) start()
      })
    })
  }
  start()
  const stop = async () => {
    now.isStopping = true
    now.child?.kill('SIGTERM')
    await now.exited
    rmSync(folder, { recursive: true, force: true })
  }
  const until = performance.now() + 30_000
  while (!(await isReady(publicUrl))) {
    if (performance.now() < until) continue
    await stop()
    throw new Error(`the server did not start:\n${said.join('')}`)
  }
  return { publicUrl, kill: () => now.child?.kill('SIGKILL') ?? false, stop }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return false
  }
}
