/** Marks and keywords carry their text as kind; the rest carry a value. */
export type TokenKind =
  | '{'
  | '}'
  | '['
  | ']'
  | ','
  | '$'
  | '.'
  | '('
  | ')'
  | ';'
  | Keyword
  | 'IDENTIFIER'
  | 'NUMBER'
  | 'OPERATOR'
  | StringKind
  | 'end of file'

export type StringKind =
  | 'STRING_BLOCK'
  | 'STRING_DOUBLE'
  | 'STRING_SINGLE'
  | 'VERBATIM_STRING_DOUBLE'
  | 'VERBATIM_STRING_SINGLE'

/** A token; `text` is its spelling, for strings what stands between the quotes. */
export type Token = { readonly kind: TokenKind; readonly text: string; readonly from: number; readonly to: number }

const keywords = [
  'assert',
  'else',
  'error',
  'false',
  'for',
  'function',
  'if',
  'import',
  'importstr',
  'importbin',
  'in',
  'local',
  'null',
  'self',
  'super',
  'tailstrict',
  'then',
  'true',
] as const
type Keyword = (typeof keywords)[number]

const byText: ReadonlyMap<string, Keyword> = new Map(keywords.map((word) => [word, word]))

export function keyword(text: string): Keyword | undefined {
  return byText.get(text)
}

export function isString(kind: TokenKind): kind is StringKind {
  return kind === 'STRING_BLOCK' || kind.startsWith('STRING_') || kind.startsWith('VERBATIM_')
}

/** How a kind is named in messages. */
export function kindText(kind: TokenKind): string {
  return /^[^a-zA-Z]$/.test(kind) ? `"${kind}"` : kind
}

/** How a token is shown in messages. */
export function tokenText({ kind, text }: Token): string {
  if (text === '') return kindText(kind)
  return kind === 'IDENTIFIER' || kind === 'NUMBER' || kind === 'OPERATOR' || isString(kind)
    ? `(${kind}, "${text}")`
    : `"${text}"`
}
