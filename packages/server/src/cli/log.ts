import { pino } from 'pino'
import type { JsonObject } from '../core/json.ts'
import type { Log } from '../core/log.ts'

type LogOptions = { readonly level: string; readonly format: 'json' | 'text' }

/** Where log lines go: one JSON object a line for machines, or one line of text for people. */
export function createLog({ level, format }: LogOptions, write: (line: string) => void): Log {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: format === 'json' ? write : textTo(write) },
  )
  return (level, event, fields) => logger[level](fields, event)
}

const NAMES: { readonly [level: number]: string } = { 20: 'debug', 30: 'info', 40: 'WARN', 50: 'ERROR' }

function textTo(write: (line: string) => void): (line: string) => void {
  return (line) => {
    const parsed: JsonObject = JSON.parse(line)
    const { level, time, msg, ...fields } = parsed
    const at = typeof time === 'string' ? time.slice(11, 19) : ''
    const name = typeof level === 'number' ? (NAMES[level] ?? String(level)) : ''
    const rest = Object.entries(fields).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    write(`${at} ${name.padEnd(5)} ${[typeof msg === 'string' ? msg : '', ...rest].join(' ')}\n`)
  }
}
