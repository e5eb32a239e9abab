import { ExpressionError } from './expression.ts'
import { isTemplate } from './text-template.ts'

/** A value as it may stand in a header: it can neither end it nor name a secret (reliability.md T39). */
export function headerValue(name: string, value: string): string {
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    throw new ExpressionError(
      `a value for the header ${name} holds a line break, a control character or one outside of ASCII`,
    )
  }
  if (isTemplate(value)) throw new ExpressionError(`a value for the header ${name} holds \${`)
  return value
}
