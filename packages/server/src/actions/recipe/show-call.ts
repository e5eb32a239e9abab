import type { RenderedCall } from '../../core/delivery.ts'

/** A call as people may read it: secrets by their names, a body laid out. */
export function showCall({
  method,
  url,
  headers,
  body,
  bodySecrets = [],
  secretHeaders,
  isSigned,
}: RenderedCall): string {
  const named = bodySecrets.reduceRight(
    (text, { at, name }) => `${text.slice(0, at)}\${secrets.${name}}${text.slice(at)}`,
    body ?? '',
  )
  const lines = [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...secretHeaders.map((name) => `${name}: (made of the secrets)`),
    ...(isSigned === true ? ['webhook-signature: (made of the secrets)'] : []),
  ]
  return body === null ? lines.join('\n') : `${lines.join('\n')}\n\n${laidOut(named, headers['content-type'] ?? '')}`
}

function laidOut(text: string, type: string): string {
  if (type.includes('x-www-form-urlencoded')) {
    return [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`).join('\n')
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
