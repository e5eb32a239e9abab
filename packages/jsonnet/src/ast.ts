import type { Site } from './errors.ts'

export type Visibility = 'inherit' | 'hidden' | 'visible'
export type Param = { name: string; fallback: Node | undefined }
export type Bind = { name: string; body: Node }
export type Field = { name: Node; body: Node; plus: boolean; visibility: Visibility }
export type ObjectAssert = { condition: Node; message: Node | undefined; site: Site }
export type Spec = { kind: 'for'; name: string; source: Node } | { kind: 'if'; condition: Node }

/** An expression as written; desugaring happens while compiling. */
export type Node = { site: Site } & (
  | { kind: 'literal'; value: null | boolean | number | string }
  | { kind: 'var'; name: string }
  | { kind: 'self' }
  | { kind: 'dollar' }
  | { kind: 'super'; index: Node }
  | { kind: 'inSuper'; index: Node }
  | { kind: 'index'; target: Node; index: Node }
  | { kind: 'slice'; target: Node; from: Node | undefined; to: Node | undefined; step: Node | undefined }
  | { kind: 'apply'; target: Node; args: Node[]; named: Bind[]; tailstrict: boolean }
  | { kind: 'array'; items: Node[] }
  | { kind: 'arrayComp'; body: Node; specs: Spec[] }
  | { kind: 'object'; fields: Field[]; asserts: ObjectAssert[]; locals: Bind[] }
  | { kind: 'objectComp'; field: Field; locals: Bind[]; specs: Spec[] }
  | { kind: 'function'; params: Param[]; body: Node }
  | { kind: 'local'; binds: Bind[]; body: Node }
  | { kind: 'if'; condition: Node; yes: Node; no: Node | undefined }
  | { kind: 'assert'; condition: Node; message: Node | undefined; rest: Node }
  | { kind: 'error'; message: Node }
  | { kind: 'import'; form: 'import' | 'importstr' | 'importbin'; path: string }
  | { kind: 'unary'; op: string; body: Node }
  | { kind: 'binary'; op: string; left: Node; right: Node }
)
