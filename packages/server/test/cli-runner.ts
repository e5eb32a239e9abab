import { vi } from 'vitest'
import { runCli } from '../src/cli/run.ts'

type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Runs a command of the CLI in this process, which is much quicker than one of its own: what it said and its exit code. */
export async function runCardea(args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' }
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    said.out += String(chunk)
    return true
  })
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    said.err += String(chunk)
    return true
  })
  try {
    await runCli(args)
    return { code: Number(process.exitCode ?? 0), ...said }
  } finally {
    out.mockRestore()
    err.mockRestore()
    process.exitCode = 0
  }
}
