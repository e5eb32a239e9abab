const c1 = /[\u007f-\u009f]/g
// Most texts have nothing to escape, and looking is cheaper than escaping.
// oxlint-disable-next-line no-control-regex
const special = /[\u0000-\u001f"\\\u007f-\u009f]/

/** A text as a JSON string, with the control characters of both blocks escaped. */
export function quote(text: string): string {
  if (!special.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(c1, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)
}
