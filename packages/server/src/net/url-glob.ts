/** Whether a URL (without query and fragment) is named by a glob: `*` stays within a label or path segment, `**` does not. */
export function matchesGlob(url: URL, glob: string): boolean {
  const whole = `${url.protocol}//${url.host}${url.pathname}`
  const pattern = new RegExp(`^${translate(glob)}$`, 'su')
  return pattern.test(whole) || (url.pathname === '/' && pattern.test(whole.slice(0, -1)))
}

const TOKEN = /\*\*|\*|\?|\{|\}|,|\\.|\[!?[^\]]+\]|[^]/gu

function translate(glob: string): string {
  const open: true[] = []
  return [...glob.matchAll(TOKEN)]
    .map(([token]) => {
      switch (token) {
        case '**':
          return '.*'
        case '*':
          return '[^./]*'
        case '?':
          return '[^./]'
        case '{':
          open.push(true)
          return '(?:'
        case '}':
          return open.pop() === undefined ? '\\}' : ')'
        case ',':
          return open.length > 0 ? '|' : ','
        default:
          return token.length > 1 && token.startsWith('[') ? characters(token) : literal(token.replace(/^\\(?=.)/s, ''))
      }
    })
    .join('')
    .concat(')'.repeat(open.length))
}

const characters = (token: string) =>
  `[${token
    .slice(1, -1)
    .replace(/^!/, '^')
    .replace(/[\\[\]&|~]/g, '\\$&')}]`
const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
