import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'

type Field = [string, string]

/** A form body, nested as `a[b][0]=…`, its fields sorted by name. Null where a value is neither text nor nested. */
export function renderForm(value: JsonObject): string | null {
  const fields: Field[] = []
  for (const [name, inner] of Object.entries(value)) {
    if (!collect(fields, name, inner)) return null
  }
  const form = new URLSearchParams(fields)
  form.sort()
  return form.toString()
}

/** What is null is left out; numbers have more than one spelling, so they must be written out. */
function collect(fields: Field[], name: string, value: Json): boolean {
  if (value === null) return true
  if (typeof value === 'string') return fields.push([name, value]) > 0
  if (Array.isArray(value)) return value.every((item: Json, at) => collect(fields, `${name}[${at}]`, item))
  if (!isJsonObject(value)) return false
  return Object.entries(value).every(([key, member]) => collect(fields, `${name}[${key}]`, member))
}
