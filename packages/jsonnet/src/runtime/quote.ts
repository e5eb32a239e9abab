const c1 = /[\u007f-\u009f]/
const allC1 = /[\u007f-\u009f]/g

/** A text as a JSON string, with the control characters of both blocks escaped. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text)
  return c1.test(quoted) ? quoted.replace(allC1, (char) => `\\u00${char.charCodeAt(0).toString(16)}`) : quoted
}
