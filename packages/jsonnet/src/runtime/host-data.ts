import { type Arr, array, type Json, type Layer, NULL, type Obj, type Value } from './values.ts'

type Data = { readonly [key: string]: Json }

/** The caller's data as a value: one level now, the rest when it is touched. The data itself is only read. */
export function fromHost(json: Json): Value {
  if (json === null || json === undefined) return NULL
  if (typeof json === 'string') return json.isWellFormed() ? json : json.toWellFormed()
  if (typeof json === 'number') return Number.isFinite(json) ? json : NULL
  if (typeof json === 'boolean') return json
  return isList(json) ? fromHostList(json) : fromHostObject(json)
}

function isList(json: readonly Json[] | Data): json is readonly Json[] {
  return Array.isArray(json)
}

function fromHostList(json: readonly Json[]): Arr {
  return array(json.map(fromHost))
}

function fromHostObject(data: Data): Obj {
  return {
    kind: 'object',
    layers: [{ kind: 'host', data }],
    parts: undefined,
    cache: undefined,
    first: undefined,
    asserted: true,
  }
}

export function hostHas(data: Data, name: string): boolean {
  return Object.hasOwn(data, name) && data[name] !== undefined
}

export function hostField(data: Data, name: string): Value {
  return fromHost(data[name] ?? null)
}

export function hostNames(data: Data): string[] {
  const names = Object.keys(data)
  return names.some((name) => data[name] === undefined) ? names.filter((name) => data[name] !== undefined) : names
}

/** The data behind a value that is nothing but the caller's, untouched by the program. */
export function hostData(layers: readonly Layer[]): Data | undefined {
  const [layer] = layers
  return layers.length === 1 && layer?.kind === 'host' ? layer.data : undefined
}
