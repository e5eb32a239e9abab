import type { StringKind, TokenKind } from './tokens.ts'

/** The stretch of source an expression was read from. */
export type Span = { readonly from: number; readonly to: number }

export type Visibility = 'inherit' | 'hidden' | 'visible'
export type Param = { readonly name: string; readonly fallback: Node | undefined }
export type NamedArg = { readonly name: string; readonly value: Node }
/** What a name is bound to; `params` where it was written as a function. */
export type Bind = { readonly name: string; readonly params: readonly Param[] | undefined; readonly body: Node } & Span

export type FieldName =
  | { readonly kind: 'fixed'; readonly name: string }
  | { readonly kind: 'computed'; readonly node: Node }
export type Field = {
  readonly kind: 'field'
  readonly name: FieldName
  readonly params: readonly Param[] | undefined
  readonly body: Node
  readonly plus: boolean
  readonly visibility: Visibility
}
export type ObjectLocal = {
  readonly kind: 'local'
  readonly name: string
  readonly params: readonly Param[] | undefined
  readonly body: Node
}
export type ObjectAssert = {
  readonly kind: 'assert'
  readonly condition: Node
  readonly message: Node | undefined
} & Span
export type Member = Field | ObjectLocal | ObjectAssert

/** One `for`, with the `if`s behind it. */
export type ForSpec = { readonly name: string; readonly source: Node; readonly conditions: readonly Node[] }

export type BinaryOp =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||'
export type UnaryOp = '!' | '~' | '+' | '-'

/** An expression as written. */
export type Node = Span &
  (
    | { readonly kind: 'null' | 'self' | 'dollar' }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'number'; readonly text: string }
    | { readonly kind: 'string'; readonly value: string; readonly spelling: StringKind }
    | { readonly kind: 'var'; readonly name: string }
    | { readonly kind: 'parens'; readonly inner: Node }
    | { readonly kind: 'super'; readonly index: FieldName }
    | { readonly kind: 'inSuper'; readonly index: Node }
    | { readonly kind: 'dot'; readonly target: Node; readonly name: string }
    | { readonly kind: 'index'; readonly target: Node; readonly index: Node }
    | { readonly kind: 'slice'; readonly target: Node; readonly bounds: readonly (Node | undefined)[] }
    | {
        readonly kind: 'apply'
        readonly target: Node
        readonly args: readonly Node[]
        readonly named: readonly NamedArg[]
        readonly tailstrict: boolean
      }
    | { readonly kind: 'applyBrace'; readonly left: Node; readonly right: Node }
    | { readonly kind: 'array'; readonly items: readonly Node[] }
    | { readonly kind: 'arrayComp'; readonly body: Node; readonly specs: readonly ForSpec[] }
    | { readonly kind: 'object'; readonly members: readonly Member[] }
    | { readonly kind: 'objectComp'; readonly members: readonly Member[]; readonly specs: readonly ForSpec[] }
    | { readonly kind: 'function'; readonly params: readonly Param[]; readonly body: Node }
    | { readonly kind: 'local'; readonly binds: readonly Bind[]; readonly body: Node }
    | { readonly kind: 'if'; readonly condition: Node; readonly yes: Node; readonly no: Node | undefined }
    | {
        readonly kind: 'assert'
        readonly condition: Node
        readonly message: Node | undefined
        readonly rest: Node
      }
    | { readonly kind: 'error'; readonly message: Node }
    | { readonly kind: 'import'; readonly form: ImportForm; readonly path: string }
    | { readonly kind: 'unary'; readonly op: UnaryOp; readonly body: Node }
    | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Node; readonly right: Node }
  )

export type ImportForm = Extract<TokenKind, 'import' | 'importstr' | 'importbin'>
