import type { BodySecret } from './delivery.ts'

type Texts = {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
  readonly bodySecrets?: readonly BodySecret[]
}
type Filled = Pick<Texts, 'url' | 'headers' | 'body'>
type Secrets = { readonly [name: string]: string }

const NAMED = /\$\{secrets\.([A-Za-z_]\w*)\}/g

/** The address, headers and body of a call with the secrets in place of their names; null where one is not known (any more). */
export function fillSecrets({ url, headers, body, bodySecrets = [] }: Texts, secrets: Secrets): Filled | null {
  const names = [url, ...Object.values(headers)].flatMap((text) =>
    [...text.matchAll(NAMED)].map(([, name = '']) => name),
  )
  const all = [...names, ...bodySecrets.map(({ name }) => name)]
  if (all.length === 0) return { url, headers, body }
  if (all.some((name) => !Object.hasOwn(secrets, name))) return null
  const secretOf = (name: string) => secrets[name] ?? ''
  return {
    // At the very beginning the secret is the address itself; anywhere else it is a part of one.
    url: url.replace(NAMED, (_, name: string, at: number) =>
      at === 0 ? secretOf(name) : encodeURIComponent(secretOf(name)),
    ),
    headers: Object.fromEntries(
      Object.entries(headers).map(([header, text]) => [
        header,
        text.replace(NAMED, (_, name: string) => secretOf(name)),
      ]),
    ),
    body: body === null ? null : fillBody(body, bodySecrets, secretOf),
  }
}

/** From the end on, so that the places before stay where they are. */
const fillBody = (body: string, places: readonly BodySecret[], secretOf: (name: string) => string) =>
  places.reduceRight((text, { at, name, as }) => text.slice(0, at) + WRITE[as](secretOf(name)) + text.slice(at), body)

const WRITE: { readonly [As in BodySecret['as']]: (secret: string) => string } = {
  json: (secret) => JSON.stringify(secret).slice(1, -1),
  form: (secret) => encodeURIComponent(secret),
  text: (secret) => secret,
}
