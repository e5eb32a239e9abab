import type { Command } from 'commander'
import { UsageError } from './usage-error.ts'

export const withFormat = (command: Command): Command => command.option('--format <format>', 'table or json', 'table')

/** How somebody wants it; anything else is told. */
export function formatted({ format }: { readonly format: string }): 'table' | 'json' {
  if (format === 'table' || format === 'json') return format
  throw new UsageError('--format is either table or json.')
}

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
