/** What a template says, read and checked: every function exists, every variable is declared. `at` is an offset in its text. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipe: Pipe
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | null }
  | { readonly kind: 'break' | 'continue' }
)

/** Commands from left to right; each gets the value of the one before as its last argument. */
export type Pipe = {
  readonly at: number
  /** Variables that get the value: in `range`, one gets the element, two get key and element. */
  readonly variables: readonly string[]
  readonly assigns: 'nothing' | 'new' | 'known'
  readonly commands: readonly Command[]
}

export type Command =
  | { readonly kind: 'call'; readonly at: number; readonly name: string; readonly operands: readonly Operand[] }
  | { readonly kind: 'value'; readonly at: number; readonly operand: Operand }

export type Operand = { readonly at: number } & (
  | { readonly kind: 'constant'; readonly value: string | number | boolean | null }
  /** A path from dot, from a variable or from a pipe in parentheses. */
  | { readonly kind: 'dot'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly path: readonly string[] }
)

/** A template and those it defines, by name. The one that was loaded has the name ''. */
export type Templates = ReadonlyMap<string, readonly Node[]>
