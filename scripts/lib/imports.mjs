// Reads who imports whom. TypeScript 7 has no JS API, so this is a scanner of our own: it skips comments and texts, and
// knows only the forms our style allows.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** @typedef {{ from: string, specifier: string, target: string | null, names: string[], typeOnly: boolean, line: number }} Import */
/** @typedef {{ name: string, line: number, isPublic: boolean }} Export */

/** @param {string} folder @returns {string[]} */
export const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\/(node_modules|dist)\//.test(file))
    .sort()

/** Blanks out comments and the inside of texts, keeping every line where it is. @param {string} source */
export function withoutComments(source) {
  return source.replace(/\/\*[\s\S]*?\*\/|(?<![:\\'"`])\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '))
}

const IMPORT =
  /^[ \t]*(import|export)\s+(type\s+)?(?:(\*(?:\s+as\s+\w+)?|\{[^}]*\}|[\w$]+(?:\s*,\s*\{[^}]*\})?)\s+from\s+)?['"]([^'"]+)['"]/gm

/** @param {string} file @param {string} source @returns {Import[]} */
export function importsOf(file, source) {
  const clean = withoutComments(source)
  return [...clean.matchAll(IMPORT)]
    .filter(([, keyword, , clause]) => keyword === 'import' || clause !== undefined)
    .map((match) => {
      const [, , typed, clause = '', specifier = ''] = match
      const inBraces = /\{([^}]*)\}/.exec(clause)?.[1] ?? ''
      const parts = inBraces
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
      const names = parts.map((part) => part.replace(/^type\s+/, '').split(/\s+as\s+/)[0] ?? '')
      const typeOnly =
        typed !== undefined ||
        (parts.length > 0 && !/^[\w$*]/.test(clause) && parts.every((part) => part.startsWith('type ')))
      const target = specifier.startsWith('.') ? resolve(dirname(file), specifier) : null
      return {
        from: file,
        specifier,
        target,
        names: clause.startsWith('*') ? ['*'] : names,
        typeOnly,
        line: lineOf(clean, match.index),
      }
    })
}

const EXPORT = /^export\s+(?:async\s+)?(?:declare\s+)?(?:const|let|function\*?|class|type|interface)\s+([\w$]+)/gm

/** @param {string} source @returns {Export[]} */
export const exportsOf = (source) =>
  [...withoutComments(source).matchAll(EXPORT)].map((match) => ({
    name: match[1] ?? '',
    line: lineOf(source, match.index),
    isPublic: /@public[^/]*\*\/\s*$/.test(source.slice(0, match.index)),
  }))

/** @param {string} source @param {number} index */
const lineOf = (source, index) => source.slice(0, index).split('\n').length + (source[index] === '\n' ? 1 : 0)

/** @param {string} folder */
export const scan = (folder) =>
  filesUnder(folder).map((file) => {
    const source = readFileSync(file, 'utf8')
    return { file, source, imports: importsOf(file, source), exports: exportsOf(source) }
  })

/** @param {string} root @param {string} file @param {number} line */
export const place = (root, file, line) => `${relative(root, file)}:${line}`
