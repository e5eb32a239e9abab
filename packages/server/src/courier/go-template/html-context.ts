/** Where in a document a piece of text ends, as far as it matters for a value that follows (html/template, "Contexts"). */
export type Context = {
  readonly state:
    | 'text'
    | 'comment'
    | 'tag'
    | 'attrName'
    | 'afterName'
    | 'beforeValue'
    | 'value'
    /** The content of `script`, `style`, `textarea` or `title`. */
    | 'raw'
  readonly element: '' | 'script' | 'style' | 'textarea' | 'title'
  /** The name of an attribute, as far as it is written. */
  readonly name: string
  readonly attribute: 'plain' | 'url' | 'list' | 'css' | 'script'
  readonly quote: '' | '"' | "'"
  /** How far a URL has come; `unknown`: differently far on different ways. */
  readonly url: 'start' | 'path' | 'query' | 'unknown'
  readonly css: 'plain' | 'comment' | 'text' | 'address'
}

export const DOCUMENT: Context = {
  state: 'text',
  element: '',
  name: '',
  attribute: 'plain',
  quote: '',
  url: 'start',
  css: 'plain',
}

export const keyOf = (context: Context) => Object.values(context).join(' ')

/** Reads text in a context: what is shown of it, and where it ends. Comments are left out, as html/template does. */
export function readText(start: Context, text: string): { readonly shown: string; readonly end: Context } {
  let context = start
  let shown = ''
  let at = 0
  while (at < text.length) {
    const step = STEPS[context.state](context, text, at)
    shown += step.shown ?? text.slice(at, step.at)
    context = step.context
    at = step.at
  }
  return { shown, end: context }
}

type Step = { readonly context: Context; readonly at: number; readonly shown?: string }
type Read = (context: Context, text: string, at: number) => Step

const TAG = /<\/?[a-zA-Z][^\s/>]*/y
const RAW_ELEMENTS = ['script', 'style', 'textarea', 'title'] as const
/** A CSS text goes to its quote, an address to its parenthesis. */
const CSS = /\/\*|\*\/|"|'|url\(|\)|\\./gs

const inText: Read = (context, text, at) => {
  const open = text.indexOf('<', at)
  if (open === -1) return { context, at: text.length }
  if (open > at) return { context, at: open }
  if (text.startsWith('<!--', at)) return { context: { ...context, state: 'comment' }, at: at + 4, shown: '' }
  TAG.lastIndex = at
  const tag = TAG.exec(text)?.[0]
  if (tag === undefined) {
    const isDoctype = text.slice(at, at + 9).toLowerCase() === '<!doctype'
    return { context, at: at + 1, shown: isDoctype ? '<' : '&lt;' }
  }
  const element = RAW_ELEMENTS.find((name) => tag.toLowerCase() === `<${name}`) ?? ''
  return { context: { ...DOCUMENT, state: 'tag', element }, at: at + tag.length }
}

const inComment: Read = (context, text, at) => {
  const close = text.indexOf('-->', at)
  if (close === -1) return { context, at: text.length, shown: '' }
  return { context: { ...context, state: 'text' }, at: close + 3, shown: '' }
}

const skipBlanks = (text: string, at: number) => {
  let end = at
  while (end < text.length && ' \t\r\n\f/'.includes(text.charAt(end))) end++
  return end
}

const inTag: Read = (context, text, at) => {
  const next = skipBlanks(text, at)
  if (next > at || next === text.length) return { context, at: Math.max(next, at) }
  if (text.charAt(at) === '>') return { context: afterTag(context), at: at + 1 }
  return { context: { ...context, state: 'attrName', name: '' }, at, shown: '' }
}

const afterTag = (context: Context): Context =>
  context.element === '' ? DOCUMENT : { ...DOCUMENT, state: 'raw', element: context.element }

const inName: Read = (context, text, at) => {
  let end = at
  while (end < text.length && !' \t\r\n\f/>='.includes(text.charAt(end))) end++
  // An attribute may begin with an equals sign, and only there.
  if (end === at && context.name === '' && text.charAt(at) === '=') end++
  const name = context.name + text.slice(at, end)
  if (end === text.length) return { context: { ...context, name }, at: end }
  return { context: { ...context, name, state: 'afterName', attribute: attributeOf(name) }, at: end }
}

