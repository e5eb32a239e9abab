import { readFileSync } from 'node:fs'

/** The version in package.json, which lies in the package's folder: one above the bundle, two above this file. */
export const version = readVersion()

function readVersion(): string {
  const places = ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url))
  for (const place of places) {
    const text = readText(place)
    const found = text === null ? null : /"version":\s*"([^"]+)"/.exec(text)?.[1]
    if (found) return found
  }
  return '0.0.0'
}

function readText(place: URL): string | null {
  try {
    return readFileSync(place, 'utf8')
  } catch {
    return null
  }
}
