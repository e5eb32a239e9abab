import { fileURLToPath } from 'node:url'

/** How files and documents of the web are read; tests bring their own. */
export type Reading = {
  readonly readFile: (path: string) => Promise<string>
  readonly fetchText: (url: string) => Promise<string>
}

const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/

/** The path of a file a configuration refers to; null where it refers to none. */
export function fileOf(location: string): string | null {
  if (/^(https?|base64):\/\//.test(location)) return null
  if (!location.startsWith('file://')) return location
  // `file://./x` is no valid URL, and is what people write.
  const rest = location.slice('file://'.length)
  return rest.startsWith('/') && URL.canParse(location) ? fileURLToPath(location) : rest
}

/** Reads what a `file://`, `base64://`, `http(s)://` or plain path leads to. */
export async function readResource({ readFile, fetchText }: Reading, location: string): Promise<string> {
  const path = fileOf(location)
  if (path !== null) return readFile(path)
  if (!location.startsWith('base64://')) return fetchText(location)
  const data = location.slice('base64://'.length)
  if (!BASE64.test(data)) throw new Error('it is not valid base64')
  return Buffer.from(data, 'base64').toString()
}

/** What the system says, without a path of its own. */
export const reasonOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? ({ ENOENT: 'there is none', EACCES: 'it may not be read', EISDIR: 'it is a folder' }[error.code] ?? error.code)
    : error instanceof Error
      ? error.message
      : String(error)