const afterName: Read = (context, text, at) => {
  const next = skipBlanks(text, at)
  if (next === text.length) return { context, at: next }
  if (text.charAt(next) === '=') return { context: { ...context, state: 'beforeValue' }, at: next + 1 }
  return { context: { ...context, state: 'tag', name: '', attribute: 'plain' }, at: next }
}

const beforeValue: Read = (context, text, at) => {
  let next = at
  while (next < text.length && ' \t\r\n\f'.includes(text.charAt(next))) next++
  if (next === text.length) return { context, at: next }
  const sign = text.charAt(next)
  if (sign === '"' || sign === "'") return { context: { ...context, state: 'value', quote: sign }, at: next + 1 }
  if (sign === '>') return { context: afterTag(context), at: next + 1 }
  return { context: { ...context, state: 'value', quote: '' }, at: next }
}

const inValue: Read = (context, text, at) => {
  const end = endOfValue(context, text, at)
  const part = text.slice(at, end)
  const inside = {
    ...context,
    ...readUrl(context, part),
    css: context.attribute === 'css' ? readCss(context.css, part) : context.css,
  }
  if (end === text.length) return { context: inside, at: end }
  const element = context.element
  return { context: { ...DOCUMENT, state: 'tag', element }, at: context.quote === '' ? end : end + 1 }
}

function endOfValue({ quote }: Context, text: string, at: number): number {
  if (quote !== '') {
    const end = text.indexOf(quote, at)
    return end === -1 ? text.length : end
  }
  let end = at
  while (end < text.length && !' \t\r\n\f>'.includes(text.charAt(end))) end++
  return end
}

function readUrl(context: Context, part: string): Pick<Context, 'url'> {
  const isUrl = context.attribute === 'url' || context.attribute === 'list'
  if (!isUrl || part.trim() === '') return { url: context.url }
  if (/[?#]/.test(part)) return { url: 'query' }
  return { url: context.url === 'start' ? 'path' : context.url }
}

/** Texts, addresses and comments in CSS, as far as one has to know that one is inside. */
function readCss(start: Context['css'], part: string): Context['css'] {
  let css = start
  for (const [sign] of part.toLowerCase().matchAll(CSS)) {
    if (css === 'comment') css = sign === '*/' ? 'plain' : css
    else if (css === 'address') css = sign === ')' ? 'plain' : css
    else if (css === 'text') css = sign === '"' || sign === "'" ? 'plain' : css
    else if (sign === '/*') css = 'comment'
    else if (sign === 'url(') css = 'address'
    else if (sign === '"' || sign === "'") css = 'text'
  }
  return css
}

const inRaw: Read = (context, text, at) => {
  const close = text.toLowerCase().indexOf(`</${context.element}`, at)
  const end = close === -1 ? text.length : close
  const css = context.element === 'style' ? readCss(context.css, text.slice(at, end)) : context.css
  if (close === -1) return { context: { ...context, css }, at: end }
  return { context: { ...DOCUMENT, state: 'tag' }, at: end + `</${context.element}`.length }
}

const STEPS: { readonly [S in Context['state']]: Read } = {
  text: inText,
  comment: inComment,
  tag: inTag,
  attrName: inName,
  afterName,
  beforeValue,
  value: inValue,
  raw: inRaw,
}

const URLS = new Set([
  'action',
  'archive',
  'background',
  'cite',
  'classid',
  'codebase',
  'data',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'manifest',
  'poster',
  'profile',
  'src',
  'usemap',
  'xmlns',
])

/** What an attribute of this name holds; of an unknown one by what it is called, as html/template does. */
function attributeOf(written: string): Context['attribute'] {
  const lower = written.toLowerCase()
  if (lower.startsWith('xmlns:')) return 'url'
  const name = lower.startsWith('data-') ? lower.slice(5) : (lower.split(':', 2)[1] ?? lower)
  if (name === 'style') return 'css'
  if (name === 'srcset' || name === 'imagesrcset') return 'list'
  if (name.startsWith('on') || name === 'srcdoc') return 'script'
  const isUrl = URLS.has(name) || (lower.startsWith('data-') && /src|uri|url/.test(name))
  return isUrl ? 'url' : 'plain'
}
