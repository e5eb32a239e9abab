/** What the readers of the tree need to know of one of its nodes. JSON Schema, and our own marks (`parts.ts`). */
export type SchemaNode = {
  readonly '~kind'?: string
  /** Checks beyond JSON Schema, each with its text. */
  readonly '~refine'?: readonly { readonly error: (value: unknown) => string }[]
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: { readonly [key: string]: SchemaNode }
  readonly patternProperties?: { readonly [pattern: string]: SchemaNode }
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: unknown
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly pattern?: string
  readonly writeOnly?: boolean
  readonly need?: string
  readonly place?: string
  readonly open?: boolean
  readonly hint?: string
  readonly secretPart?: string
}

/** The node of one member or item; null where the tree has none. */
export function childOf(node: SchemaNode, step: string | number): SchemaNode | null {
  if (typeof step === 'number') return node.items ?? null
  if (node.properties !== undefined && Object.hasOwn(node.properties, step)) return node.properties[step] ?? null
  const [, inner] =
    Object.entries(node.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(step)) ?? []
  return inner ?? null
}
