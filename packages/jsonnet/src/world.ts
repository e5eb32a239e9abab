import { JsonnetError } from './errors.ts'
import { compileProgram } from './compile/compile.ts'
import { fail, force, type Machine, type World } from './runtime/machine.ts'
import { fromHost } from './runtime/host-data.ts'
import { extend, readyObject } from './runtime/objects.ts'
import { array, type Json, type Lazy, noEnv, type Obj, thunk, type Value } from './runtime/values.ts'
import type { Site } from './source.ts'
import { hostFunction, type HostFunction } from './std/host-function.ts'
import { members } from './std/library.ts'
import type { ImportForm } from './syntax/ast.ts'
import { parse } from './syntax/parser.ts'

/** A plain value, or Jsonnet code. */
export type Binding = { readonly value: Json } | { readonly code: string }

/** Finds what a program imports; `from` is the importing file. It throws if there is no such thing. */
export type Importer = (from: string, path: string) => { readonly file: string; readonly content: string | Uint8Array }

export type Surroundings = {
  readonly extVars?: Readonly<Record<string, Binding>> | undefined
  readonly importer?: Importer | undefined
  /** What `std.native` finds. */
  readonly natives?: Readonly<Record<string, HostFunction>> | undefined
  /** Gets the lines of `std.trace`. */
  readonly trace?: ((line: string) => void) | undefined
  readonly maxTrace?: number | undefined
}

/** What one evaluation knows of the outside; nothing of it outlives the evaluation. */
export function openWorld(given: Surroundings, inputLimit: number, now: () => number): World {
  const libraries = new Map<string, Obj>()
  const variables = new Map<string, Lazy>()
  const imports = importsOf(given.importer, inputLimit)
  return {
    now,
    maxTrace: given.maxTrace ?? 20,
    trace: given.trace ?? (() => undefined),
    import: imports,
    native: (name) => {
      const { natives } = given
      const found = natives !== undefined && Object.hasOwn(natives, name) ? natives[name] : undefined
      return found === undefined ? undefined : hostFunction(found)
    },
    std: (file) => {
      const known = libraries.get(file) ?? extend(baseLibrary, readyObject([['thisFile', file]], 'hidden'))
      libraries.set(file, known)
      return known
    },
    extVar: (_, name) => {
      const known = variables.get(name)
      if (known !== undefined) return known
      const { extVars } = given
      const binding = extVars !== undefined && Object.hasOwn(extVars, name) ? extVars[name] : undefined
      if (binding === undefined) return undefined
      const value = bound(binding, `<extvar:${name}>`, inputLimit)
      variables.set(name, value)
      return value
    },
  }
}

const baseLibrary: Obj = readyObject(members, 'hidden')

/** A binding as a value; code is compiled now and evaluated when it is used. */
export function bound(binding: Binding, file: string, inputLimit: number): Lazy {
  if ('value' in binding) return fromHost(binding.value)
  return thunk(compileText({ file, text: binding.code }, inputLimit), noEnv)
}

export function compileText(
  source: { readonly file: string; readonly text: string },
  inputLimit: number,
): ReturnType<typeof compileProgram> {
  if (source.text.length > inputLimit) throw new JsonnetError('limit', 'source too large', 'input')
  const wellFormed = { file: source.file, text: source.text.toWellFormed() }
  return compileProgram(wellFormed, parse(wellFormed))
}

function importsOf(importer: Importer | undefined, inputLimit: number): World['import'] {
  const programs = new Map<string, Lazy>()
  return (m, form, path, site) => {
    const { file, content } = fetchImport(m, importer, path, site)
    if (content.length > inputLimit) throw new JsonnetError('limit', 'import too large', 'input')
    if (form !== 'import') return asData(form, content)
    const known = programs.get(file) ?? compileImport(m, file, textOf(content), { site, inputLimit })
    programs.set(file, known)
    return force(m, known, site)
  }
}

function fetchImport(m: Machine, importer: Importer | undefined, path: string, site: Site): ReturnType<Importer> {
  if (importer === undefined) return fail(m, `import not available ${path}`, site)
  try {
    return importer(site.source.file, path)
  } catch (error) {
    return fail(m, error instanceof Error ? error.message : String(error), site)
  }
}

function asData(form: ImportForm, content: string | Uint8Array): Value {
  if (form === 'importstr') return textOf(content)
  return array([...(typeof content === 'string' ? new TextEncoder().encode(content) : content)])
}

function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content.toWellFormed() : new TextDecoder().decode(content)
}

type Importing = { readonly site: Site; readonly inputLimit: number }

/** What is wrong with an imported file is an error of the program that imports it. */
function compileImport(m: Machine, file: string, text: string, { site, inputLimit }: Importing): Lazy {
  try {
    return thunk(compileText({ file, text }, inputLimit), noEnv)
  } catch (error) {
    if (!(error instanceof JsonnetError) || error.kind !== 'static') throw error
    return fail(m, error.message.split('\n')[0] ?? '', site)
  }
}
