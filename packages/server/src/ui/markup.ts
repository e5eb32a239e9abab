/** Text that is HTML already. Only `markup` and `trusted` make it, so everything else is escaped on its way in. */
export type Markup = { readonly html: string }

/** What may stand in a template: nothing, a text to escape, markup, or a list of these. */
type Content = null | undefined | false | string | number | Markup | readonly Content[]

/** A tagged template for HTML: every value is escaped, in element content and in quoted attributes alike. */
export const markup = (texts: TemplateStringsArray, ...values: readonly Content[]): Markup => ({
  html: texts.map((text, i) => (i < values.length ? text + render(values[i]) : text)).join(''),
})

/** Takes a text of our own, such as the stylesheet, as it is. Never give it anything that came from outside. */
export const trusted = (html: string): Markup => ({ html })

type AttributeValue = string | number | boolean | null | undefined

/** The attributes of a tag, each with a space before it. `true` is an attribute without value; false, null and undefined leave it out. */
export const attributes = (of: { readonly [name: string]: AttributeValue }): Markup => ({
  html: Object.entries(of)
    .map(([name, value]) => {
      if (value === false || value === null || value === undefined) return ''
      return value === true ? ` ${name}` : ` ${name}="${escape(String(value))}"`
    })
    .join(''),
})

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (typeof content === 'string') return escape(content)
  if (typeof content === 'number') return String(content)
  return isList(content) ? content.map(render).join('') : content.html
}

const isList = (content: Markup | readonly Content[]): content is readonly Content[] => Array.isArray(content)
